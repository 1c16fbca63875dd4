//! PostgreSQL: where everything that must outlive a process is kept.

pub mod embedded;
