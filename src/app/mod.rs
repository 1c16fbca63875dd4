//! Wiring: configuration → data directory → database → actor tree → server; and the same way back.

mod data_dir;
mod database;
mod demo;
mod login;
mod postgres;
mod run;
mod secrets;

use std::process::ExitCode;

pub use database::connect as open_database;
pub use demo::MEMBER;
pub use run::{Running, serve};
use thiserror::Error;

use crate::control::ControlError;
use crate::http::tls::TlsError;
use crate::storage::embedded::EmbeddedError;
use crate::storage::vault::VaultError;
use crate::storage::{RootsError, StorageError};
use crate::telemetry::otlp::TransportError;

/// Why the gateway cannot start or go on.
#[derive(Debug, Error)]
pub enum AppError {
    /// The environment holds wrong values.
    #[error("{}", .0.join("\n"))]
    Config(Vec<String>),
    /// Another gateway uses the data directory.
    #[error("the data directory {0} is in use by another gateway: stop it, or set CCAG_DATA_DIR")]
    InUse(String),
    /// The data directory cannot be used.
    #[error("the data directory {0} cannot be used: {1}")]
    DataDir(String, std::io::Error),
    /// The admin's password cannot be set.
    #[error("the admin's password cannot be set: {0}")]
    Control(#[from] ControlError),
    /// There is no key for secrets at rest.
    #[error("the key for secrets at rest cannot be used: {0}")]
    Secrets(VaultError),
    /// The embedded PostgreSQL does not run.
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    /// The database cannot be used.
    #[error("{0}")]
    Storage(#[from] StorageError),
    /// The root certificates for the database cannot be used.
    #[error("DATABASE_CA_FILE: {0}")]
    Roots(#[from] RootsError),
    /// There is no certificate for HTTPS.
    #[error("HTTPS: {0}")]
    Tls(#[from] TlsError),
    /// The address cannot be listened on.
    #[error("cannot listen on {0}: {1}")]
    Listen(std::net::SocketAddr, std::io::Error),
    /// The region is not known.
    #[error("no AWS region: set AWS_REGION, or a region in the AWS profile")]
    NoRegion,
    /// The simulated Bedrock of the demo does not start.
    #[error("the simulated Bedrock cannot start: {0}")]
    Simulator(std::io::Error),
    /// Spans and metrics cannot be exported.
    #[error("{0}")]
    Telemetry(#[from] TransportError),
    /// The system denies something that is always needed.
    #[error("the system denies what the gateway needs: {0}")]
    System(#[from] std::io::Error),
    /// An actor died too often.
    #[error("an actor died too often; its panics stand in the log")]
    GaveUp,
}

impl AppError {
    /// The exit code: 64 for a wrong configuration, 70 for a tree that gave up, else 1.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Config(_) | Self::NoRegion | Self::Telemetry(_) => 64,
            Self::GaveUp => 70,
            _ => 1,
        })
    }
}
