//! Postgres: the pool, the migrations, LISTEN, and one file per table with its rows and queries.

pub mod analytics;
pub mod audit;
mod connect;
mod database;
pub mod embedded;
mod error;
pub mod keys;
pub mod listen;
mod migrate;
pub mod notifications;
pub mod passwords;
pub mod prices;
mod schema;
pub mod sessions;
pub mod settings;
pub mod teams;
pub mod usage;
pub mod users;
pub mod vault;
pub mod verdicts;

pub use connect::Target;
pub use database::{Connection, Database, DatabaseRuntime, Work};
pub use error::StorageError;
pub use migrate::migrate;

/// The pattern of `ilike` that finds `text` anywhere.
fn containing(text: &str) -> String {
    let escaped = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
    format!("%{escaped}%")
}
