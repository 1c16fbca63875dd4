//! Sums over the usage records of this process, for the metrics. Labels are bounded: models of the
//! built-in table, and `other`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use crate::domain::model;
use crate::domain::tokens::Tokens;

/// The members of a journal line that are summed.
#[derive(Deserialize)]
struct Line {
    model: Option<String>,
    outcome: String,
    #[serde(flatten)]
    tokens: Tokens,
    cost_nanos: i64,
}

/// Sums of one model and outcome.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    /// Requests.
    pub requests: u64,
    /// Their tokens.
    pub tokens: Tokens,
    /// Their price, in billionths of a dollar.
    pub cost_nanos: i64,
}

/// What was written since the process started, by (model, outcome).
#[derive(Debug, Clone, Default)]
pub struct Totals(Arc<Mutex<BTreeMap<(&'static str, String), Sum>>>);

impl Totals {
    /// Adds the records of journal lines.
    pub fn add(&self, lines: &[String]) {
        let mut sums = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines.iter().filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
            let known = line.model.as_deref().and_then(model::find);
            let label = known.map_or("other", |model| model.id);
            let sum = sums.entry((label, line.outcome)).or_default();
            sum.requests += 1;
            sum.tokens.input += line.tokens.input;
            sum.tokens.output += line.tokens.output;
            sum.tokens.cache_read += line.tokens.cache_read;
            sum.tokens.cache_write_5m += line.tokens.cache_write_5m;
            sum.tokens.cache_write_1h += line.tokens.cache_write_1h;
            sum.cost_nanos = sum.cost_nanos.saturating_add(line.cost_nanos);
        }
    }

    /// The sums at this moment, by (model, outcome).
    #[must_use]
    pub fn read(&self) -> BTreeMap<(&'static str, String), Sum> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
