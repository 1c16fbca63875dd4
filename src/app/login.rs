//! Logins to Postgres that come from AWS: the secret that Secrets Manager rotates, and RDS's tokens.

use std::time::SystemTime;

use aws_smithy_runtime_api::client::identity::Identity;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::sync::Arc;
use tokio_postgres::config::Host;

use crate::bedrock::credentials::{Credential, CredentialSource};
use crate::bedrock::rds_token::rds_token;
use crate::bedrock::secrets_manager::{Secret, SecretError, Stage};
use crate::config::DatabaseLogin;
use crate::storage::login::{LogIn, Login, Logins};

/// How to log in to `server`, as configured.
pub(super) fn log_in(login: &DatabaseLogin, server: &tokio_postgres::Config) -> LogIn {
    match login {
        DatabaseLogin::Password => LogIn::Fixed,
        DatabaseLogin::Secret(secret) => LogIn::rotated(Arc::new(Stored(secret.clone())), server),
        DatabaseLogin::Token { region } => LogIn::Each(Arc::new(Tokens {
            region: region.clone(),
            host: match server.get_hosts().first() {
                Some(Host::Tcp(host)) => host.clone(),
                _ => "localhost".to_owned(),
            },
            port: server.get_ports().first().copied().unwrap_or(5432),
            user: server.get_user().unwrap_or("proxy").to_owned(),
        })),
    }
}

/// The gateway's own AWS identity. Asked for anew each time, since it expires.
async fn identity() -> Result<Identity, String> {
    let loaded =
        Box::pin(CredentialSource::Chain.load(None)).await.map_err(|error| error.to_string())?;
    match loaded.credential {
        Credential::SigV4(identity) => Ok(identity),
        Credential::Bearer(_) => Err("a Bedrock API key cannot sign".to_owned()),
    }
}

/// A secret as RDS writes it.
struct Stored(Secret);

#[derive(Deserialize)]
struct Content {
    username: Option<String>,
    password: SecretString,
}

impl Stored {
    async fn logins(&self) -> Result<Vec<Login>, String> {
        let identity = identity().await?;
        let current = self.0.read(&identity, Stage::Current).await;
        let mut logins = vec![login(&current.map_err(|error| error.to_string())?)?];
        // While a rotation is under way, the server may have the next password already.
        match self.0.read(&identity, Stage::Pending).await {
            Ok(pending) => logins.push(login(&pending)?),
            Err(SecretError::Missing) => {}
            Err(SecretError::Failed(reason)) => {
                tracing::warn!(
                    reason,
                    "The pending version of the database's secret cannot be read."
                );
            }
        }
        Ok(logins)
    }
}

impl Logins for Stored {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<Login>, String>> {
        self.logins().boxed()
    }
}

/// What the error does not show: the secret itself.
fn login(secret: &SecretString) -> Result<Login, String> {
    let content: Content = serde_json::from_str(secret.expose_secret()).map_err(|_| {
        "the secret that DB_SECRET_ARN names holds no JSON with a password".to_owned()
    })?;
    Ok(Login { user: content.username, password: content.password })
}

/// Signs RDS's tokens.
struct Tokens {
    region: String,
    host: String,
    port: u16,
    user: String,
}

impl Logins for Tokens {
    fn fetch(&self) -> BoxFuture<'_, Result<Vec<Login>, String>> {
        async {
            let identity = identity().await?;
            let server = (self.host.as_str(), self.port);
            let now = SystemTime::now();
            let token = rds_token(&identity, &self.region, server, &self.user, now);
            let password = token.map_err(|error| error.to_string())?;
            Ok(vec![Login { user: None, password }])
        }
        .boxed()
    }
}
