//! What can go wrong with a management command, and the exit code that tells scripts.

use std::process::ExitCode;

use thiserror::Error;

/// Why a command did not do what it was to.
#[derive(Debug, Error)]
pub enum Failure {
    /// The command line is wrong.
    #[error("{0}")]
    Usage(String),
    /// The gateway cannot be reached, or failed.
    #[error("{0}")]
    Unreachable(String),
    /// The gateway refuses.
    #[error("{0}")]
    Refused(String),
    /// Nobody is signed in, or who is may not do this.
    #[error("{0}")]
    NotAllowed(String),
    /// So many checks failed.
    #[error("{0} of the checks failed")]
    Unwell(usize),
    /// A file cannot be read or written.
    #[error("{0}: {1}")]
    File(String, std::io::Error),
}

impl Failure {
    /// 2 for a wrong command line, 3 for a refusal, 4 where nobody who may is signed in, else 1.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Unreachable(_) | Self::Unwell(_) | Self::File(..) => 1,
            Self::Usage(_) => 2,
            Self::Refused(_) => 3,
            Self::NotAllowed(_) => 4,
        })
    }
}
