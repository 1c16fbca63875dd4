//! Usage and money against a real PostgreSQL, through the storage room itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod analytics;
mod budgets;
mod database;
mod inserts;
mod lists;
mod made;
mod spans;
mod upkeep;
