//! Prometheus' families as OTLP's metrics, with the same names, labels and buckets, so that both ways
//! tell the same.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, Metric, NumberDataPoint,
    ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use prometheus::proto::{self, MetricFamily, MetricType};

/// The time over which values are cumulative, in nanoseconds since 1970.
#[derive(Clone, Copy)]
struct Span {
    began: u64,
    now: u64,
}

/// The request that exports `families`, cumulative since `began`.
pub fn request(
    families: &[MetricFamily],
    resource: &ResourceAttributesWithSchema,
    began: SystemTime,
    now: SystemTime,
) -> ExportMetricsServiceRequest {
    let span = Span { began: nanos(began), now: nanos(now) };
    let metrics = families.iter().filter_map(|family| metric(family, span)).collect();
    let scope = InstrumentationScope {
        name: "ccag".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    };
    let scope_metrics = ScopeMetrics { scope: Some(scope), metrics, ..ScopeMetrics::default() };
    let attributes = resource.attributes.0.clone();
    let resource_metrics = ResourceMetrics {
        resource: Some(Resource { attributes, ..Resource::default() }),
        scope_metrics: vec![scope_metrics],
        ..ResourceMetrics::default()
    };
    ExportMetricsServiceRequest { resource_metrics: vec![resource_metrics] }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn metric(family: &MetricFamily, span: Span) -> Option<Metric> {
    let series = family.get_metric();
    let cumulative = AggregationTemporality::Cumulative.into();
    let data = match family.get_field_type() {
        MetricType::COUNTER => Data::Sum(Sum {
            data_points: series
                .iter()
                .map(|s| number(s, s.get_counter().get_value(), span))
                .collect(),
            aggregation_temporality: cumulative,
            is_monotonic: true,
        }),
        MetricType::GAUGE => Data::Gauge(Gauge {
            data_points: series
                .iter()
                .map(|s| number(s, s.get_gauge().get_value(), span))
                .collect(),
        }),
        MetricType::HISTOGRAM => Data::Histogram(Histogram {
            data_points: series.iter().map(|series| times(series, span)).collect(),
            aggregation_temporality: cumulative,
        }),
        MetricType::SUMMARY | MetricType::UNTYPED => return None,
    };
    let unit = match family.name().trim_end_matches("_total") {
        name if name.ends_with("_seconds") => "s",
        name if name.ends_with("_bytes") => "By",
        name if name.ends_with("_dollars") => "{dollar}",
        _ => "",
    };
    Some(Metric {
        name: family.name().to_owned(),
        description: family.help().to_owned(),
        unit: unit.to_owned(),
        data: Some(data),
        ..Metric::default()
    })
}

fn number(series: &proto::Metric, value: f64, span: Span) -> NumberDataPoint {
    NumberDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: span.began,
        time_unix_nano: span.now,
        value: Some(Number::AsDouble(value)),
        ..NumberDataPoint::default()
    }
}

fn times(series: &proto::Metric, span: Span) -> HistogramDataPoint {
    let histogram = series.get_histogram();
    let finite = histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
    let (mut bounds, mut counts, mut below) = (Vec::new(), Vec::new(), 0);
    for bucket in finite {
        bounds.push(bucket.upper_bound());
        counts.push(bucket.cumulative_count().saturating_sub(below));
        below = bucket.cumulative_count();
    }
    counts.push(histogram.get_sample_count().saturating_sub(below));
    HistogramDataPoint {
        attributes: attributes(series),
        start_time_unix_nano: span.began,
        time_unix_nano: span.now,
        count: histogram.get_sample_count(),
        sum: Some(histogram.get_sample_sum()),
        bucket_counts: counts,
        explicit_bounds: bounds,
        ..HistogramDataPoint::default()
    }
}

fn attributes(series: &proto::Metric) -> Vec<KeyValue> {
    let pairs = series.get_label().iter().map(|label| KeyValue {
        key: label.name().to_owned(),
        value: Some(AnyValue { value: Some(Value::StringValue(label.value().to_owned())) }),
        ..KeyValue::default()
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::telemetry::metric::{Kind, Label};
    use crate::telemetry::{Family, Histogram as Cells};

    crate::telemetry::metric::metrics! {
        /// Times.
        TIMES: "ccag_times_seconds", Kind::Histogram(&[0.5, 1.0]), [];
        /// Things.
        THINGS: "ccag_things_total", Kind::Counter, [Label::ENDPOINT];
    }

    #[test]
    fn both_ways_tell_the_same() {
        let cells = Cells::new(&[0.5, 1.0]);
        for millis in [200, 700, 800, 3000] {
            cells.observe(Duration::from_millis(millis));
        }
        let (mut times, mut things) = (Family::new(&TIMES), Family::new(&THINGS));
        times.add_times(&[], &cells.read());
        things.add(&["a"], 3.0);
        let resource = opentelemetry_sdk::Resource::builder_empty().build();
        let resource = ResourceAttributesWithSchema::from(&resource);
        let families = [times.done(), things.done()];
        let request =
            request(&families, &resource, UNIX_EPOCH, UNIX_EPOCH + Duration::from_nanos(7));
        let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
        let Some(Data::Histogram(histogram)) = &metrics[0].data else { panic!("{metrics:?}") };
        let point = &histogram.data_points[0];
        assert_eq!((point.bucket_counts.as_slice(), point.count), (&[1, 2, 1][..], 4));
        assert_eq!((point.explicit_bounds.as_slice(), point.sum), (&[0.5, 1.0][..], Some(4.7)));
        assert_eq!((metrics[0].unit.as_str(), point.time_unix_nano), ("s", 7));
        let Some(Data::Sum(sum)) = &metrics[1].data else { panic!("{metrics:?}") };
        assert!(sum.is_monotonic);
        assert_eq!(sum.data_points[0].value, Some(Number::AsDouble(3.0)));
        assert_eq!(sum.data_points[0].attributes[0].key, "endpoint");
        assert_eq!(ALL.len(), 2);
    }
}
