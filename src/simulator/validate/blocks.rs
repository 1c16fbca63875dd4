//! Rules for content blocks, wherever they stand.

use serde_json::Value;

use super::{Complaint, Subject};
use crate::simulator::signature;

/// Block types that InvokeModel knows.
const TYPES: &[&str] = &[
    "compaction",
    "document",
    "image",
    "redacted_thinking",
    "search_result",
    "server_tool_use",
    "text",
    "thinking",
    "tool_reference",
    "tool_result",
    "tool_search_tool_result",
    "tool_use",
];

/// Checks text or a list of blocks at `path`.
pub(super) fn content(subject: Subject<'_>, path: &str, content: &Value) -> Result<(), Complaint> {
    match content {
        Value::String(text) if text.is_empty() && path != "system" => {
            Err(format!("{path}: user messages must have non-empty content"))
        }
        Value::String(_) => Ok(()),
        Value::Array(blocks) => blocks
            .iter()
            .enumerate()
            .try_for_each(|(at, block)| one(subject, &format!("{path}.{at}"), block)),
        _ => Err(format!("{path}: Input should be a valid string or list")),
    }
}

fn one(subject: Subject<'_>, path: &str, block: &Value) -> Result<(), Complaint> {
    let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
    match text("type") {
        "text" if text("text").is_empty() => {
            let place = path.split('.').next().unwrap_or_default();
            Err(format!("{place}: text content blocks must be non-empty"))
        }
        "thinking" if !signature::holds(text("signature"), text("thinking")) => {
            Err(format!("{path}: Invalid `signature` in `thinking` block"))
        }
        "image" | "document" => source(path, text("type"), block),
        "tool_use" => id(path, "tool_use.id", text("id")),
        "tool_result" => {
            id(path, "tool_result.tool_use_id", text("tool_use_id"))?;
            match block.get("content") {
                Some(inner @ Value::Array(_)) => {
                    content(subject, &format!("{path}.tool_result.content"), inner)
                }
                _ => Ok(()),
            }
        }
        known if TYPES.contains(&known) => Ok(()),
        tag => Err(format!(
            "{path}: Input tag '{tag}' found using 'type' does not match any of the expected tags: '{}'",
            TYPES.join("', '")
        )),
    }
}

fn source(path: &str, kind: &str, block: &Value) -> Result<(), Complaint> {
    let source = block.get("source").and_then(|source| source.get("type"));
    match (kind, source.and_then(Value::as_str).unwrap_or_default()) {
        (_, "base64") | ("document", "text" | "content") => Ok(()),
        (_, tag) => Err(format!(
            "{path}.{kind}.source: Input tag '{tag}' found using 'type' does not match any of the expected tags: 'base64'"
        )),
    }
}

fn id(path: &str, field: &str, id: &str) -> Result<(), Complaint> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if !id.is_empty() && id.chars().all(allowed) {
        return Ok(());
    }
    Err(format!("{path}.{field}: String should match pattern '^[a-zA-Z0-9_-]+$'"))
}
