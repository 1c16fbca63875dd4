//! A guardrail of Bedrock: which one is asked for, and how a turn that it stopped is told and found
//! again.
//!
//! Bedrock holds a guardrail against the whole conversation, so a turn that was stopped once would stop
//! each later one. The client keeps the refusal in its conversation; the sentence in it marks the turn
//! before it as one to leave out, on any instance and after any restart.

use thiserror::Error;

/// What the client is told of a turn that was stopped, as a text of its own.
pub const STOPPED: &str =
    "A guardrail stopped this turn. It is left out of the conversation from here on.";
/// What a stopped turn of the user says when the conversation goes on.
pub const LEFT_OUT: &str = "[Left out: a guardrail stopped this turn.]";
/// Longest identifier, in bytes.
const MAX_IDENTIFIER: usize = 2048;
/// Most digits of a version.
const MAX_VERSION: usize = 8;

/// A guardrail and its version, which Bedrock takes only together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guardrail {
    identifier: String,
    version: String,
}

/// Why a guardrail cannot be named so.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum GuardrailError {
    /// The identifier is neither an id nor an ARN.
    #[error("takes the id of a guardrail in lower-case letters and digits, or its ARN")]
    Identifier,
    /// The version is neither a number nor the draft.
    #[error("takes the number of a guardrail's version, or DRAFT")]
    Version,
}

impl GuardrailError {
    /// The one of two names that it is about: of the identifier, or of the version.
    #[must_use]
    pub fn of<'n>(self, identifier: &'n str, version: &'n str) -> &'n str {
        match self {
            Self::Identifier => identifier,
            Self::Version => version,
        }
    }
}

impl Guardrail {
    /// A guardrail that may be named or not; both parts are there, or neither.
    ///
    /// # Errors
    /// As [`Self::new`], also for a part that is missing.
    pub fn named(
        identifier: Option<&str>,
        version: Option<&str>,
    ) -> Result<Option<Self>, GuardrailError> {
        if identifier.is_none() && version.is_none() {
            return Ok(None);
        }
        Self::new(identifier.unwrap_or_default(), version.unwrap_or_default()).map(Some)
    }

    /// A guardrail by its id or ARN, and its version.
    ///
    /// # Errors
    /// [`GuardrailError`] where Bedrock would not take them.
    pub fn new(identifier: &str, version: &str) -> Result<Self, GuardrailError> {
        let plain = |id: &str| {
            !id.is_empty()
                && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        let arn = |text: &str| match text.split(':').collect::<Vec<_>>().as_slice() {
            ["arn", partition, "bedrock", _, _, resource] => {
                partition.starts_with("aws")
                    && resource.strip_prefix("guardrail/").is_some_and(plain)
            }
            _ => false,
        };
        if identifier.len() > MAX_IDENTIFIER || !(plain(identifier) || arn(identifier)) {
            return Err(GuardrailError::Identifier);
        }
        let number = version.len() <= MAX_VERSION
            && !version.starts_with('0')
            && !version.is_empty()
            && version.bytes().all(|byte| byte.is_ascii_digit());
        if !number && version != "DRAFT" {
            return Err(GuardrailError::Version);
        }
        Ok(Self { identifier: identifier.to_owned(), version: version.to_owned() })
    }

    /// Its id or ARN.
    #[must_use]
    pub fn identifier(&self) -> &str {
        &self.identifier
    }

    /// Its version: a number, or `DRAFT`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guardrail_is_named_as_bedrock_takes_it() {
        let arn = "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:guardrail/ab12";
        for (identifier, version) in [("ab12", "1"), (arn, "DRAFT"), ("x", "99999999")] {
            assert!(Guardrail::new(identifier, version).is_ok(), "{identifier} {version}");
        }
        for bad in [
            "",
            "AB12",
            "ab 12",
            "ab\r\nx: y",
            "arn:aws:bedrock:guardrail/ab12",
            "arn:aws:s3:::guardrail/x",
        ] {
            assert_eq!(Guardrail::new(bad, "1"), Err(GuardrailError::Identifier), "{bad}");
        }
        for bad in ["", "0", "01", "draft", "123456789", "1 "] {
            assert_eq!(Guardrail::new("ab12", bad), Err(GuardrailError::Version), "{bad}");
        }
    }
}
