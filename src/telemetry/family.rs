//! The values of one declared metric at the moment of a scrape.

use prometheus::proto::{self, LabelPair, MetricFamily, MetricType};

use super::histogram::Counted;
use super::metric::{Kind, Metric};

/// A metric's values as they come together.
pub struct Family {
    metric: &'static Metric,
    series: Vec<proto::Metric>,
}

impl Family {
    /// No values yet.
    #[must_use]
    pub fn new(metric: &'static Metric) -> Self {
        Self { metric, series: Vec::new() }
    }

    /// A metric without labels.
    #[must_use]
    pub fn single(metric: &'static Metric, value: f64) -> MetricFamily {
        let mut family = Self::new(metric);
        family.add(&[], value);
        family.done()
    }

    /// Adds the value of one series; `labels` stand in the order of the declaration.
    pub fn add(&mut self, labels: &[&str], value: f64) {
        let mut series = self.labelled(labels);
        if self.metric.kind == Kind::Counter {
            let mut counter = proto::Counter::default();
            counter.set_value(value);
            series.set_counter(counter);
        } else {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            series.set_gauge(gauge);
        }
        self.series.push(series);
    }

    /// Adds one series of a histogram.
    pub fn add_times(&mut self, labels: &[&str], counted: &Counted) {
        let mut series = self.labelled(labels);
        let mut histogram = proto::Histogram::default();
        let mut sum = 0;
        let buckets = counted.bounds.iter().zip(&counted.counts).map(|(bound, count)| {
            sum += count;
            let mut bucket = proto::Bucket::default();
            bucket.set_upper_bound(*bound);
            bucket.set_cumulative_count(sum);
            bucket
        });
        histogram.set_bucket(buckets.collect());
        histogram.set_sample_count(counted.total());
        histogram.set_sample_sum(counted.sum);
        series.set_histogram(histogram);
        self.series.push(series);
    }

    fn labelled(&self, values: &[&str]) -> proto::Metric {
        debug_assert_eq!(values.len(), self.metric.labels.len(), "{}", self.metric.name);
        let pairs = self.metric.labels.iter().zip(values).map(|(label, value)| {
            debug_assert!(label.values.take(value), "{}: {value:?}", self.metric.name);
            let mut pair = LabelPair::default();
            pair.set_name(label.name.to_owned());
            pair.set_value((*value).to_owned());
            pair
        });
        proto::Metric::from_label(pairs.collect())
    }

    /// The family, as the registry takes it.
    #[must_use]
    pub fn done(self) -> MetricFamily {
        let mut family = MetricFamily::default();
        family.set_name(self.metric.name.to_owned());
        family.set_help(self.metric.help().to_owned());
        family.set_field_type(match self.metric.kind {
            Kind::Counter => MetricType::COUNTER,
            Kind::Gauge => MetricType::GAUGE,
            Kind::Histogram(_) => MetricType::HISTOGRAM,
        });
        family.set_metric(self.series);
        family
    }
}
