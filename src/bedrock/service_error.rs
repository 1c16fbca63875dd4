//! What other AWS services than Bedrock refuse, in words that may be shown.

use serde::Deserialize;
use thiserror::Error;

/// Longest text of an answer that is shown, in characters.
const MAX_SHOWN: usize = 300;

/// Codes by which services say that the credential is no longer good.
const STALE: [&str; 4] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
];

/// A call that failed.
#[derive(Debug, Clone, Error, PartialEq, Eq)]
pub enum ServiceError {
    /// The service refused.
    #[error("{service} answers {code}: {message}")]
    Refused {
        /// The service.
        service: &'static str,
        /// The service's word for what is wrong.
        code: String,
        /// The service's sentence.
        message: String,
    },
    /// There was no answer.
    #[error("{service} cannot be reached: {message}")]
    Unreachable {
        /// The service.
        service: &'static str,
        /// Why.
        message: String,
    },
}

impl ServiceError {
    /// A refusal; its texts are cut so that they can be shown.
    pub(super) fn refused(service: &'static str, code: &str, message: &str) -> Self {
        Self::Refused { service, code: shown(code), message: shown(message) }
    }

    /// The refusal that a service of JSON 1.1 answers with.
    pub(super) fn of_json(service: &'static str, status: u16, body: &[u8]) -> Self {
        let said: Said = serde_json::from_slice(body).unwrap_or_default();
        let code = said.code.rsplit('#').next().unwrap_or_default();
        let code = if code.is_empty() { status.to_string() } else { code.to_owned() };
        Self::refused(service, &code, &said.message)
    }

    /// Whether another credential may help.
    #[must_use]
    pub fn is_stale_credential(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if STALE.contains(&code.as_str()))
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    #[serde(rename = "__type")]
    code: String,
    #[serde(alias = "Message")]
    message: String,
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect()
}
