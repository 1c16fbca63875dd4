//! What became of exports: as metrics, and in the log when it changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use prometheus::Registry;
use prometheus::proto::MetricFamily;

use super::Failure;
use crate::telemetry::metric::{Kind, Label};
use crate::telemetry::{Declared, Family};

const SIGNALS: [&str; 2] = ["traces", "metrics"];
const RESULTS: [&str; 2] = ["ok", "failed"];

crate::telemetry::metric::metrics! {
    /// Exports to an OTLP collector, by signal; failed ones after all their tries.
    EXPORTS: "ccag_otlp_exports_total", Kind::Counter, [Label::of("signal", &SIGNALS), Label::of("result", &RESULTS)];
}

/// What is exported.
#[derive(Debug, Clone, Copy)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
}

/// What became of the exports so far; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Exports(Arc<[Outcome; 2]>);

#[derive(Debug, Default)]
struct Outcome {
    ok: AtomicU64,
    failed: AtomicU64,
    failing: AtomicBool,
}

impl Exports {
    /// Registers the metrics.
    ///
    /// # Errors
    /// Where they are registered already.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        let exports = self.clone();
        registry.register(Box::new(Declared::new(ALL, move || vec![exports.read()])?))
    }

    fn read(&self) -> MetricFamily {
        let mut family = Family::new(&EXPORTS);
        for (signal, outcome) in SIGNALS.iter().zip(self.0.iter()) {
            let counts = [&outcome.ok, &outcome.failed];
            for (result, count) in RESULTS.iter().zip(counts) {
                family.add(&[signal, result], count.load(Ordering::Relaxed) as f64);
            }
        }
        family.done()
    }

    /// Notes what became of an export; true where it was taken.
    pub(super) fn note(&self, signal: Signal, sent: Result<(), Failure>) -> bool {
        let Some(outcome) = self.0.get(signal as usize) else { return sent.is_ok() };
        let word = SIGNALS.get(signal as usize);
        let count = if sent.is_ok() { &outcome.ok } else { &outcome.failed };
        count.fetch_add(1, Ordering::Relaxed);
        let was_failing = outcome.failing.swap(sent.is_err(), Ordering::Relaxed);
        match &sent {
            Ok(()) if was_failing => tracing::info!(signal = word, "The OTLP collector is back."),
            Err(failure) if !was_failing => tracing::warn!(
                signal = word,
                reason = failure.reason,
                "The OTLP collector takes nothing; what is exported is lost until it is back."
            ),
            _ => {}
        }
        sent.is_ok()
    }
}
