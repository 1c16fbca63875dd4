//! How one connection to Postgres is made: where to, with or without TLS, with which login and session
//! settings.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use rustls::ClientConfig;
use tokio::time::timeout;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::login::{Door, LogIn, Login, NoSession, open_each};
use super::tls::{self, RootsError};

/// How long a session may take to open, login included.
const OPEN: Duration = Duration::from_secs(5);
/// A connection that was silent for so long is asked by the kernel whether it lives.
const QUIET: Duration = Duration::from_secs(30);
/// How long the kernel waits for the other side of a connection.
const LOST: Duration = Duration::from_secs(12);

diesel::define_sql_function! {
    /// The value of a setting of the server's.
    fn current_setting(name: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// Shows that a session lives, and leads to a server that takes changes: the name that it was opened by
/// may lead to another one by now, as after a failover.
///
/// # Errors
/// Where it does not.
pub(super) async fn takes_changes(session: &mut AsyncPgConnection) -> QueryResult<()> {
    let asked = diesel::select(current_setting("transaction_read_only"));
    match asked.get_result::<String>(session).await?.as_str() {
        "off" => Ok(()),
        _ => Err(diesel::result::Error::QueryBuilderError("the session is read-only".into())),
    }
}

/// Where the database is and how to log in. Passwords stay inside types that do not print them.
#[derive(Debug, Clone)]
pub struct Target {
    config: Config,
    tls: Option<Arc<ClientConfig>>,
    log_in: LogIn,
}

impl Target {
    /// A target from connection parameters; `sslmode=require` means TLS with a verified
    /// certificate, anything less means none. `roots` is a PEM file of further root certificates.
    ///
    /// # Errors
    /// [`RootsError`] where the file of roots cannot be used.
    pub fn new(
        mut config: Config,
        log_in: LogIn,
        roots: Option<&Path>,
    ) -> Result<Self, RootsError> {
        config.application_name("ccag").connect_timeout(OPEN);
        config.keepalives_idle(QUIET).keepalives_interval(LOST / 3).keepalives_retries(3);
        config.tcp_user_timeout(LOST);
        let wants_tls = config.get_ssl_mode() == SslMode::Require;
        let tls = wants_tls.then(|| tls::verified(roots)).transpose()?;
        Ok(Self { config, tls, log_in })
    }

    /// Opens a connection on the runtime of the caller.
    ///
    /// # Errors
    /// Where the server cannot be reached, does not answer, or refuses the session.
    pub async fn connect(&self) -> ConnectionResult<AsyncPgConnection> {
        let late = |_| {
            let reason = format!("no session within {} s", OPEN.as_secs());
            Err(ConnectionError::BadConnection(reason))
        };
        timeout(OPEN, self.open()).await.unwrap_or_else(late)
    }

    async fn open(&self) -> ConnectionResult<AsyncPgConnection> {
        let opened = match &self.log_in {
            LogIn::Fixed => self.session(&self.config).await,
            LogIn::Rotated(rotated) => rotated.open(self).await,
            LogIn::Each(source) => open_each(source.as_ref(), self).await,
        };
        let mut connection = opened.map_err(|error| match error {
            NoSession::Refused(reason) | NoSession::Failed(reason) => {
                ConnectionError::BadConnection(reason)
            }
        })?;
        // No query here runs for so long that compiling it would pay.
        connection
            .batch_execute("set statement_timeout = '30s'; set timezone = 'UTC'; set jit = off")
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    async fn session(&self, config: &Config) -> Result<AsyncPgConnection, NoSession> {
        let opened = match &self.tls {
            Some(tls) => {
                let tls = MakeRustlsConnect::new(ClientConfig::clone(tls));
                let (client, connection) = config.connect(tls).await?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
            None => {
                let (client, connection) = config.connect(tokio_postgres::NoTls).await?;
                AsyncPgConnection::try_from_client_and_connection(client, connection).await
            }
        };
        opened.map_err(|error| NoSession::Failed(error.to_string()))
    }
}

impl Door for Target {
    type Session = AsyncPgConnection;

    async fn open(&self, login: &Login) -> Result<AsyncPgConnection, NoSession> {
        self.session(&login.on(&self.config)).await
    }
}
