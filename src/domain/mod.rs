//! Words and rules, pure: no IO, no clock, no runtime. Time is a parameter.

pub mod answer;
pub mod breaker;
pub mod capability;
pub mod chunk;
pub mod edit;
pub mod error;
pub mod frame;
pub mod geography;
pub mod hex;
pub mod histogram;
pub mod json;
pub mod key;
pub mod limit;
pub mod media;
pub mod model;
pub mod notification;
pub mod price;
pub mod principal;
pub mod request;
pub mod restart;
pub mod routing;
pub mod scim;
pub mod settings;
pub mod tokens;
pub mod translation;
pub mod usage;
