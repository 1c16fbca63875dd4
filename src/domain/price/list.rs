//! The AWS Price List of the service `AmazonBedrockFoundationModels`: which of its entries is the
//! price of which token class of which Claude.
//!
//! Usage types are matched word by word, since the names of cache classes end like the plain ones:
//! `USE1-MP:USE1_CacheReadInputTokenCount_Global-Units`, and from Claude 4.7 on
//! `USE1-MP:USE1_cache_read_tokens_global_standard-Units`. Prices are dollars per million.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use super::{LongPrompt, Price, Rates, Reach, Source};
use crate::domain::model;

/// The end of every service name.
const EDITION: &str = " (Amazon Bedrock Edition)";
/// A rate above this is a mistake of the list: 1,000 dollars per million tokens.
const HIGHEST: u64 = 1_000_000_000;
/// Where a model's long prompts begin, unless the built-in table says otherwise.
const LONG_ABOVE: u64 = 200_000;

/// A price file, as far as it is read.
#[derive(Debug, Deserialize)]
pub struct Offer {
    products: HashMap<String, Product>,
    terms: OfferTerms,
}

#[derive(Debug, Deserialize)]
struct Product {
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
struct Attributes {
    #[serde(default)]
    servicename: String,
    #[serde(default)]
    usagetype: String,
}

#[derive(Debug, Deserialize)]
struct OfferTerms {
    #[serde(rename = "OnDemand", default)]
    on_demand: HashMap<String, HashMap<String, OnDemand>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OnDemand {
    #[serde(default)]
    price_dimensions: HashMap<String, PriceDimension>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceDimension {
    #[serde(default)]
    price_per_unit: HashMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Input,
    Output,
    CacheRead,
    CacheWrite5m,
    CacheWrite1h,
}

/// What a usage type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Usage {
    class: Class,
    global: bool,
    long: bool,
}

type Classes = BTreeMap<Class, u64>;

impl Offer {
    /// The prices of the models that the gateway knows, for the region whose file this is: at
    /// global profiles, and at those of the region's geography (`regional`).
    #[must_use]
    pub fn prices(&self, regional: Reach) -> Vec<Price> {
        let mut found: BTreeMap<(&'static str, Reach), [Classes; 2]> = BTreeMap::new();
        for (sku, product) in &self.products {
            let Attributes { servicename, usagetype } = &product.attributes;
            let name = servicename.strip_suffix(EDITION).unwrap_or_default();
            let known = model::all().iter().find(|model| model.display_name == name);
            let (Some(model), Some(usage), Some(rate)) =
                (known, Usage::parse(usagetype), self.rate(sku))
            else {
                continue;
            };
            let reach = if usage.global { Reach::Global } else { regional };
            let [plain, long] = found.entry((model.base, reach)).or_default();
            let classes = if usage.long { long } else { plain };
            classes.insert(usage.class, rate);
        }
        found.into_iter().filter_map(|(key, classes)| price(key, &classes)).collect()
    }

    /// The one price of a product, in pico-dollars per token.
    fn rate(&self, sku: &str) -> Option<u64> {
        let dimensions =
            self.terms.on_demand.get(sku)?.values().flat_map(|t| t.price_dimensions.values());
        let mut rates = dimensions.filter_map(|d| picos(d.price_per_unit.get("USD")?));
        let rate = rates.next().filter(|rate| (1..=HIGHEST).contains(rate))?;
        rates.next().is_none().then_some(rate)
    }
}

/// A price, where all its classes are there.
fn price((base, reach): (&str, Reach), [plain, long]: &[Classes; 2]) -> Option<Price> {
    let builtin = super::builtin::prices().find(|p| p.model == base && p.reach == reach);
    let known = builtin.as_ref().and_then(|price| price.long);
    let above = known.map_or(LONG_ABOVE, |long| long.above);
    Some(Price {
        id: None,
        model: base.to_owned(),
        reach,
        source: Source::PriceList,
        rates: rates(plain)?,
        // A model whose long prompts are known to cost more keeps that where the list is silent.
        long: rates(long).map(|rates| LongPrompt { above, rates }).or(known),
    })
}

fn rates(classes: &Classes) -> Option<Rates> {
    let rate = |class| classes.get(&class).copied();
    let input = rate(Class::Input)?;
    Some(Rates {
        input,
        output: rate(Class::Output)?,
        cache_read: rate(Class::CacheRead)?,
        cache_write_5m: rate(Class::CacheWrite5m)?,
        cache_write_1h: rate(Class::CacheWrite1h).unwrap_or(input * 2),
    })
}

impl Usage {
    fn parse(usage_type: &str) -> Option<Self> {
        let (_, name) = usage_type.split_once(':')?;
        let (_, name) = name.strip_suffix("-Units")?.split_once('_')?;
        Self::newer(name).or_else(|| Self::older(name))
    }

    /// `InputTokenCount`, with `_Global` and `_LCtx` behind it.
    fn older(name: &str) -> Option<Self> {
        let mut words = name.split('_');
        let class = match words.next()? {
            "InputTokenCount" => Class::Input,
            "OutputTokenCount" => Class::Output,
            "CacheReadInputTokenCount" => Class::CacheRead,
            "CacheWriteInputTokenCount" => Class::CacheWrite5m,
            "CacheWrite1hInputTokenCount" => Class::CacheWrite1h,
            _ => return None,
        };
        let mut usage = Self { class, global: false, long: false };
        for word in words {
            match word {
                "Global" => usage.global = true,
                "LCtx" => usage.long = true,
                _ => return None,
            }
        }
        Some(usage)
    }

