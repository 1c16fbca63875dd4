//! The declaration of a metric: its name, kind, help, and labels with the values they may have. The
//! registry, `docs/metrics.md` and the tests of dashboard and alert rules all follow from it.

pub use super::label::{Label, Values};

/// A metric as it is declared.
#[derive(Debug)]
pub struct Metric {
    /// The name, with the suffix of its kind and unit.
    pub name: &'static str,
    /// What kind of metric it is.
    pub kind: Kind,
    /// What it counts or shows, in a sentence.
    help: &'static str,
    /// Its labels, in the order in which values are given.
    pub labels: &'static [Label],
}

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Only ever grows; the name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Seconds in buckets with these upper bounds.
    Histogram(&'static [f64]),
}

impl Metric {
    pub(crate) const fn new(
        name: &'static str,
        kind: Kind,
        help: &'static str,
        labels: &'static [Label],
    ) -> Self {
        Self { name, kind, help, labels }
    }

    /// What it counts or shows, in a sentence.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.help.trim()
    }
}

/// Declares metrics: the doc comment is the help; `ALL` has them all, in their order.
macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $id:ident: $name:literal, $kind:expr, [$($label:expr),*];)*) => {
        $($(#[doc = $help])+ pub static $id: $crate::telemetry::metric::Metric =
            $crate::telemetry::metric::Metric::new($name, $kind, concat!($($help),+), &[$($label),*]);)*
        /// All metrics that are declared here.
        pub static ALL: &[&$crate::telemetry::metric::Metric] = &[$(&$id),*];
    };
}
pub(crate) use metrics;
