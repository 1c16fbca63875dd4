//! Declared metrics as a collector of a Prometheus registry: their values are read when it is scraped.

use std::collections::HashMap;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::metric::Metric;

/// A way to read the values of some declared metrics.
pub struct Declared<F> {
    descs: Vec<Desc>,
    read: F,
}

impl<F: Fn() -> Vec<MetricFamily> + Send + Sync> Declared<F> {
    /// A collector of `metrics`, whose values `read` gives.
    ///
    /// # Errors
    /// Where a name or a help cannot be one.
    pub fn new(metrics: &[&'static Metric], read: F) -> prometheus::Result<Self> {
        let descs = metrics.iter().map(|metric| {
            let labels = metric.labels.iter().map(|label| label.name.to_owned()).collect();
            Desc::new(metric.name.to_owned(), metric.help().to_owned(), labels, HashMap::new())
        });
        Ok(Self { descs: descs.collect::<prometheus::Result<_>>()?, read })
    }
}

impl<F: Fn() -> Vec<MetricFamily> + Send + Sync> Collector for Declared<F> {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        (self.read)()
    }
}
