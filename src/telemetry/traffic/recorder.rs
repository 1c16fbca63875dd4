//! A worker's way to its cells, and the place where all workers' cells are known.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus::Registry;

use super::collect::{Names, collect};
use super::places::{Attempt, Reason, Route, Scope};
use super::shard::{Count, Shard};
use super::{ALL, STOPS};
use crate::domain::error::ErrorKind;
use crate::domain::model;
use crate::domain::translation::ADJUSTMENTS;
use crate::domain::usage::{Outcome, UsageRecord};
use crate::telemetry::label::{MAX_ENDPOINTS, OTHER};
use crate::telemetry::{Declared, Grid};

/// The counts of all workers.
#[derive(Clone)]
pub struct Traffic(Arc<Shared>);

struct Shared {
    models: Vec<&'static str>,
    endpoints: Mutex<Vec<String>>,
    shards: Mutex<Vec<Arc<Shard>>>,
}

impl Default for Traffic {
    fn default() -> Self {
        Self::of_models(model::all().iter().map(|model| model.id))
    }
}

impl Traffic {
    /// Counts with a place for each of these models, and one for all others.
    pub fn of_models(models: impl Iterator<Item = &'static str>) -> Self {
        let models = models.chain([OTHER]).collect();
        Self(Arc::new(Shared { models, endpoints: Mutex::default(), shards: Mutex::default() }))
    }

    /// Cells for one more worker.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        let shard = Arc::new(Shard::new(self.0.models.len()));
        lock(&self.0.shards).push(Arc::clone(&shard));
        Recorder { shard, shared: Arc::clone(&self.0), endpoints: RefCell::default() }
    }

    /// Registers the metrics.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        let shared = Arc::clone(&self.0);
        let read = move || {
            let shards = lock(&shared.shards).clone();
            let endpoints = lock(&shared.endpoints).clone();
            collect(&shards, &Names { models: &shared.models, endpoints: &endpoints })
        };
        registry.register(Box::new(Declared::new(ALL, read)?))
    }
}

impl Shared {
    /// The place of an endpoint's name, which gets one while there are any.
    fn endpoint(&self, name: &str) -> usize {
        let mut endpoints = lock(&self.endpoints);
        if let Some(place) = endpoints.iter().position(|known| known == name) {
            return place;
        }
        if endpoints.len() >= MAX_ENDPOINTS {
            return MAX_ENDPOINTS;
        }
        endpoints.push(name.to_owned());
        endpoints.len() - 1
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A request that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'r> {
    /// By which route it came.
    pub route: Route,
    /// Its record.
    pub record: &'r UsageRecord,
    /// From its head to the end of its answer.
    pub took: Duration,
    /// The part of that which was waited for Bedrock or the client.
    pub waited: Duration,
    /// Whether it had cache breakpoints.
    pub caches: bool,
}

/// The cells of one worker; it stays on the worker's thread.
pub struct Recorder {
    shard: Arc<Shard>,
    shared: Arc<Shared>,
    /// The places of the endpoints that this thread has met.
    endpoints: RefCell<Vec<(String, usize)>>,
}

impl Recorder {
    /// Counts a request that has ended.
    pub fn finished(&self, finished: &Finished<'_>) {
        let Finished { route, record, took, waited, caches } = *finished;
        let shard = &*self.shard;
        let (model, streaming) = (self.model(record), usize::from(record.streaming));
        let outcome = record.outcome.place();
        add(&shard.requests, [route.place(), model, streaming, outcome], 1);
        if let Some(kind) = record.error_type {
            add(&shard.errors, [place(ErrorKind::WIRE_TYPES, kind)], 1);
        }
        observe(&shard.duration, [model, streaming], took);
        observe(&shard.overhead, [], took.saturating_sub(waited));
        if let Some(millis) = record.first_token_ms.and_then(|millis| u64::try_from(millis).ok()) {
            observe(&shard.first_token, [model], Duration::from_millis(millis));
        }
        if let Some(endpoint) = &record.endpoint {
            add(&shard.served, [self.endpoint(endpoint), outcome], 1);
            self.used(record, model, caches);
        }
    }

