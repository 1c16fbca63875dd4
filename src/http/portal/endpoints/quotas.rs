//! What an account may ask of models, as a table.

use askama::Template;

use crate::control::endpoints::ModelQuota;
use crate::http::portal::figures::model_name;
use crate::http::portal::words;

/// A table of quotas; nothing where there are none.
#[derive(Template)]
#[template(path = "quotas.html")]
pub(super) struct Quotas {
    name: &'static str,
    rows: Vec<Quota>,
}

impl Quotas {
    /// The table of this name.
    pub(super) fn new(name: &'static str, quotas: Vec<ModelQuota>) -> Self {
        Self { name, rows: quotas.into_iter().map(Quota::of).collect() }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// What may be asked of a model.
struct Quota {
    model: String,
    reach: &'static str,
    requests: String,
    tokens: String,
    daily: String,
}

impl Quota {
    fn of(quota: ModelQuota) -> Self {
        let some = |value: Option<u64>| value.map_or_else(|| "–".to_owned(), words::count);
        let suffix = if quota.long_context { " (1M context)" } else { "" };
        Self {
            model: format!("{}{suffix}", model_name(&quota.model)),
            reach: match quota.reach {
                "global" => "the global profile",
                "cross_region" => "the geography's profile",
                _ => "the model's own id",
            },
            requests: some(quota.requests_per_minute),
            tokens: some(quota.tokens_per_minute),
            daily: some(quota.tokens_per_day),
        }
    }
}
