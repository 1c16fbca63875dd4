//! CCAG: a gateway that serves the Anthropic Messages API from Claude on Amazon Bedrock.
//!
//! ARCHITECTURE.md has the rooms, who may import whom, and the life of a request.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod actors;
pub mod app;
pub mod bedrock;
pub mod cli;
pub mod config;
pub mod control;
pub mod domain;
pub mod http;
pub mod oauth;
pub mod simulator;
pub mod storage;
pub mod telemetry;
