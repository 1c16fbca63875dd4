//! `RUST_LOG`, `LOG_FORMAT`, `METRICS_TOKEN`, `METRICS_PORT`, `OTEL_*`: what is logged, who may read the metrics, and
//! what goes out by OTLP.

use std::sync::Arc;

use secrecy::SecretString;

use tracing_subscriber::EnvFilter;

use super::environment::Environment;
use super::otlp;
use crate::telemetry::json_line::{JsonFields, JsonLine};
use crate::telemetry::otlp::Settings;

/// Parts of the code that log what they are sent when they are asked to tell everything: they never tell
/// more than this, so that no prompt and no key comes into the log.
const QUIET: &[&str] = &["actix_web::types"];

/// What is logged, and what is told of metrics and traces.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// Which events are logged, in `tracing`'s filter syntax.
    pub filter: String,
    /// JSON, a line per event, instead of text.
    pub json: bool,
    /// A bearer token that may read the metrics and nothing else.
    pub metrics_token: Option<Arc<SecretString>>,
    /// A port of its own for the metrics, which then need no token there; 0 takes a free one.
    pub metrics_port: Option<u16>,
    /// What goes out by OTLP.
    pub otlp: Settings,
}

impl TelemetryConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let takes = "a level such as info, or a filter such as info,ccag=debug";
        let filter = environment.parsed("RUST_LOG", takes, |text| {
            EnvFilter::try_new(text).ok().map(|_| text.to_owned())
        });
        let json = environment.parsed("LOG_FORMAT", "text or json", |text| match text {
            "text" => Some(false),
            "json" => Some(true),
            _ => None,
        });
        let port =
            environment.parsed("METRICS_PORT", "a port from 0 to 65535", |text| text.parse().ok());
        Self {
            filter: filter.unwrap_or("info".to_owned()),
            json: json.unwrap_or(false),
            metrics_token: environment.secret("METRICS_TOKEN", 32).map(Arc::new),
            metrics_port: port,
            otlp: otlp::read(environment),
        }
    }

    /// The filter as configured. What strangers send makes the HTTP library log errors, and an operator
    /// can do nothing about those; they are seen by who asks for them.
    fn filter(&self) -> EnvFilter {
        let asked = &self.filter;
        let whole = if asked.contains("actix_http") {
            asked.clone()
        } else {
            format!("{asked},actix_http=off")
        };
        let filter = EnvFilter::try_new(whole).unwrap_or_else(|_| EnvFilter::new("info"));
        let quiet = QUIET.iter().filter_map(|target| format!("{target}=info").parse().ok());
        quiet.fold(filter, EnvFilter::add_directive)
    }

    /// Starts logging to standard output. Only the first call of a process has an effect.
    pub fn start(&self) {
        let builder = tracing_subscriber::fmt().with_env_filter(self.filter());
        let _ = if self.json {
            builder.fmt_fields(JsonFields).event_format(JsonLine).try_init()
        } else {
            builder.try_init()
        };
    }
}
