//! Prices and terms as callers see them, and the orders about them. Money is dollars here, per
//! million tokens as price lists have it; inside it is integers.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::control::error::ControlError;
use crate::domain::price::{self, LongPrompt, Rates, Terms};
use crate::storage::prices::{LastRefresh, StoredPrice, TermsRow};

/// Parts of a dollar that prices are whole in.
const STEP: f64 = 1e6;
/// Highest rate, in dollars per million tokens.
const HIGHEST: f64 = 1_000_000.0;

/// Dollars per million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRates {
    /// Prompt tokens outside the cache.
    #[schema(minimum = 0, maximum = 1000000)]
    pub input: f64,
    /// Generated tokens.
    #[schema(minimum = 0, maximum = 1000000)]
    pub output: f64,
    /// Tokens read from the cache.
    #[schema(minimum = 0, maximum = 1000000)]
    pub cache_read: f64,
    /// Tokens written to the cache for 5 minutes.
    #[schema(minimum = 0, maximum = 1000000)]
    pub cache_write_5m: f64,
    /// Tokens written to the cache for 1 hour.
    #[schema(minimum = 0, maximum = 1000000)]
    pub cache_write_1h: f64,
}

impl PriceRates {
    fn of(rates: Rates) -> Self {
        let dollars = |picos: u64| picos as f64 / STEP;
        Self {
            input: dollars(rates.input),
            output: dollars(rates.output),
            cache_read: dollars(rates.cache_read),
            cache_write_5m: dollars(rates.cache_write_5m),
            cache_write_1h: dollars(rates.cache_write_1h),
        }
    }

    fn rates(self) -> Result<Rates, ControlError> {
        Ok(Rates {
            input: millionths("rates.input", self.input, HIGHEST)?,
            output: millionths("rates.output", self.output, HIGHEST)?,
            cache_read: millionths("rates.cache_read", self.cache_read, HIGHEST)?,
            cache_write_5m: millionths("rates.cache_write_5m", self.cache_write_5m, HIGHEST)?,
            cache_write_1h: millionths("rates.cache_write_1h", self.cache_write_1h, HIGHEST)?,
        })
    }
}

/// A number as millionths, which it must be whole in.
fn millionths(field: &'static str, number: f64, highest: f64) -> Result<u64, ControlError> {
    let parts = (number * STEP).round();
    let fits = (0.0..=highest).contains(&number) && (number * STEP - parts).abs() < 1e-3;
    let takes = || format!("takes a number from 0 to {highest} with at most six decimals");
    if fits { Ok(parts as u64) } else { Err(ControlError::invalid(field, takes())) }
}

/// Rates of the whole request where its prompt is long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LongPromptRates {
    /// A prompt of more tokens than this is long; cached tokens count.
    #[schema(minimum = 1)]
    pub above: u64,
    /// What is charged then.
    pub rates: PriceRates,
}

/// The price of one model at one reach.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Price {
    /// The id; null for built-in ones.
    pub id: Option<Uuid>,
    /// Bedrock's id of the foundation model.
    pub model: String,
    /// Where it applies: `global`, `geo` (a geography or one region) or `us-gov`.
    pub reach: String,
    /// Where it comes from: `built_in`, `price_list` or an admin's `override`, which wins.
    pub source: String,
    /// Dollars per million tokens.
    pub rates: PriceRates,
    /// What is charged for long prompts, where that differs.
    pub long_prompt: Option<LongPromptRates>,
    /// Why an admin set it.
    pub reason: Option<String>,
    /// Who set it.
    pub changed_by: Option<String>,
    /// When it began to count; null for built-in ones.
    pub valid_from: Option<DateTime<Utc>>,
    /// When it ended; null while it counts.
    pub valid_until: Option<DateTime<Utc>>,
}

impl Price {
    pub(super) fn of(price: price::Price) -> Self {
        let long_prompt = price
            .long
            .map(|long| LongPromptRates { above: long.above, rates: PriceRates::of(long.rates) });
        Self {
            id: price.id,
            model: price.model,
            reach: price.reach.name().to_owned(),
            source: price.source.name().to_owned(),
            rates: PriceRates::of(price.rates),
            long_prompt,
            reason: None,
            changed_by: None,
            valid_from: None,
            valid_until: None,
        }
    }

    /// A stored price; `None` where a value is out of range.
    pub(super) fn stored(row: &StoredPrice) -> Option<Self> {
        Some(Self {
            reason: row.reason.clone(),
            changed_by: row.changed_by.clone(),
            valid_from: Some(row.valid_from),
            valid_until: row.valid_until,
            ..Self::of(row.price()?)
        })
    }
}

/// How far a profile reaches, as far as prices depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum PriceReach {
    /// Any commercial region.
    #[serde(rename = "global")]
    Global,
    /// A geography, or one region.
    #[serde(rename = "geo")]
    Geo,
    /// AWS GovCloud.
    #[serde(rename = "us-gov")]
    GovCloud,
}

impl PriceReach {
    fn reach(self) -> price::Reach {
        match self {
            Self::Global => price::Reach::Global,
            Self::Geo => price::Reach::Geo,
            Self::GovCloud => price::Reach::GovCloud,
        }
    }
}

