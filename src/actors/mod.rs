//! The owners of live state, and their supervision.

mod call;
pub mod changes;
mod counting;
mod draft;
pub mod drain;
pub mod endpoints;
mod gateway;
pub mod identity;
pub mod keys;
pub mod limiter;
pub mod metrics;
pub mod notifier;
mod others;
pub mod prices;
pub mod prober;
pub mod reload;
pub mod settings;
pub mod stream;
pub mod streams;
pub mod tree;
mod trial;
mod upkeep;
pub mod usage;
pub mod verdicts;
pub mod worker;

pub use counting::{Count, Counts};
pub use draft::Draft;
pub use gateway::{Gateway, Start};
pub use limiter::Limits;
pub use trial::{Answered, Trial, TrialError};
