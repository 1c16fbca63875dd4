//! OpenMetrics 1.0 text, which Prometheus prefers; the `prometheus` crate writes its older format only.

use std::fmt::Write as _;

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

/// The content type.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes the families as OpenMetrics text.
#[must_use]
pub fn text(families: &[MetricFamily]) -> String {
    let mut out = String::with_capacity(64 * 1024);
    for family in families {
        write(&mut out, family);
    }
    out.push_str("# EOF\n");
    out
}

fn write(out: &mut String, family: &MetricFamily) {
    let kind = family.get_field_type();
    // A counter's family is named without the suffix of its samples.
    let name = match kind {
        MetricType::COUNTER => family.name().strip_suffix("_total").unwrap_or(family.name()),
        _ => family.name(),
    };
    let word = match kind {
        MetricType::COUNTER => "counter",
        MetricType::GAUGE => "gauge",
        MetricType::HISTOGRAM => "histogram",
        MetricType::SUMMARY => "summary",
        MetricType::UNTYPED => "unknown",
    };
    let _ = writeln!(out, "# TYPE {name} {word}");
    out.push_str("# HELP ");
    out.push_str(name);
    out.push(' ');
    escape(out, family.help());
    out.push('\n');
    for metric in family.get_metric() {
        match kind {
            MetricType::COUNTER => {
                sample(out, (name, "_total"), metric, None, metric.get_counter().get_value());
            }
            MetricType::GAUGE => {
                sample(out, (name, ""), metric, None, metric.get_gauge().get_value());
            }
            MetricType::HISTOGRAM => histogram(out, name, metric),
            MetricType::SUMMARY | MetricType::UNTYPED => {}
        }
    }
}

fn histogram(out: &mut String, name: &str, metric: &Metric) {
    let histogram = metric.get_histogram();
    for bucket in histogram.get_bucket() {
        let bound = Some(bucket.upper_bound()).filter(|bound| bound.is_finite());
        if let Some(bound) = bound {
            let count = bucket.cumulative_count() as f64;
            sample(out, (name, "_bucket"), metric, Some(&canonical(bound)), count);
        }
    }
    let count = histogram.get_sample_count() as f64;
    sample(out, (name, "_bucket"), metric, Some("+Inf"), count);
    sample(out, (name, "_count"), metric, None, count);
    sample(out, (name, "_sum"), metric, None, histogram.get_sample_sum());
}

fn sample(
    out: &mut String,
    (name, suffix): (&str, &str),
    metric: &Metric,
    bound: Option<&str>,
    value: f64,
) {
    out.push_str(name);
    out.push_str(suffix);
    let mut before = '{';
    let mut pair = |out: &mut String, name: &str, value: &str| {
        out.push(before);
        before = ',';
        out.push_str(name);
        out.push_str("=\"");
        escape(out, value);
        out.push('"');
    };
    metric.get_label().iter().for_each(|label: &LabelPair| pair(out, label.name(), label.value()));
    if let Some(bound) = bound {
        pair(out, "le", bound);
    }
    if before == ',' {
        out.push('}');
    }
    let _ = writeln!(out, " {value}");
}

/// A bucket's bound always has a point or an exponent in it.
fn canonical(bound: f64) -> String {
    format!("{bound:?}")
}

fn escape(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::Family;
    use crate::telemetry::histogram::{Histogram, LONG};
    use crate::telemetry::metric::{Kind, Label};

    crate::telemetry::metric::metrics! {
        /// Things, "quoted".
        THINGS: "ccag_things_total", Kind::Counter, [Label::ENDPOINT];
        /// Times.
        TIMES: "ccag_times_seconds", Kind::Histogram(&[0.5, 1.0]), [];
    }

    #[test]
    fn families_are_written_as_the_specification_has_them() {
        let mut things = Family::new(&THINGS);
        things.add(&["a\"b\\c\nd"], 3.0);
        let times = Histogram::new(&[0.5, 1.0]);
        times.observe(std::time::Duration::from_millis(700));
        let mut family = Family::new(&TIMES);
        family.add_times(&[], &times.read());
        let text = text(&[things.done(), family.done()]);
        let expected = "# TYPE ccag_things counter\n# HELP ccag_things Things, \\\"quoted\\\".\n\
             ccag_things_total{endpoint=\"a\\\"b\\\\c\\nd\"} 3\n# TYPE ccag_times_seconds histogram\n\
             # HELP ccag_times_seconds Times.\nccag_times_seconds_bucket{le=\"0.5\"} 0\n\
             ccag_times_seconds_bucket{le=\"1.0\"} 1\nccag_times_seconds_bucket{le=\"+Inf\"} 1\n\
             ccag_times_seconds_count 1\nccag_times_seconds_sum 0.7\n# EOF\n";
        assert_eq!(text, expected);
        assert_eq!(ALL.len(), 2);
        assert!(LONG.is_sorted());
    }
}
