//! From the configuration to a migrated database.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::AppError;
use super::login;
use super::postgres::EmbeddedPostgres;
use crate::config::{DatabaseConfig, IdentityConfig};
use crate::domain::key::KeyHash;
use crate::storage::login::LogIn;
use crate::storage::{self, Database, DatabaseRuntime, StorageError, Target};

/// How long a start waits for a database that is away.
const PATIENCE: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_millis(500);

/// The database with what must live as long as it. Fields are dropped in this order.
pub struct OpenDatabase {
    /// The database.
    pub database: Database,
    _runtime: DatabaseRuntime,
    _embedded: Option<EmbeddedPostgres>,
}

/// Opens the configured database, or starts the embedded one.
///
/// # Errors
/// [`AppError`] where there is none to be had.
pub fn connect(config: &DatabaseConfig) -> Result<OpenDatabase, AppError> {
    let (embedded, connection, log_in) = match &config.server {
        Some(server) => (None, server.clone(), login::log_in(&config.login, server)),
        None => {
            let (embedded, connection) = EmbeddedPostgres::start(&config.data_dir)?;
            (Some(embedded), connection, LogIn::Fixed)
        }
    };
    let runtime = DatabaseRuntime::start()?;
    let target = Target::new(connection, log_in, config.roots.as_deref())?;
    let database = runtime.open(target, config.connections)?;
    Ok(OpenDatabase { database, _runtime: runtime, _embedded: embedded })
}

/// Migrates the database, waiting a while where it is away.
pub(super) async fn migrate(database: &Database) -> Result<Vec<String>, StorageError> {
    let began = Instant::now();
    loop {
        match storage::migrate(database).await {
            Err(StorageError::Unavailable(reason)) if began.elapsed() < PATIENCE => {
                tracing::warn!(reason, "The database is away; trying again.");
                tokio::time::sleep(RETRY).await;
            }
            other => return other,
        }
    }
}

/// Makes sure that the admin user and the configured API key exist; returns the admin's id.
pub(super) async fn bootstrap(
    database: &Database,
    identity: &IdentityConfig,
) -> Result<Uuid, StorageError> {
    let admin = storage::users::ensure_admin(database, identity.admin_username.clone()).await?;
    let key = identity.bootstrap_api_key.as_ref();
    if let Some(hash) = key.and_then(|key| KeyHash::of(key.expose_secret().as_bytes())) {
        storage::keys::ensure(database, "bootstrap", hash, admin).await?;
    }
    Ok(admin)
}
