//! What requests cost: Bedrock's list prices, and the arithmetic in integers.
//!
//! Prices are pico-dollars per token (a dollar per million tokens is 1,000,000), in which every
//! price is whole; a request is rounded once, to nano-dollars, half up.

use super::geography::Geography;
use super::model::Model;
use super::tokens::Tokens;

/// Pico-dollars per token, at the rate of global profiles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Prompt tokens outside the cache.
    pub input: u64,
    /// Generated tokens.
    pub output: u64,
    /// Tokens read from the cache.
    pub cache_read: u64,
    /// Tokens written to the cache for 5 minutes.
    pub cache_write_5m: u64,
    /// Tokens written to the cache for 1 hour.
    pub cache_write_1h: u64,
}

/// A model's prices.
#[derive(Debug, PartialEq, Eq)]
struct Price {
    id: &'static str,
    rates: Rates,
    /// Rates of the whole request where its prompt is longer than so many tokens.
    long: Option<(u64, Rates)>,
    /// Whether profiles other than global cost more: from Claude 4.5 on.
    regional: bool,
}

/// What a request cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Nano-dollars.
    pub nanos: i64,
    /// False where the model is unknown and the dearest prices were taken.
    pub priced: bool,
}

/// Rates from thousandths of a dollar per million tokens; an hour in the cache costs twice the input.
const fn rates(input: u64, output: u64, cache_read: u64, cache_write_5m: u64) -> Rates {
    Rates {
        input: input * 1000,
        output: output * 1000,
        cache_read: cache_read * 1000,
        cache_write_5m: cache_write_5m * 1000,
        cache_write_1h: input * 2000,
    }
}

const fn flat(id: &'static str, rates: Rates) -> Price {
    Price { id, rates, long: None, regional: true }
}

const fn early(id: &'static str, rates: Rates) -> Price {
    Price { id, rates, long: None, regional: false }
}

const SONNET: Rates = rates(3000, 15_000, 300, 3750);
const SONNET_LONG: Option<(u64, Rates)> = Some((200_000, rates(6000, 22_500, 600, 7500)));
const OPUS: Rates = rates(5000, 25_000, 500, 6250);
const FABLE: Rates = rates(10_000, 50_000, 1000, 12_500);
/// Opus 4's, which no other model exceeds in any class.
const DEAREST: Rates = rates(15_000, 75_000, 1500, 18_750);

const PRICES: &[Price] = &[
    early("claude-3-5-haiku-20241022", rates(800, 4000, 80, 1000)),
    early("claude-3-7-sonnet-20250219", SONNET),
    Price { long: SONNET_LONG, ..early("claude-sonnet-4-20250514", SONNET) },
    early("claude-opus-4-20250514", DEAREST),
    early("claude-opus-4-1-20250805", DEAREST),
    Price { long: SONNET_LONG, ..flat("claude-sonnet-4-5-20250929", SONNET) },
    flat("claude-haiku-4-5-20251001", rates(1000, 5000, 100, 1250)),
    flat("claude-opus-4-5-20251101", OPUS),
    flat("claude-opus-4-6", OPUS),
    flat("claude-sonnet-4-6", SONNET),
    flat("claude-opus-4-7", OPUS),
    flat("claude-opus-4-8", OPUS),
    flat("claude-opus-5", OPUS),
    flat("claude-sonnet-5", rates(2000, 10_000, 200, 2500)),
    flat("claude-fable-5", FABLE),
    flat("claude-fable-5-1", Rates { cache_read: 250_000, ..FABLE }),
    flat("claude-fable-5-2", rates(8000, 40_000, 200, 10_000)),
    flat("claude-opus-5-5", rates(4000, 20_000, 200, 5000)),
    flat("claude-sonnet-5-5", rates(2000, 10_000, 100, 2500)),
    Price {
        long: Some((100_000, rates(500, 2500, 50, 625))),
        ..flat("claude-haiku-5-5", rates(100, 500, 10, 125))
    },
];

/// The list price of a request that `profile` (id or ARN) served.
#[must_use]
pub fn cost_nanos(tokens: &Tokens, model: Option<&Model>, profile: &str) -> Cost {
    let price = model.and_then(|model| PRICES.iter().find(|price| price.id == model.id));
    let (rates, regional) =
        price.map_or((DEAREST, true), |price| (price.rates_for(tokens), price.regional));
    let percent: u128 = match Geography::of_profile(profile) {
        _ if !regional => 100,
        Some(Geography::Global) => 100,
        Some(Geography::UsGov) => 120,
        // Opaque ARNs and bare ids are billed in a region.
        _ => 110,
    };
    let picos: u128 = [
        (tokens.input, rates.input),
        (tokens.output, rates.output),
        (tokens.cache_read, rates.cache_read),
        (tokens.cache_write_5m, rates.cache_write_5m),
        (tokens.cache_write_1h, rates.cache_write_1h),
    ]
    .into_iter()
    .map(|(count, rate)| u128::from(count) * u128::from(rate))
    .sum();
    let nanos = (picos * percent + 50_000) / 100_000;
    Cost { nanos: i64::try_from(nanos).unwrap_or(i64::MAX), priced: price.is_some() }
}

