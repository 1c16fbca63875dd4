//! Postgres: the pool, the migrations, LISTEN, and one file per table with its rows and queries.

pub mod analytics;
mod connect;
mod database;
pub mod embedded;
mod error;
pub mod keys;
pub mod listen;
mod migrate;
pub mod notifications;
mod schema;
pub mod settings;
pub mod usage;
pub mod users;

pub use connect::Target;
pub use database::{Database, DatabaseRuntime};
pub use error::StorageError;
pub use migrate::migrate;
