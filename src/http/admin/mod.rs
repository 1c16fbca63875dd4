//! The admin API: JSON for operators and tools, with the admin key.

#[cfg(feature = "chaos")]
mod chaos;
mod status;

#[cfg(feature = "chaos")]
pub use chaos::chaos;
pub use status::status;
