//! Times in buckets. Adding is two additions to memory of the thread's own; nothing is locked.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// From a millisecond to a quarter of an hour, as the times of language models need; in seconds.
pub const LONG: &[f64] = &[
    0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    900.0,
];
/// From 50 µs to 10 s, as the gateway's own work needs; in seconds.
pub const SHORT: &[f64] = &[
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5,
    10.0,
];

/// Times, counted by the bucket they fall into.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [f64],
    counts: Box<[AtomicU64]>,
    nanos: AtomicU64,
}

/// What histograms of the same bounds have counted together.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Upper bounds of all buckets but the last, in seconds.
    pub bounds: &'static [f64],
    /// Counts of each bucket for itself; one more than there are bounds.
    pub counts: Vec<u64>,
    /// The sum of all times, in seconds.
    pub sum: f64,
}

impl Histogram {
    /// An empty histogram with these upper bounds, in seconds.
    #[must_use]
    pub fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, nanos: AtomicU64::new(0) }
    }

    /// Upper bounds of all buckets but the last, in seconds.
    #[must_use]
    pub fn bounds(&self) -> &'static [f64] {
        self.bounds
    }

    /// Counts a time.
    pub fn observe(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// What was counted so far.
    #[must_use]
    pub fn read(&self) -> Counted {
        let mut counted = Counted::new(self.bounds);
        counted.add(self);
        counted
    }
}

impl Counted {
    /// Nothing yet.
    #[must_use]
    pub fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0 }
    }

    /// Adds what `histogram` has counted.
    pub fn add(&mut self, histogram: &Histogram) {
        for (sum, count) in self.counts.iter_mut().zip(&histogram.counts) {
            *sum += count.load(Ordering::Relaxed);
        }
        self.sum += histogram.nanos.load(Ordering::Relaxed) as f64 / 1e9;
    }

    /// How many times were counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_falls_into_the_first_bucket_whose_bound_it_does_not_pass() {
        let histogram = Histogram::new(&[0.1, 1.0]);
        for millis in [100, 101, 1000, 1001, 7000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let counted = histogram.read();
        assert_eq!((counted.counts.as_slice(), counted.total()), (&[1, 2, 2][..], 5));
        assert!((counted.sum - 9.202).abs() < 1e-9);
    }
}
