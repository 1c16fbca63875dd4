//! The edges: parse, call, render. Nothing here talks to Bedrock or to Postgres.

mod admin;
mod api;
pub mod arrival;
mod auth;
mod body;
mod caller;
mod csv;
mod error;
mod metrics;
mod oauth;
pub mod ops;
pub mod portal;
mod problem;
mod request_id;
mod resource;
mod scim;
pub mod server;
mod session;
mod setup;
mod span;
mod sse;
pub mod tls;
mod told;
