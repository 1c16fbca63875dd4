//! The inference API.

mod access;
mod asked;
mod count_tokens;
mod limits;
mod messages;
mod models;
mod native;
mod record;
mod serve;
mod standing;
mod usage;

pub use count_tokens::count_tokens;
pub use messages::messages;
pub use models::{model, models};
pub use native::{count_tokens as native_count_tokens, invoke, invoke_stream, profile, profiles};
pub use usage::usage;
