//! The inference API.

mod access;
mod messages;
mod models;
mod record;

pub use messages::messages;
pub use models::{model, models};
