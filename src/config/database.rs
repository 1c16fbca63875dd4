//! `DATABASE_URL`, or `DATABASE_HOST` with its companions, or nothing: then the gateway runs a
//! PostgreSQL of its own.

use std::path::PathBuf;

use super::environment::Environment;
use crate::storage::embedded::default_data_dir;

/// Connections of the pool.
const CONNECTIONS: u64 = 8;

/// Where the database is.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// How to connect; `None` means the embedded PostgreSQL.
    pub server: Option<tokio_postgres::Config>,
    /// Connections of the pool.
    pub connections: usize,
    /// The embedded PostgreSQL's and the usage journal's directory.
    pub data_dir: PathBuf,
}

impl DatabaseConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let connections = environment.number("DATABASE_CONNECTIONS", 2..=200, CONNECTIONS);
        Self {
            server: url(environment).or_else(|| parts(environment)),
            connections: usize::try_from(connections).unwrap_or(2),
            data_dir: environment
                .text("CCAG_DATA_DIR")
                .map_or_else(default_data_dir, PathBuf::from),
        }
    }
}

/// The message does not show what the variable holds: a password may stand in it.
fn url(environment: &mut Environment<'_>) -> Option<tokio_postgres::Config> {
    let url = environment.text("DATABASE_URL")?;
    match url.parse::<tokio_postgres::Config>() {
        Ok(config) => Some(config),
        Err(error) => {
            environment.problem(format!(
                "DATABASE_URL takes postgres://user:password@host:port/name, but cannot be read \
                 ({error})."
            ));
            None
        }
    }
}

fn parts(environment: &mut Environment<'_>) -> Option<tokio_postgres::Config> {
    let port = environment.number("DATABASE_PORT", 1..=65_535, 5432);
    let iam = environment.parsed("RDS_IAM_AUTH", "true or false", |text| text.parse().ok());
    let host = environment.text("DATABASE_HOST");
    let companions = ["DATABASE_NAME", "DATABASE_USER", "DB_PASSWORD"];
    let Some(host) = host else {
        for name in companions {
            if environment.text(name).is_some() {
                environment.problem(format!("{name} is set, but DATABASE_HOST is not: set both."));
            }
        }
        return None;
    };
    if iam == Some(true) {
        environment.problem(
            "RDS_IAM_AUTH is true, but this version signs no tokens for RDS: use DB_PASSWORD.",
        );
    }
    let mut config = tokio_postgres::Config::new();
    let text = |name: &str, default: &str| environment.text(name).unwrap_or(default.to_owned());
    config.host(host).port(u16::try_from(port).unwrap_or(5432));
    config.dbname(text("DATABASE_NAME", "proxy")).user(text("DATABASE_USER", "proxy"));
    if let Some(password) = environment.text("DB_PASSWORD") {
        config.password(password);
    }
    Some(config)
}
