//! What requests cost, in integers.
//!
//! Rates are pico-dollars per token (a dollar per million tokens is 1,000,000), in which every
//! price is whole; a request is rounded once, to nano-dollars, half up.

mod builtin;
pub mod list;
mod table;
mod terms;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use table::{PriceTable, base};
pub use terms::Terms;

use super::geography::Geography;
use super::tokens::Tokens;

/// Pico-dollars per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

impl Rates {
    /// These rates times `percent` / 100.
    #[must_use]
    const fn percent(self, percent: u64) -> Self {
        Self {
            input: self.input * percent / 100,
            output: self.output * percent / 100,
            cache_read: self.cache_read * percent / 100,
            cache_write_5m: self.cache_write_5m * percent / 100,
            cache_write_1h: self.cache_write_1h * percent / 100,
        }
    }

    /// The price of these tokens, in pico-dollars.
    fn picos(&self, tokens: &Tokens) -> u128 {
        [
            (tokens.input, self.input),
            (tokens.output, self.output),
            (tokens.cache_read, self.cache_read),
            (tokens.cache_write_5m, self.cache_write_5m),
            (tokens.cache_write_1h, self.cache_write_1h),
        ]
        .into_iter()
        .map(|(count, rate)| u128::from(count) * u128::from(rate))
        .sum()
    }
}

/// Rates of the whole request where its prompt is long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongPrompt {
    /// A prompt of more tokens than this is long; cached tokens count.
    pub above: u64,
    /// What is charged then.
    pub rates: Rates,
}

/// How far a profile reaches, as far as prices depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reach {
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

impl Reach {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Global, Self::Geo, Self::GovCloud];

    /// The reach of a profile id or ARN; opaque ARNs and bare ids are billed in a region.
    #[must_use]
    pub fn of_profile(profile: &str) -> Self {
        match Geography::of_profile(profile) {
            Some(Geography::Global) => Self::Global,
            Some(Geography::UsGov) => Self::GovCloud,
            _ => Self::Geo,
        }
    }

    /// The word that the API and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Geo => "geo",
            Self::GovCloud => "us-gov",
        }
    }

    /// The reach of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reach| reach.name() == name)
    }
}

/// Where a price comes from; a later one stands above an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The gateway's own table.
    BuiltIn,
    /// The AWS Price List.
    PriceList,
    /// An admin.
    Override,
}

impl Source {
    /// The word that the API and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BuiltIn => "built_in",
            Self::PriceList => "price_list",
            Self::Override => "override",
        }
    }

    /// The source of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::BuiltIn, Self::PriceList, Self::Override].into_iter().find(|s| s.name() == name)
    }
}

/// The price of one model at one reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// The row it stands in; none for built-in ones.
    pub id: Option<Uuid>,
    /// Bedrock's id of the foundation model.
    pub model: String,
    /// Where it applies.
    pub reach: Reach,
    /// Where it comes from.
    pub source: Source,
    /// What is charged.
    #[serde(flatten)]
    pub rates: Rates,
    /// What is charged for long prompts, where that differs.
    pub long: Option<LongPrompt>,
}

impl Price {
    fn rates_for(&self, tokens: &Tokens) -> Rates {
        match self.long {
            Some(long) if tokens.prompt() > long.above => long.rates,
            _ => self.rates,
        }
    }
}

/// What a request cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Nano-dollars.
    pub nanos: i64,
    /// What reading from the cache saved against the price of plain input, in nano-dollars.
    pub cache_saved_nanos: i64,
    /// False where the model has no price and the dearest was taken.
    pub priced: bool,
    /// The row of the price; none for built-in ones.
    pub price_id: Option<Uuid>,
}
