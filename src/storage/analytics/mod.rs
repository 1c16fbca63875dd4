//! What the pages and the API tell about usage, read from the sums that the insert keeps: never
//! from `usage` itself.

mod activity;
mod choices;
mod filter;
mod performance;
mod sessions;
mod source;
mod spend;
mod tools;
mod unpriced;

pub use activity::{ActiveUsers, HeatCell, active_users, heat_map};
pub use choices::{Choice, Choices, choices};
pub(super) use filter::Statement;
pub use filter::{Filter, Grain};
pub use performance::{CacheRate, Latency, cache_rate, latency};
pub use sessions::{Agent, Session, SessionOrder, agents, session, sessions};
pub use spend::{Dimension, Group, Point, Sums, breakdown, over_time, ranking, totals};
pub use tools::{Tool, ToolServer, servers, tools};
pub use unpriced::{Unpriced, unpriced};
