//! All prices of one moment: the built-in ones, and above them those of the AWS Price List and of
//! admins.

use std::collections::BTreeMap;

use super::builtin::{self, DEAREST};
use super::{Cost, Price, Reach, Source, Terms};
use crate::domain::geography::Geography;
use crate::domain::model::Model;
use crate::domain::tokens::Tokens;

const MILLION: u128 = 1_000_000;

/// The prices that count at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTable {
    prices: BTreeMap<String, BTreeMap<Reach, Price>>,
    terms: Terms,
}

impl Default for PriceTable {
    fn default() -> Self {
        Self::new(Vec::new(), Terms::default())
    }
}

impl PriceTable {
    /// The built-in prices with `stored` ones above them.
    #[must_use]
    pub fn new(stored: Vec<Price>, terms: Terms) -> Self {
        let mut table = Self { prices: BTreeMap::new(), terms };
        builtin::prices().chain(stored).for_each(|price| table.add(price));
        table
    }

    fn add(&mut self, price: Price) {
        let reaches = self.prices.entry(price.model.clone()).or_default();
        let known = reaches.get(&price.reach);
        if known.is_none_or(|known| known.source <= price.source) {
            reaches.insert(price.reach, price);
        }
    }

    /// The prices that count, by model and reach.
    pub fn iter(&self) -> impl Iterator<Item = &Price> {
        self.prices.values().flat_map(BTreeMap::values)
    }

    /// The terms that count.
    #[must_use]
    pub fn terms(&self) -> Terms {
        self.terms
    }

    /// The price of a model at a reach; where an admin knows the model only at another reach, that.
    #[must_use]
    pub fn find(&self, base: &str, reach: Reach) -> Option<&Price> {
        let reaches = self.prices.get(base)?;
        reaches.get(&reach).or_else(|| {
            reaches.values().filter(|p| p.source == Source::Override).max_by_key(|p| p.rates.output)
        })
    }

    /// What a request cost that `profile` (id or ARN) served.
    #[must_use]
    pub fn cost(
        &self,
        tokens: &Tokens,
        web_searches: u32,
        model: Option<&Model>,
        profile: &str,
    ) -> Cost {
        let base = model.map_or_else(|| base(profile), |model| model.base);
        let price = self.find(base, Reach::of_profile(profile));
        let rates = price.map_or(DEAREST, |price| price.rates_for(tokens));
        let multiplier = u128::from(self.terms.multiplier_ppm);
        // Pico-dollars times millionths.
        let charged = |picos: u128| (picos * multiplier + 500 * MILLION) / (1000 * MILLION);
        let read = u128::from(tokens.cache_read);
        let saved = read * u128::from(rates.input.saturating_sub(rates.cache_read));
        let searches = u128::from(web_searches) * u128::from(self.terms.web_search_nanos);
        let nanos = |nanos: u128| i64::try_from(nanos).unwrap_or(i64::MAX);
        Cost {
            nanos: nanos(charged(rates.picos(tokens)).saturating_add(searches)),
            cache_saved_nanos: nanos(charged(saved)),
            priced: price.is_some(),
            price_id: price.and_then(|price| price.id),
        }
    }
}

/// The id that a model is priced by: the base id in a profile id or ARN.
#[must_use]
pub fn base(profile: &str) -> &str {
    let id = profile.rsplit('/').next().unwrap_or(profile);
    Geography::split(id).map_or(id, |(_, base)| base)
}
