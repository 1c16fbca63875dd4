//! `RUST_LOG`, `LOG_FORMAT`: what is logged, and how.

use tracing_subscriber::EnvFilter;

use super::environment::Environment;

/// What is logged, and how.
#[derive(Debug, Clone)]
pub struct TelemetryConfig {
    /// Which events are logged, in `tracing`'s filter syntax.
    pub filter: String,
    /// JSON, a line per event, instead of text.
    pub json: bool,
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
        Self { filter: filter.unwrap_or("info".to_owned()), json: json.unwrap_or(false) }
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
        EnvFilter::try_new(whole).unwrap_or_else(|_| EnvFilter::new("info"))
    }

    /// Starts logging to standard output. Only the first call of a process has an effect.
    pub fn start(&self) {
        let builder = tracing_subscriber::fmt().with_env_filter(self.filter());
        let _ = if self.json {
            builder.json().flatten_event(true).try_init()
        } else {
            builder.try_init()
        };
    }
}
