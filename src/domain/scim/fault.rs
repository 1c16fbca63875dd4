//! What can be wrong with a request by the rules of SCIM.

use std::borrow::Cow;
use std::fmt;

/// The words of RFC 7644, table 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// The filter cannot be read, or compares what cannot be compared.
    InvalidFilter,
    /// The body is not what the request takes.
    InvalidSyntax,
    /// The path of a change cannot be read, or names nothing.
    InvalidPath,
    /// The path of a change finds nothing to work on.
    NoTarget,
    /// A value is missing or does not fit.
    InvalidValue,
    /// The attribute cannot be changed so.
    Mutability,
    /// The answer would be too large.
    TooMany,
}

impl FaultKind {
    /// The word that answers have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::Mutability => "mutability",
            Self::TooMany => "tooMany",
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The kind.
    pub kind: FaultKind,
    /// For people.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault of this kind.
    pub fn new(kind: FaultKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, detail: detail.into() }
    }

    pub(super) fn filter(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultKind::InvalidFilter, detail)
    }

    pub(super) fn path(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultKind::InvalidPath, detail)
    }

    pub(super) fn syntax(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultKind::InvalidSyntax, detail)
    }

    pub(super) fn value(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FaultKind::InvalidValue, detail)
    }

    pub(super) fn mutability(name: &str) -> Self {
        Self::new(FaultKind::Mutability, format!("{name} cannot be changed so."))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}
