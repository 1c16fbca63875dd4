//! The configuration: environment variables, read once at the start.

use std::sync::Arc;

use secrecy::SecretString;

mod database;
mod environment;
mod identity;
mod notifications;
mod otlp;
mod pricing;
mod server;
mod telemetry;
mod tls;
mod upstream;

pub use database::{DatabaseConfig, DatabaseLogin};
use environment::Environment;
pub use identity::IdentityConfig;
pub use notifications::NotificationsConfig;
pub use pricing::PricingConfig;
pub use server::ServerConfig;
pub use telemetry::TelemetryConfig;
pub use tls::{TlsCertificate, TlsConfig};
pub use upstream::UpstreamConfig;

/// The whole configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// The listener and its bounds.
    pub server: ServerConfig,
    /// Where the database is.
    pub database: DatabaseConfig,
    /// The AWS side.
    pub upstream: UpstreamConfig,
    /// Where prices come from.
    pub pricing: PricingConfig,
    /// Where notifications go.
    pub notifications: NotificationsConfig,
    /// Who is there from the start.
    pub identity: IdentityConfig,
    /// What is logged, and how.
    pub telemetry: TelemetryConfig,
    /// Set by `ccag demo` only: the password of the made-up member who can sign in.
    pub demo: Option<Arc<SecretString>>,
}

impl Config {
    /// Reads the configuration of this process.
    ///
    /// # Errors
    /// Everything that is wrong, a sentence each: the variable, what it got, what it takes.
    pub fn from_env() -> Result<Self, Vec<String>> {
        Self::read(&|name| std::env::var_os(name).map(|text| text.to_string_lossy().into_owned()))
    }

    /// Reads a configuration in which `read` looks variables up.
    ///
    /// # Errors
    /// As [`Config::from_env`].
    pub fn read(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut environment = Environment::new(read);
        let config = Self {
            server: ServerConfig::read(&mut environment),
            database: DatabaseConfig::read(&mut environment),
            upstream: UpstreamConfig::read(&mut environment),
            pricing: PricingConfig::read(&mut environment),
            notifications: NotificationsConfig::read(&mut environment),
            identity: IdentityConfig::read(&mut environment),
            telemetry: TelemetryConfig::read(&mut environment),
            demo: None,
        };
        let problems = environment.into_problems();
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        Config::read(&|name| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_a_configuration() {
        let config = read(&[]).unwrap();
        assert_eq!((config.server.host.is_loopback(), config.server.port), (true, 8080));
        assert!(config.database.server.is_none());
    }

    #[test]
    fn every_problem_is_named_at_once() {
        let problems = read(&[
            ("PROXY_HOST", "localhost"),
            ("PROXY_PORT", "70000"),
            ("LOG_FORMAT", "xml"),
            ("DATABASE_URL", "mysql://u:hunter2@h/d"),
            ("ADMIN_API_KEY", "short"),
            ("AWS_REGION", "us east"),
            ("UPSTREAM_IDLE_TIMEOUT_MS", "0"),
            ("AWS_ENDPOINT_URL", "localhost:9100"),
        ])
        .unwrap_err();
        for (name, got) in [
            ("PROXY_HOST", "\"localhost\""),
            ("PROXY_PORT", "\"70000\""),
            ("LOG_FORMAT", "text or json"),
            ("DATABASE_URL", "postgres://"),
            ("ADMIN_API_KEY", "at least 32"),
            ("AWS_REGION", "us-east-1"),
            ("UPSTREAM_IDLE_TIMEOUT_MS", "\"0\""),
            ("AWS_ENDPOINT_URL", "http://"),
        ] {
            let named = problems.iter().any(|p| p.starts_with(name) && p.contains(got));
            assert!(named, "{name} in {problems:#?}");
        }
        assert_eq!(problems.len(), 8);
        assert!(!problems.concat().contains("hunter2"), "a secret is shown");
    }

    #[test]
    fn database_parts_make_a_target() {
        let parts =
            [("DATABASE_HOST", "db"), ("DATABASE_NAME", "ccag"), ("DB_PASSWORD", "hunter2")];
        let config = read(&parts).unwrap();
        assert_eq!(config.database.server.as_ref().unwrap().get_dbname(), Some("ccag"));
        assert!(!format!("{config:?}").contains("hunter2"));
        assert!(read(&[("DB_PASSWORD", "x")]).unwrap_err()[0].contains("DATABASE_HOST"));
    }
}
