//! `DATABASE_URL`, or `DATABASE_HOST` with its companions, or nothing: then the gateway runs a
//! PostgreSQL of its own.

use std::path::PathBuf;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::environment::Environment;
use crate::bedrock::secrets_manager::Secret;
use crate::storage::embedded::default_data_dir;

/// Connections of the pool.
const CONNECTIONS: u64 = 8;

/// Where the database is.
#[derive(Debug, Clone)]
pub struct DatabaseConfig {
    /// How to connect; `None` means the embedded PostgreSQL.
    pub server: Option<Config>,
    /// How to log in there.
    pub login: DatabaseLogin,
    /// A PEM file of root certificates, besides those that are known anyway.
    pub roots: Option<PathBuf>,
    /// Connections of the pool.
    pub connections: usize,
    /// The embedded PostgreSQL's and the usage journal's directory.
    pub data_dir: PathBuf,
}

/// How to log in to the database.
#[derive(Debug, Clone)]
pub enum DatabaseLogin {
    /// With the configured password, if there is one.
    Password,
    /// With what a secret holds, read again when it is refused.
    Secret(Secret),
    /// With a token of RDS, signed for each connection.
    Token {
        /// The region of the database.
        region: String,
    },
}

impl DatabaseConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let connections = environment.number("DATABASE_CONNECTIONS", 2..=200, CONNECTIONS);
        let mut server = url(environment).or_else(|| parts(environment));
        let login = login(environment, server.as_ref());
        if let Some(server) = &mut server {
            server.ssl_mode(tls(environment, server, &login));
        }
        Self {
            server,
            login,
            roots: environment.text("DATABASE_CA_FILE").map(PathBuf::from),
            connections: usize::try_from(connections).unwrap_or(2),
            data_dir: environment
                .text("CCAG_DATA_DIR")
                .map_or_else(default_data_dir, PathBuf::from),
        }
    }
}