impl Price {
    fn rates_for(&self, tokens: &Tokens) -> Rates {
        match self.long {
            Some((threshold, long)) if tokens.prompt() > threshold => long,
            _ => self.rates,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model::{all, find};

    fn nanos(id: &str, profile: &str, tokens: Tokens) -> i64 {
        let cost = cost_nanos(&tokens, Some(find(id).unwrap()), profile);
        assert!(cost.priced, "{id}");
        cost.nanos
    }

    fn million(id: &str, profile: &str) -> [i64; 5] {
        const M: u64 = 1_000_000;
        [
            Tokens { input: M, ..Tokens::default() },
            Tokens { output: M, ..Tokens::default() },
            Tokens { cache_read: M, ..Tokens::default() },
            Tokens { cache_write_5m: M, ..Tokens::default() },
            Tokens { cache_write_1h: M, ..Tokens::default() },
        ]
        .map(|tokens| nanos(id, profile, tokens) / 1000)
    }

    #[test]
    fn the_list_prices_come_out_in_micro_dollars() {
        for (id, profile, expected) in [
            ("claude-opus-5-5", "global.x", [4_000_000, 20_000_000, 200_000, 5_000_000, 8_000_000]),
            ("claude-opus-5-5", "us.x", [4_400_000, 22_000_000, 220_000, 5_500_000, 8_800_000]),
            ("claude-opus-5-5", "us-gov.x", [4_800_000, 24_000_000, 240_000, 6_000_000, 9_600_000]),
            (
                "claude-fable-5-1",
                "global.x",
                [10_000_000, 50_000_000, 250_000, 12_500_000, 20_000_000],
            ),
            ("claude-haiku-4-5", "eu.x", [1_100_000, 5_500_000, 110_000, 1_375_000, 2_200_000]),
            (
                "claude-3-5-haiku-20241022",
                "us.x",
                [800_000, 4_000_000, 80_000, 1_000_000, 1_600_000],
            ),
            // A million tokens is a long prompt for these two, except as output.
            (
                "claude-sonnet-4-5",
                "global.x",
                [6_000_000, 15_000_000, 600_000, 7_500_000, 12_000_000],
            ),
            ("claude-haiku-5-5", "jp.x", [550_000, 550_000, 55_000, 687_500, 1_100_000]),
        ] {
            assert_eq!(million(id, profile), expected, "{id} {profile}");
        }
    }

    #[test]
    fn every_model_has_a_price_and_every_price_a_model() {
        for model in all() {
            assert_eq!(
                PRICES.iter().filter(|price| price.id == model.id).count(),
                1,
                "{}",
                model.id
            );
        }
        assert_eq!(PRICES.len(), all().len());
    }

    #[test]
    fn a_long_prompt_counts_its_cached_tokens_and_starts_above_the_threshold() {
        let tokens = Tokens { input: 1, cache_read: 99_999, output: 1000, ..Tokens::default() };
        assert_eq!(nanos("claude-haiku-5-5", "global.x", tokens), 1_000_090 + 500_000);
        let tokens = Tokens { cache_write_1h: 1, ..tokens };
        assert_eq!(
            nanos("claude-haiku-5-5", "global.x", tokens),
            500 + 4_999_950 + 2_500_000 + 1000
        );
    }

    #[test]
    fn half_a_nano_is_rounded_up_once() {
        // 1 token at 0.1375 dollars per million: 137.5 nanos.
        let tokens = Tokens { cache_write_5m: 1, ..Tokens::default() };
        assert_eq!(nanos("claude-haiku-5-5", "us.x", tokens), 138);
    }

    #[test]
    fn an_unknown_model_costs_no_less_than_any() {
        let tokens =
            Tokens { input: 9, output: 9, cache_read: 9, cache_write_5m: 9, cache_write_1h: 9 };
        let unknown = cost_nanos(
            &tokens,
            None,
            "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
        );
        assert!(!unknown.priced);
        for model in all() {
            assert!(
                cost_nanos(&tokens, Some(model), "us.x").nanos <= unknown.nanos,
                "{}",
                model.id
            );
        }
        let huge = Tokens { input: u64::MAX, output: u64::MAX, ..Tokens::default() };
        assert_eq!(cost_nanos(&huge, None, "").nanos, i64::MAX);
    }
}
