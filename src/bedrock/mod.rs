//! The AWS wire: credentials, signing, one exchange, and the translation of what comes back.

pub mod client;
pub mod credentials;
pub mod endpoint;
pub mod exchange;
pub mod price_list;
mod refusal;
pub mod sign;
pub mod translate;
