//! What the middleware of `actix-web-prom` counts of every HTTP request, declared in its own words.

use actix_web_prom::{
    ActixMetricsConfiguration, LabelsConfiguration, PrometheusMetrics, PrometheusMetricsBuilder,
};
use prometheus::Registry;

use crate::telemetry::histogram::LONG;
use crate::telemetry::label::OTHER;
use crate::telemetry::metric::{Kind, Label, Values};

const ROUTE: Label = Label { name: "route", values: Values::Routes };
const METHOD: Label =
    Label::of("method", &["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
const STATUS: Label = Label { name: "status", values: Values::Statuses };

crate::telemetry::metric::metrics! {
    /// Total number of HTTP requests
    REQUESTS: "ccag_http_requests_total", Kind::Counter, [ROUTE, METHOD, STATUS];
    /// HTTP request duration in seconds for all requests
    DURATION: "ccag_http_requests_duration_seconds", Kind::Histogram(LONG), [ROUTE, METHOD, STATUS];
}

/// The middleware, which counts into `registry`.
///
/// # Errors
/// Where it counts there already.
pub fn middleware(
    registry: &Registry,
) -> Result<PrometheusMetrics, Box<dyn std::error::Error + Send + Sync>> {
    let labels = LabelsConfiguration::default().endpoint(ROUTE.name);
    PrometheusMetricsBuilder::new("ccag")
        .registry(registry.clone())
        .buckets(LONG)
        .metrics_configuration(ActixMetricsConfiguration::default().labels(labels))
        .mask_unmatched_patterns(OTHER)
        .build()
}