/// The message does not show what the variable holds: a password may stand in it.
fn url(environment: &mut Environment<'_>) -> Option<Config> {
    let url = environment.text("DATABASE_URL")?;
    match url.parse::<Config>() {
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

fn parts(environment: &mut Environment<'_>) -> Option<Config> {
    let port = environment.number("DATABASE_PORT", 1..=65_535, 5432);
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
    let mut config = Config::new();
    let text = |name: &str, default: &str| environment.text(name).unwrap_or(default.to_owned());
    config.host(host).port(u16::try_from(port).unwrap_or(5432));
    config.dbname(text("DATABASE_NAME", "proxy")).user(text("DATABASE_USER", "proxy"));
    if let Some(password) = environment.text("DB_PASSWORD") {
        config.password(password);
    }
    Some(config)
}

fn login(environment: &mut Environment<'_>, server: Option<&Config>) -> DatabaseLogin {
    let wants_token = environment.flag("RDS_IAM_AUTH") == Some(true);
    let specific = environment.url("AWS_ENDPOINT_URL_SECRETS_MANAGER");
    let base_url = specific.or_else(|| environment.text("AWS_ENDPOINT_URL"));
    let takes =
        "the ARN of a secret, such as arn:aws:secretsmanager:us-west-2:123456789012:secret:db";
    let secret =
        environment.parsed("DB_SECRET_ARN", takes, |text| Secret::new(text, base_url.as_deref()));
    match (secret, wants_token) {
        (None, false) => DatabaseLogin::Password,
        (Some(_), true) => {
            environment.problem("RDS_IAM_AUTH and DB_SECRET_ARN are both set: set one of them.");
            DatabaseLogin::Password
        }
        (secret, _) if server.is_none() => {
            let name = if secret.is_some() { "DB_SECRET_ARN" } else { "RDS_IAM_AUTH" };
            environment.problem(format!("{name} is set, but DATABASE_HOST is not: set both."));
            DatabaseLogin::Password
        }
        (Some(secret), false) => DatabaseLogin::Secret(secret),
        (None, true) => {
            let hosted = host(server).and_then(rds_region).map(str::to_owned);
            let default = || environment.text("AWS_DEFAULT_REGION");
            let region = hosted.or_else(|| environment.text("AWS_REGION")).or_else(default);
            if region.is_none() {
                environment.problem("RDS_IAM_AUTH is true, but AWS_REGION is not set: set both.");
            }
            DatabaseLogin::Token { region: region.unwrap_or_default() }
        }
    }
}

/// Whether to use TLS: as told, else always toward RDS, which takes tokens over nothing else.
fn tls(environment: &mut Environment<'_>, server: &Config, login: &DatabaseLogin) -> SslMode {
    let told = environment.parsed("DATABASE_SSLMODE", "disable or require", |text| match text {
        "disable" => Some(SslMode::Disable),
        "require" => Some(SslMode::Require),
        _ => None,
    });
    let takes_tokens = matches!(login, DatabaseLogin::Token { .. });
    let mode = match (told, server.get_ssl_mode()) {
        (Some(told), _) => told,
        (None, SslMode::Prefer) if takes_tokens || host(Some(server)).is_some_and(is_rds) => {
            SslMode::Require
        }
        (None, mode) => mode,
    };
    if takes_tokens && mode != SslMode::Require {
        environment.problem(
            "RDS_IAM_AUTH is true, but TLS is off: RDS takes tokens over TLS only, so set \
             DATABASE_SSLMODE=require.",
        );
    }
    mode
}

fn host(server: Option<&Config>) -> Option<&str> {
    match server?.get_hosts().first()? {
        Host::Tcp(host) => Some(host),
        Host::Unix(_) => None,
    }
}

/// `name.id.region.rds.amazonaws.com` is how RDS calls its servers.
fn is_rds(host: &str) -> bool {
    rds_region(host).is_some()
}

fn rds_region(host: &str) -> Option<&str> {
    let rest =
        host.strip_suffix(".amazonaws.com.cn").or_else(|| host.strip_suffix(".amazonaws.com"))?;
    rest.strip_suffix(".rds")?.rsplit('.').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-west-2:123456789012:secret:db";
    const RDS: &str = "db.abc123.eu-west-1.rds.amazonaws.com";

    fn read(variables: &[(&str, &str)]) -> (DatabaseConfig, Vec<String>) {
        let look = |name: &str| {
            variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
        };
        let mut environment = Environment::new(&look);
        let config = DatabaseConfig::read(&mut environment);
        (config, environment.into_problems())
    }

    fn mode(variables: &[(&str, &str)]) -> SslMode {
        let (config, problems) = read(variables);
        assert_eq!(problems, Vec::<String>::new());
        config.server.unwrap().get_ssl_mode()
    }

    #[test]
    fn rds_is_reached_by_tls_unless_told_otherwise() {
        assert_eq!(mode(&[("DATABASE_HOST", RDS)]), SslMode::Require);
        assert_eq!(mode(&[("DATABASE_HOST", "db")]), SslMode::Prefer);
        assert_eq!(
            mode(&[("DATABASE_HOST", "db"), ("DATABASE_SSLMODE", "require")]),
            SslMode::Require
        );
        assert_eq!(
            mode(&[("DATABASE_HOST", RDS), ("DATABASE_SSLMODE", "disable")]),
            SslMode::Disable
        );
        let url = format!("postgres://u@{RDS}/n");
        assert_eq!(mode(&[("DATABASE_URL", &url)]), SslMode::Require);
        let url = format!("{url}?sslmode=disable");
        assert_eq!(mode(&[("DATABASE_URL", &url)]), SslMode::Disable);
    }

    #[test]
    fn the_region_of_a_token_is_the_servers() {
        let region = |variables: &[(&str, &str)]| match read(variables).0.login {
            DatabaseLogin::Token { region } => region,
            other => panic!("{other:?}"),
        };
        let iam = ("RDS_IAM_AUTH", "true");
        assert_eq!(
            region(&[iam, ("DATABASE_HOST", RDS), ("AWS_REGION", "us-east-1")]),
            "eu-west-1"
        );
        assert_eq!(
            region(&[iam, ("DATABASE_HOST", "db"), ("AWS_REGION", "us-east-1")]),
            "us-east-1"
        );
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        let (iam, host) = (("RDS_IAM_AUTH", "true"), ("DATABASE_HOST", "db"));
        let region = ("AWS_REGION", "us-east-1");
        for (variables, named) in [
            (&[iam, region, ("DB_SECRET_ARN", SECRET), host][..], "set one"),
            (&[("DB_SECRET_ARN", SECRET)], "DATABASE_HOST"),
            (&[iam], "DATABASE_HOST"),
            (&[iam, host], "AWS_REGION"),
            (&[iam, host, region, ("DATABASE_SSLMODE", "disable")], "TLS"),
            (&[host, ("DB_SECRET_ARN", "db")], "arn:aws:secretsmanager"),
            (&[host, ("DATABASE_SSLMODE", "maybe")], "disable or require"),
        ] {
            let problems = read(variables).1;
            assert_eq!(problems.len(), 1, "{variables:?}: {problems:?}");
            assert!(problems[0].contains(named), "{problems:?}");
        }
    }
}
