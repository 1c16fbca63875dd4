//! The cells of all workers, added up and named.

use std::sync::Arc;

use prometheus::proto::MetricFamily;

use super::shard::{Count, Shard};
use crate::telemetry::histogram::{Counted, Histogram};
use crate::telemetry::label::{OTHER, Values};
use crate::telemetry::metric::Metric;
use crate::telemetry::{Family, Grid};

/// Series up to which a metric shows those too that have counted nothing yet.
const SHOWN: usize = 64;

/// The values of the labels that are not closed in the code.
pub struct Names<'n> {
    pub models: &'n [&'static str],
    pub endpoints: &'n [String],
}

impl Names<'_> {
    /// The names of a place; `None` where it has none yet.
    fn of<'s, const N: usize>(
        &'s self,
        metric: &Metric,
        place: [usize; N],
    ) -> Option<[&'s str; N]> {
        let mut names = [OTHER; N];
        for ((name, label), at) in names.iter_mut().zip(metric.labels).zip(place) {
            *name = match label.values {
                Values::Of(values) => values.get(at).copied()?,
                Values::Models => self.models.get(at).copied()?,
                Values::Endpoints => self.endpoints.get(at).map_or(OTHER, String::as_str),
                _ => return None,
            };
        }
        Some(names)
    }
}

/// The values of all metrics of the traffic.
pub fn collect(shards: &[Arc<Shard>], names: &Names<'_>) -> Vec<MetricFamily> {
    let counts = Counts { shards, names };
    vec![
        counts.of(&super::REQUESTS, 1.0, |shard| &shard.requests),
        counts.of(&super::ERRORS, 1.0, |shard| &shard.errors),
        counts.times(&super::DURATION, |shard| &shard.duration),
        counts.times(&super::FIRST_TOKEN, |shard| &shard.first_token),
        counts.times(&super::GAP, |shard| &shard.gap),
        counts.times(&super::OVERHEAD, |shard| &shard.overhead),
        counts.of(&super::TOKENS, 1.0, |shard| &shard.tokens),
        counts.of(&super::WEB_SEARCHES, 1.0, |shard| &shard.web_searches),
        counts.of(&super::COST, 1e-9, |shard| &shard.cost_nanos),
        counts.of(&super::SAVED, 1e-9, |shard| &shard.saved_nanos),
        counts.of(&super::UNPRICED, 1.0, |shard| &shard.unpriced),
        counts.of(&super::CACHED, 1.0, |shard| &shard.cached),
        counts.of(&super::STOPPED, 1.0, |shard| &shard.stopped),
        counts.of(&super::ADJUSTED, 1.0, |shard| &shard.adjusted),
        counts.of(&super::DEFERRED, 1.0, |shard| &shard.deferred),
        counts.of(&super::REFUSED, 1.0, |shard| &shard.refused),
        counts.of(&super::ATTEMPTS, 1.0, |shard| &shard.attempts),
        counts.times(&super::HEAD, |shard| &shard.head),
        counts.of(&super::SERVED, 1.0, |shard| &shard.served),
    ]
}

struct Counts<'c> {
    shards: &'c [Arc<Shard>],
    names: &'c Names<'c>,
}

impl Counts<'_> {
    /// A counter; the cells count in units of `unit`.
    fn of<const N: usize>(
        &self,
        metric: &'static Metric,
        unit: f64,
        grid: impl for<'s> Fn(&'s Shard) -> &'s Grid<Count, N>,
    ) -> MetricFamily {
        let mut family = Family::new(metric);
        let Some(first) = self.shards.first() else { return family.done() };
        let shows_all = grid(first).iter().nth(SHOWN).is_none();
        for (place, _) in grid(first).iter() {
            let cells = self.shards.iter().filter_map(|shard| grid(shard).at(place));
            let sum: u64 = cells.map(Count::read).sum();
            if let Some(names) = self.names.of(metric, place).filter(|_| shows_all || sum > 0) {
                family.add(&names, sum as f64 * unit);
            }
        }
        family.done()
    }

    /// A histogram; series without a time are left out, but for one that stands alone.
    fn times<const N: usize>(
        &self,
        metric: &'static Metric,
        grid: impl for<'s> Fn(&'s Shard) -> &'s Grid<Histogram, N>,
    ) -> MetricFamily {
        let mut family = Family::new(metric);
        let Some(first) = self.shards.first() else { return family.done() };
        for (place, histogram) in grid(first).iter() {
            let mut counted = Counted::new(histogram.bounds());
            let cells = self.shards.iter().filter_map(|shard| grid(shard).at(place));
            cells.for_each(|cell| counted.add(cell));
            let shown = N == 0 || counted.total() > 0;
            if let Some(names) = self.names.of(metric, place).filter(|_| shown) {
                family.add_times(&names, &counted);
            }
        }
        family.done()
    }
}