    /// Counts what a request has used that reached an endpoint.
    fn used(&self, record: &UsageRecord, model: usize, caches: bool) {
        let (shard, tokens) = (&*self.shard, &record.tokens);
        let classes = [
            tokens.input,
            tokens.output,
            tokens.cache_read,
            tokens.cache_write_5m,
            tokens.cache_write_1h,
        ];
        for (class, count) in classes.into_iter().enumerate() {
            add(&shard.tokens, [model, class], count);
        }
        add(&shard.web_searches, [model], u64::from(record.web_searches));
        add(&shard.cost_nanos, [model], u64::try_from(record.cost_nanos).unwrap_or(0));
        add(&shard.saved_nanos, [model], u64::try_from(record.cache_saved_nanos).unwrap_or(0));
        add(&shard.unpriced, [], u64::from(!record.priced));
        if caches && record.outcome == Outcome::Completed {
            let written = tokens.cache_write_5m + tokens.cache_write_1h > 0;
            let result = if tokens.cache_read > 0 { 0 } else { 2 - usize::from(written) };
            add(&shard.cached, [model, result], 1);
        }
        if let Some(reason) = record.stop_reason.as_deref() {
            add(&shard.stopped, [place(&STOPS, reason)], 1);
        }
    }

    /// Counts the silence between two reads of a stream.
    pub fn gap(&self, silence: Duration) {
        observe(&self.shard.gap, [], silence);
    }

    /// Counts what was changed in a request.
    pub fn adjusted(&self, names: &[&str]) {
        for name in names {
            add(&self.shard.adjusted, [place(ADJUSTMENTS, name)], 1);
        }
    }

    /// Counts a request with deferred tools.
    pub fn deferred_tools(&self, were_kept: bool) {
        add(&self.shard.deferred, [usize::from(!were_kept)], 1);
    }

    /// Counts a request that a limit or budget refused.
    pub fn refused(&self, scope: Scope, reason: Reason) {
        add(&self.shard.refused, [scope.place(), reason.place()], 1);
    }

    /// Counts a call of Bedrock, and the time until its answer's head.
    pub fn attempt(&self, endpoint: &str, attempt: Attempt, took: Duration) {
        let endpoint = self.endpoint(endpoint);
        add(&self.shard.attempts, [endpoint, attempt.place()], 1);
        observe(&self.shard.head, [endpoint], took);
    }

    fn model(&self, record: &UsageRecord) -> usize {
        let id = record.model_id.or_else(|| Some(model::find(record.model.as_deref()?)?.id));
        let models = &self.shared.models;
        let place = id.and_then(|id| models.iter().position(|known| *known == id));
        place.unwrap_or(models.len() - 1)
    }

    fn endpoint(&self, name: &str) -> usize {
        // Also called while a panic unwinds, so it must not panic itself.
        let Ok(mut met) = self.endpoints.try_borrow_mut() else {
            return self.shared.endpoint(name);
        };
        if let Some((_, place)) = met.iter().find(|(known, _)| known == name) {
            return *place;
        }
        let place = self.shared.endpoint(name);
        if place < MAX_ENDPOINTS {
            met.push((name.to_owned(), place));
        }
        place
    }
}

fn add<const N: usize>(grid: &Grid<Count, N>, place: [usize; N], more: u64) {
    if let Some(count) = grid.at(place) {
        count.add(more);
    }
}

fn observe<const N: usize>(
    grid: &Grid<crate::telemetry::Histogram, N>,
    place: [usize; N],
    time: Duration,
) {
    if let Some(histogram) = grid.at(place) {
        histogram.observe(time);
    }
}

/// The place of a value in a closed set whose last one stands for all others.
fn place(values: &[&str], value: &str) -> usize {
    values.iter().position(|known| *known == value).unwrap_or(values.len() - 1)
}
