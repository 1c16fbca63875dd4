//! Words and rules, pure: no IO, no clock, no runtime. Time is a parameter.

pub mod chunk;
pub mod frame;
pub mod key;
pub mod principal;
pub mod restart;
pub mod tokens;
