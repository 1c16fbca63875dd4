//! Words and rules, pure: no IO, no clock, no runtime. Time is a parameter.

pub mod chunk;
pub mod frame;
pub mod json;
pub mod tokens;
