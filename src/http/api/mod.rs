//! The inference API.

mod access;
mod asked;
mod count_tokens;
mod messages;
mod models;
mod native;
mod record;
mod serve;

pub use count_tokens::count_tokens;
pub use messages::messages;
pub use models::{model, models};
pub use native::{count_tokens as native_count_tokens, invoke, invoke_stream, profile, profiles};
