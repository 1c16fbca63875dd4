//! Words and rules, pure: no IO, no clock, no runtime. Time is a parameter.

pub mod capability;
pub mod chunk;
pub mod edit;
pub mod frame;
pub mod geography;
pub mod json;
pub mod model;
pub mod price;
pub mod request;
pub mod tokens;
pub mod translation;
