//! The inference API.

mod access;
mod asked;
mod count_tokens;
mod messages;
mod models;
mod record;

pub use count_tokens::count_tokens;
pub use messages::messages;
pub use models::{model, models};
