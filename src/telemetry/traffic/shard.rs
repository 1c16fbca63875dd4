//! The cells of one worker.

use std::sync::atomic::{AtomicU64, Ordering};

use super::places::{Attempt, Reason, Route, Scope};
use super::{CACHE, CLASSES, DEFERRED_TOOLS, LONG, SHORT, STOPS, STREAMING};
use crate::domain::error::ErrorKind;
use crate::domain::translation::ADJUSTMENTS;
use crate::domain::usage::Outcome;
use crate::telemetry::label::MAX_ENDPOINTS;
use crate::telemetry::{Grid, Histogram};

/// A count that anybody may read.
#[derive(Debug, Default)]
pub struct Count(AtomicU64);

impl Count {
    /// Counts `more`.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counts of one worker; the dimensions are those of the declarations.
#[derive(Debug)]
pub struct Shard {
    pub requests: Grid<Count, 4>,
    pub errors: Grid<Count, 1>,
    pub duration: Grid<Histogram, 2>,
    pub first_token: Grid<Histogram, 1>,
    pub gap: Grid<Histogram, 0>,
    pub overhead: Grid<Histogram, 0>,
    pub tokens: Grid<Count, 2>,
    pub web_searches: Grid<Count, 1>,
    pub cost_nanos: Grid<Count, 1>,
    pub saved_nanos: Grid<Count, 1>,
    pub unpriced: Grid<Count, 0>,
    pub cached: Grid<Count, 2>,
    pub stopped: Grid<Count, 1>,
    pub adjusted: Grid<Count, 1>,
    pub deferred: Grid<Count, 1>,
    pub refused: Grid<Count, 2>,
    pub attempts: Grid<Count, 2>,
    pub head: Grid<Histogram, 1>,
    pub served: Grid<Count, 2>,
}

impl Shard {
    /// Cells for so many models, `other` included.
    pub fn new(models: usize) -> Self {
        let long = || Histogram::new(LONG);
        let (endpoints, outcomes) = (MAX_ENDPOINTS + 1, Outcome::NAMES.len());
        Self {
            requests: count([Route::NAMES.len(), models, STREAMING.len(), outcomes]),
            errors: count([ErrorKind::WIRE_TYPES.len()]),
            duration: Grid::new([models, STREAMING.len()], long),
            first_token: Grid::new([models], long),
            gap: Grid::new([], long),
            overhead: Grid::new([], || Histogram::new(SHORT)),
            tokens: count([models, CLASSES.len()]),
            web_searches: count([models]),
            cost_nanos: count([models]),
            saved_nanos: count([models]),
            unpriced: count([]),
            cached: count([models, CACHE.len()]),
            stopped: count([STOPS.len()]),
            adjusted: count([ADJUSTMENTS.len()]),
            deferred: count([DEFERRED_TOOLS.len()]),
            refused: count([Scope::NAMES.len(), Reason::NAMES.len()]),
            attempts: count([endpoints, Attempt::NAMES.len()]),
            head: Grid::new([endpoints], long),
            served: count([endpoints, outcomes]),
        }
    }
}

fn count<const N: usize>(sizes: [usize; N]) -> Grid<Count, N> {
    Grid::new(sizes, Count::default)
}
