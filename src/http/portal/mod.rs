//! The portal: server-rendered pages for people.

mod connect;
mod page;
mod stylesheet;

pub use connect::connect;
pub use stylesheet::stylesheet;