/// The order to set a price above the list's.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverridePrice {
    /// A model's id or alias, a Bedrock id with or without a geography, or the ARN of a profile.
    #[schema(min_length = 1, max_length = 2048)]
    pub model: String,
    /// Where it applies. A model that has a price at one reach only is charged that everywhere.
    pub reach: PriceReach,
    /// Dollars per million tokens.
    pub rates: PriceRates,
    /// What is charged for long prompts, where that differs.
    pub long_prompt: Option<LongPromptRates>,
    /// Why.
    #[schema(min_length = 1, max_length = 100)]
    pub reason: String,
}

impl OverridePrice {
    /// The price that is ordered, of the model of this base id.
    pub(super) fn price(&self, model: String) -> Result<price::Price, ControlError> {
        let long = self.long_prompt.map(|long| match long.above {
            0 => Err(ControlError::invalid("long_prompt.above", "takes at least 1")),
            above => Ok(LongPrompt { above, rates: long.rates.rates()? }),
        });
        Ok(price::Price {
            id: None,
            model,
            reach: self.reach.reach(),
            source: price::Source::Override,
            rates: self.rates.rates()?,
            long: long.transpose()?,
        })
    }
}

/// What the company's contract says about all prices.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct PriceTerms {
    /// All prices of tokens times this: 0.85 is 15 % off.
    pub multiplier: f64,
    /// What one search of the web costs, in dollars.
    pub web_search: f64,
    /// Why they were set; null while none ever were.
    pub reason: Option<String>,
    /// Who set them.
    pub changed_by: Option<String>,
    /// When they began to count; they end where the next begin.
    pub valid_from: Option<DateTime<Utc>>,
}

impl PriceTerms {
    /// The terms of a row, or those that count while there is none.
    pub(super) fn of(row: Option<&TermsRow>) -> Self {
        let terms = row.map_or_else(Terms::default, TermsRow::terms);
        Self {
            multiplier: terms.multiplier_ppm as f64 / STEP,
            web_search: terms.web_search_nanos as f64 / 1e9,
            reason: row.map(|row| row.reason.clone()),
            changed_by: row.and_then(|row| row.changed_by.clone()),
            valid_from: row.map(|row| row.valid_from),
        }
    }
}

/// The order to set terms.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetTerms {
    /// All prices of tokens times this: 0.85 is 15 % off.
    #[schema(minimum = 0, maximum = 100)]
    pub multiplier: f64,
    /// What one search of the web costs, in dollars.
    #[schema(minimum = 0, maximum = 1000)]
    pub web_search: f64,
    /// Why.
    #[schema(min_length = 1, max_length = 100)]
    pub reason: String,
}

impl SetTerms {
    pub(super) fn terms(&self) -> Result<Terms, ControlError> {
        Ok(Terms {
            multiplier_ppm: millionths("multiplier", self.multiplier, 100.0)?,
            web_search_nanos: millionths("web_search", self.web_search, 1000.0)? * 1000,
        })
    }
}

/// The last refresh from the AWS Price List.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PriceRefresh {
    /// When it began; null where none ever did, or one is due at once.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended; null while it runs.
    pub ended_at: Option<DateTime<Utc>>,
    /// How many prices it changed.
    pub changed: Option<i32>,
    /// Why it failed.
    pub error: Option<String>,
}

impl PriceRefresh {
    pub(super) fn of(row: Option<LastRefresh>) -> Self {
        let Some(LastRefresh { started_at, ended_at, changed, error }) = row else {
            return Self { started_at: None, ended_at: None, changed: None, error: None };
        };
        let started_at = Some(started_at).filter(|at| *at > DateTime::UNIX_EPOCH);
        Self { started_at, ended_at, changed, error }
    }
}

/// A model that was charged a conservative price because it has none of its own.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UnpricedModel {
    /// The model as its usage names it.
    pub model: String,
    /// Requests so charged.
    pub requests: i64,
    /// The last day (UTC) on which there was one.
    pub last_at: DateTime<Utc>,
}

/// Which prices a list has.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PriceFilter {
    /// Those of this model: its id, alias, Bedrock id or ARN.
    #[param(max_length = 2048)]
    pub model: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_become_whole_millionths_or_are_refused() {
        for (number, parts) in [(0.0, 0), (0.000_001, 1), (3.75, 3_750_000), (0.1, 100_000)] {
            assert_eq!(millionths("rates.input", number, HIGHEST), Ok(parts));
        }
        for bad in [-1.0, 0.000_000_5, f64::NAN, f64::INFINITY, 1_000_000.1] {
            let refused = millionths("rates.input", bad, HIGHEST).unwrap_err();
            assert_eq!(refused.field(), Some("rates.input"), "{bad}");
        }
    }

    #[test]
    fn rates_come_back_as_they_were_given() {
        let given = PriceRates {
            input: 0.123_456,
            output: 999_999.999_999,
            cache_read: 0.3,
            cache_write_5m: 3.75,
            cache_write_1h: 6.0,
        };
        assert_eq!(PriceRates::of(given.rates().unwrap()), given);
    }
}
