//! `metadata.user_id` in Bedrock's letters. Claude Code's is a JSON string, which Bedrock refuses.

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Draft;
use crate::domain::hex;
use crate::domain::json::{Cursor, JsonError, Kind, Text};

/// Longest value that Bedrock takes.
const MAX_LENGTH: usize = 256;

#[derive(Deserialize)]
struct ClaudeCode {
    #[serde(default)]
    device_id: String,
    #[serde(default)]
    account_uuid: String,
    #[serde(default)]
    session_id: String,
}

impl Draft<'_> {
    /// Leaves of `metadata` only a `user_id` that Bedrock takes.
    pub(super) fn metadata(&mut self) {
        let source = self.body();
        let Some(metadata) = self.request.field("metadata") else {
            return;
        };
        let mut cursor = Cursor::within(source, metadata);
        let (mut user_id, mut others): (Option<Text>, bool) = (None, false);
        let read = cursor.object(|inner, key| {
            if key.is(source, "user_id") && inner.kind()? == Kind::String && user_id.is_none() {
                user_id = Some(inner.string()?);
            } else {
                others = true;
                inner.skip()?;
            }
            Ok::<_, JsonError>(())
        });
        let Some(user_id) = user_id.filter(|_| read.is_ok()) else {
            self.gone.push("metadata");
            return self.adjusted("metadata");
        };
        let original = user_id.decode(source);
        let accepted = accepts(&original);
        if accepted && !others {
            return;
        }
        let replacement = if accepted { original.into_owned() } else { stand_in(&original) };
        let quoted = serde_json::Value::String(replacement);
        self.edits.replace(metadata, format!(r#"{{"user_id":{quoted}}}"#));
        self.adjusted(if accepted { "metadata" } else { "metadata.user_id" });
    }
}

/// Bedrock's pattern for values of request metadata: `[a-zA-Z0-9\s:_@$#=/+,-.]{0,256}`.
fn accepts(value: &str) -> bool {
    let letter = |byte: u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b' ' | b'\t'..=b'\r' | b':' | b'_' | b'@' | b'$' | b'#' | b'=')
            || matches!(byte, b'/' | b'+' | b',' | b'-' | b'.')
    };
    value.len() <= MAX_LENGTH && value.bytes().all(letter)
}

/// The same for the same user and session, in letters that Bedrock takes.
fn stand_in(original: &str) -> String {
    claude_code(original).unwrap_or_else(|| sha256(original))
}

/// The hex SHA-256 of `text`.
pub(super) fn sha256(text: &str) -> String {
    hex::encode(&Sha256::digest(text))
}

fn claude_code(original: &str) -> Option<String> {
    let parts: ClaudeCode = serde_json::from_str(original).ok()?;
    let named = [
        ("device", parts.device_id),
        ("account", parts.account_uuid),
        ("session", parts.session_id),
    ];
    let present: Vec<String> = named
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}_{value}"))
        .collect();
    let joined = present.join("_");
    (!joined.is_empty() && accepts(&joined)).then_some(joined)
}
