//! Postgres: the pool, the migrations, LISTEN, and one file per table with its rows and queries.

pub mod analytics;
pub mod audit;
pub mod budgets;
pub mod client_sessions;
mod connect;
mod database;
pub mod demo;
pub mod device;
pub mod embedded;
pub mod endpoints;
pub mod episodes;
mod error;
pub mod grants;
pub mod identities;
pub mod keys;
pub mod listen;
pub mod login;
mod migrate;
pub mod model_mappings;
pub mod names;
pub mod notifications;
pub mod oidc;
mod order;
pub mod passwords;
pub mod prices;
pub mod probes;
pub mod providers;
pub mod refresh_tokens;
pub mod routing;
mod schema;
pub mod scim;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod setup_tokens;
pub mod teams;
mod tls;
pub mod usage;
pub mod users;
pub mod vault;
pub mod verdicts;

pub use connect::Target;
pub use database::{Connection, Database, DatabaseRuntime, Work};
pub use error::StorageError;
pub use migrate::migrate;
pub use order::Order;
pub use tls::RootsError;

use crate::domain::principal::RateLimits;

/// The limits in three columns: requests and tokens per minute, streams at the same time.
#[must_use]
pub fn rate_limits(columns: [Option<i32>; 3]) -> RateLimits {
    let [requests_per_minute, tokens_per_minute, concurrent_streams] =
        columns.map(|column| column.and_then(|limit| u32::try_from(limit).ok()));
    RateLimits { requests_per_minute, tokens_per_minute, concurrent_streams }
}

/// The pattern of `ilike` that finds `text` anywhere.
fn containing(text: &str) -> String {
    format!("%{}%", exactly(text))
}

/// The pattern of `ilike` that finds `text` itself, in any case.
fn exactly(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}
