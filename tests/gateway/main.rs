//! The gateway as a black box: its real binary, a real PostgreSQL, a Bedrock of raw sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod stories;
mod support;
