//! Supervision: names, tombstones, recipes, and the parent that uses them.
//!
//! actix's own `Supervisor` does not bring an actor back that panicked, so the tree is ours.

mod board;
#[cfg(feature = "chaos")]
pub mod chaos;
mod name;
mod recipe;
mod supervisor;
mod tombstone;

pub use board::{Board, ChildStatus};
pub use name::{Mail, Name, Unavailable};
pub use recipe::{OnArbiter, Recipe};
pub use supervisor::{Adopt, Retire, Supervisor};
pub use tombstone::{Down, Exit, Tombstone, install_panic_hook};

#[cfg(test)]
mod tests;
