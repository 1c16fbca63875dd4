//! The AWS wire: credentials, signing, one exchange, and the translation of what comes back.

mod ask;
pub mod client;
mod clock;
pub mod control_plane;
pub mod credentials;
pub mod endpoint;
pub mod event_bridge;
pub mod exchange;
pub mod price_list;
pub mod rds_token;
pub mod refusal;
pub mod secrets_manager;
pub mod service;
mod service_error;
pub mod service_quotas;
pub mod sign;
pub mod sns;
pub mod translate;
pub mod trial;
