//! Words and rules, pure: no IO, no clock, no runtime. Time is a parameter.

pub mod answer;
pub mod chunk;
pub mod error;
pub mod frame;
pub mod key;
pub mod limit;
pub mod principal;
pub mod restart;
pub mod tokens;
pub mod usage;
