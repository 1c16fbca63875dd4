//! `GET /metrics`: all metrics in the text form that the scraper prefers.

use actix_web::http::header::{ACCEPT, HeaderMap};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use prometheus::{Registry, TextEncoder};

use crate::actors::{Gateway, metrics as actors};
use crate::domain::error::{ApiError, ErrorKind};
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::metrics as http;
use crate::http::server::Edge;
use crate::telemetry::catalogue::Section;
use crate::telemetry::{openmetrics, otlp, process, traffic};

const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPENMETRICS: &str = "application/openmetrics-text";

/// All metrics that are declared, by room.
pub const DECLARED: &[Section] = &[
    ("Requests for answers", traffic::ALL),
    ("The gateway's own state", actors::ALL),
    ("HTTP", http::ALL),
    ("Export", otlp::ALL),
    ("Process", process::ALL),
    ("Build", process::build::ALL),
];

/// A registry of all of them, but those of HTTP, which register themselves.
///
/// # Errors
/// Where a declaration cannot be one.
pub fn registry(gateway: &Gateway) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    process::register(&registry)?;
    actors::register(&registry, gateway)?;
    Ok(registry)
}

/// Serves the metrics to whoever has the metrics token or the admin key.
///
/// # Errors
/// Where both are missing.
pub async fn metrics(request: HttpRequest, edge: Data<Edge>) -> Result<HttpResponse, Refusal> {
    auth::scraper(request.headers(), edge.metrics_token.as_deref(), edge.admin_key.as_deref())?;
    render(&edge.registry, request.headers())
}

/// Serves the metrics on a port of their own, where no token is asked for.
///
/// # Errors
/// Where they cannot be written.
pub async fn apart(
    request: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    render(&registry, request.headers())
}

fn render(registry: &Registry, headers: &HeaderMap) -> Result<HttpResponse, Refusal> {
    let families = registry.gather();
    if prefers_openmetrics(headers) {
        let text = openmetrics::text(&families);
        return Ok(HttpResponse::Ok().content_type(openmetrics::CONTENT_TYPE).body(text));
    }
    let failed = |error: prometheus::Error| ApiError::new(ErrorKind::Api, error.to_string());
    let text = TextEncoder::new().encode_to_string(&families).map_err(failed)?;
    Ok(HttpResponse::Ok().content_type(PROMETHEUS).body(text))
}

/// Whether `Accept` gives OpenMetrics at least the weight of Prometheus' own text.
fn prefers_openmetrics(headers: &HeaderMap) -> bool {
    let accept = headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let (mut open, mut plain) = (0.0_f32, 0.0_f32);
    for range in accept.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        match kind {
            OPENMETRICS => open = open.max(weight),
            "text/plain" | "text/*" => plain = plain.max(weight),
            _ => {}
        }
    }
    open > 0.0 && open >= plain
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[test]
    fn openmetrics_goes_to_those_who_prefer_it() {
        for (accept, wanted) in [
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                true,
            ),
            ("application/openmetrics-text", true),
            ("text/plain, application/openmetrics-text;q=0.5", false),
            ("application/openmetrics-text;q=0", false),
            ("*/*", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(prefers_openmetrics(&headers), wanted, "{accept}");
        }
        assert!(!prefers_openmetrics(&HeaderMap::new()));
    }
}
