//! How one connection to Postgres is made: where to, with or without TLS, with which session
//! settings.

use std::sync::Arc;

use diesel::{ConnectionError, ConnectionResult};
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where the database is. Its password stays inside `tokio_postgres::Config`, which does not print
/// it.
#[derive(Debug, Clone)]
pub struct Target {
    config: tokio_postgres::Config,
    tls: Option<Arc<ClientConfig>>,
}

impl Target {
    /// A target from connection parameters; `sslmode=require` means TLS with a verified
    /// certificate, anything less means none.
    #[must_use]
    pub fn new(mut config: tokio_postgres::Config) -> Self {
        config.application_name("ccag").connect_timeout(std::time::Duration::from_secs(5));
        let tls = (config.get_ssl_mode() == SslMode::Require).then(|| Arc::new(verified_tls()));
        Self { config, tls }
    }

    /// Opens a connection on the runtime of the caller.
    ///
    /// # Errors
    /// Where the server cannot be reached or refuses the session.
    pub async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let bad = |error: tokio_postgres::Error| ConnectionError::BadConnection(full(&error));
        let mut connection = match &self.tls {
            Some(tls) => {
                let tls = MakeRustlsConnect::new(ClientConfig::clone(tls));
                let (client, connection) = self.config.connect(tls).await.map_err(bad)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await?
            }
            None => {
                let none = tokio_postgres::NoTls;
                let (client, connection) = self.config.connect(none).await.map_err(bad)?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await?
            }
        };
        connection
            .batch_execute("set statement_timeout = '30s'; set timezone = 'UTC'")
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }
}

/// The error with its causes: tokio-postgres keeps the reason one level down.
fn full(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}

fn verified_tls() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()
}
