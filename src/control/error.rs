//! What can be wrong with a command or a query, by what its caller may do about it.

use std::borrow::Cow;

use thiserror::Error;

use crate::domain::scim;
use crate::storage::StorageError;
use crate::storage::vault::VaultError;

/// A command or query that is not carried out; nothing was changed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ControlError {
    /// Nobody is signed in, or the credential is not valid.
    #[error("{0}")]
    Unauthenticated(Cow<'static, str>),
    /// The caller may not do this at all.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// The caller may do this, but not set this field.
    #[error("{0}: only an admin may set this")]
    ForbiddenField(&'static str),
    /// The password must be changed first.
    #[error("the password must be changed before anything else")]
    PasswordChangeNeeded,
    /// A field's value does not fit; says what does.
    #[error("{field}: {takes}")]
    Invalid {
        /// The field.
        field: Cow<'static, str>,
        /// What it takes.
        takes: Cow<'static, str>,
    },
    /// There is no such thing, or none that the caller may see.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// It does not go together with what is there.
    #[error("{message}")]
    Conflict {
        /// A stable word for programs.
        code: &'static str,
        /// For people.
        message: Cow<'static, str>,
    },
    /// A request that the rules of SCIM refuse.
    #[error("{0}")]
    Scim(#[from] scim::Fault),
    /// It has changed since the caller read it.
    #[error("this has changed since it was read; read it again")]
    Stale,
    /// Too many attempts; says when to come back.
    #[error("too many attempts; try again in {retry_after} s")]
    TooMany {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// Something that is not ours and is needed cannot be reached: try again later.
    #[error("{0}")]
    Away(&'static str),
    /// The database is away: try again later.
    #[error("the database cannot be reached right now")]
    Unavailable,
    /// A fault of the gateway's own; the log has it.
    #[error("the gateway failed on this")]
    Fault,
}

impl ControlError {
    /// A value that does not fit.
    pub fn invalid(
        field: impl Into<Cow<'static, str>>,
        takes: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::Invalid { field: field.into(), takes: takes.into() }
    }

    /// A clash with what is there.
    pub fn conflict(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::Conflict { code, message: message.into() }
    }

    /// What becomes of a failed write of something whose name nothing else of its kind may have.
    pub(super) fn name_taken(noun: &'static str) -> impl Fn(StorageError) -> Self {
        move |error| match error {
            StorageError::Duplicate(_) => {
                let message = format!("There is a {noun} of this name already.");
                Self::conflict("name_taken", message)
            }
            error => error.into(),
        }
    }

    /// The stable word for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthenticated(_) => "unauthenticated",
            Self::Forbidden(_) => "forbidden",
            Self::ForbiddenField(_) => "forbidden_field",
            Self::PasswordChangeNeeded => "password_change_needed",
            Self::Invalid { .. } => "invalid",
            Self::NotFound(_) => "not_found",
            Self::Conflict { code, .. } => code,
            Self::Scim(fault) => fault.kind.name(),
            Self::Stale => "stale",
            Self::TooMany { .. } => "too_many_attempts",
            Self::Away(_) => "provider_unavailable",
            Self::Unavailable => "unavailable",
            Self::Fault => "fault",
        }
    }

    /// The field that is concerned, where it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::ForbiddenField(field) => Some(field),
            Self::Invalid { field, .. } => Some(field),
            _ => None,
        }
    }
}

impl From<StorageError> for ControlError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Unavailable(reason) => {
                tracing::warn!(reason, "The control plane cannot reach the database.");
                Self::Unavailable
            }
            StorageError::Duplicate(constraint) => {
                tracing::info!(constraint, "A change clashes with what is there.");
                Self::conflict("exists", "There is one already with these values.")
            }
            StorageError::Refused(reason) => {
                tracing::error!(reason, "The database refuses a statement of the control plane.");
                Self::Fault
            }
        }
    }
}

impl From<VaultError> for ControlError {
    fn from(error: VaultError) -> Self {
        tracing::error!(%error, "A stored secret cannot be used.");
        Self::Fault
    }
}