    /// `input_tokens_standard`, with `_global` and `_lctx` before its end.
    fn newer(name: &str) -> Option<Self> {
        let name = name.strip_suffix("_standard")?;
        let (name, long) = name.strip_suffix("_lctx").map_or((name, false), |name| (name, true));
        let (name, global) = name.strip_suffix("_global").map_or((name, false), |n| (n, true));
        let class = match name {
            "input_tokens" => Class::Input,
            "output_tokens" => Class::Output,
            "cache_read_tokens" => Class::CacheRead,
            "cache_write_tokens" => Class::CacheWrite5m,
            "cache_write_tokens_1h" => Class::CacheWrite1h,
            _ => return None,
        };
        Some(Self { class, global, long })
    }
}

/// A decimal of dollars per million tokens as pico-dollars per token; `None` where it is not whole.
fn picos(dollars: &str) -> Option<u64> {
    let (whole, fraction) = dollars.split_once('.').unwrap_or((dollars, ""));
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > 6 || whole.is_empty() {
        return None;
    }
    let whole: u64 = whole.parse().ok()?;
    let fraction: u64 = format!("{fraction:0<6}").parse().ok()?;
    whole.checked_mul(1_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn offer(entries: &[(&str, &str, &str)]) -> Offer {
        let (mut products, mut terms) = (json!({}), json!({}));
        for (number, (service, usage, dollars)) in entries.iter().enumerate() {
            let sku = format!("SKU{number}");
            products[&sku] =
                json!({"sku": sku, "attributes": {"servicename": service, "usagetype": usage}});
            terms[&sku] = json!({format!("{sku}.X"): {"priceDimensions": {
                format!("{sku}.X.Y"): {"unit": "Units", "pricePerUnit": {"USD": dollars}}}}});
        }
        let offer: Value = json!({"products": products, "terms": {"OnDemand": terms}});
        serde_json::from_value(offer).unwrap()
    }

    const SONNET: &str = "Claude Sonnet 4.6 (Amazon Bedrock Edition)";
    const OPUS: &str = "Claude Opus 5.5 (Amazon Bedrock Edition)";

    #[test]
    fn both_ways_of_naming_are_read_and_batch_and_strangers_are_not() {
        let offer = offer(&[
            (SONNET, "USE1-MP:USE1_InputTokenCount-Units", "3.3000000000"),
            (SONNET, "USE1-MP:USE1_OutputTokenCount-Units", "16.5"),
            (SONNET, "USE1-MP:USE1_CacheReadInputTokenCount-Units", "0.33"),
            (SONNET, "USE1-MP:USE1_CacheWriteInputTokenCount-Units", "4.125"),
            (SONNET, "USE1-MP:USE1_CacheWrite1hInputTokenCount-Units", "6.6"),
            (SONNET, "USE1-MP:USE1_InputTokenCount_Batch-Units", "1.65"),
            (SONNET, "USE1-MP:USE1_InputTokenCount_Global-Units", "3"),
            (OPUS, "USE1-MP:USE1_input_tokens_global_standard-Units", "4"),
            (OPUS, "USE1-MP:USE1_output_tokens_global_standard-Units", "20"),
            (OPUS, "USE1-MP:USE1_cache_read_tokens_global_standard-Units", "0.2"),
            (OPUS, "USE1-MP:USE1_cache_write_tokens_global_standard-Units", "5"),
            (OPUS, "USE1-MP:USE1_cache_write_tokens_1h_global_standard-Units", "8"),
            (OPUS, "USE1-MP:USE1_input_tokens_global_batch-Units", "2"),
            ("Nova Pro", "USE1-InputTokenCount-Units", "9"),
        ]);
        let prices = offer.prices(Reach::Geo);
        let found: Vec<_> = prices.iter().map(|p| (p.model.as_str(), p.reach, p.rates)).collect();
        let rates = |input, output, cache_read, cache_write_5m, cache_write_1h| Rates {
            input,
            output,
            cache_read,
            cache_write_5m,
            cache_write_1h,
        };
        // Sonnet's global price lacks three classes, so the built-in one stays.
        assert_eq!(
            found,
            [
                (
                    "anthropic.claude-opus-5-5",
                    Reach::Global,
                    rates(4_000_000, 20_000_000, 200_000, 5_000_000, 8_000_000)
                ),
                (
                    "anthropic.claude-sonnet-4-6",
                    Reach::Geo,
                    rates(3_300_000, 16_500_000, 330_000, 4_125_000, 6_600_000)
                ),
            ]
        );
    }

    #[test]
    fn prices_are_read_without_rounding_or_not_at_all() {
        for (text, expected) in [
            ("3.0000000000", Some(3_000_000)),
            ("0.0125", Some(12_500)),
            ("0.1375000", Some(137_500)),
            ("0.00000001", None),
            ("-1", None),
            ("1e3", None),
            ("", None),
        ] {
            assert_eq!(picos(text), expected, "{text}");
        }
    }
}
