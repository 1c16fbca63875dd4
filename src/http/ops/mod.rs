//! For operators and load balancers: is it alive, does it take work, what does it do.

mod health;
pub mod metrics;
mod probe;

pub use health::{health, hello, ready};
pub use metrics::{apart as metrics_apart, metrics};
pub use probe::probe;
