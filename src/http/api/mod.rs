//! The inference API.

mod messages;
mod record;

pub use messages::messages;
