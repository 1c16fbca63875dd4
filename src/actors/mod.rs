//! The owners of live state, and their supervision.

pub mod tree;
