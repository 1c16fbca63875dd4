//! What the gateway tells its operators: declared metrics, the counters of the hot path and their text
//! forms, the access log, traces, and the export of both. It knows nothing of HTTP, actors or Postgres, so that all of them can use it.

pub mod catalogue;
mod declared;
mod family;
mod grid;
pub mod histogram;
pub mod json_line;
pub mod label;
pub mod metric;
pub mod openmetrics;
pub mod otlp;
pub mod process;
pub mod trace;
pub mod traffic;

pub use declared::Declared;
pub use family::Family;
pub use grid::Grid;
pub use histogram::{Counted, Histogram};
