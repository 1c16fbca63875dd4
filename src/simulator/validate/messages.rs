//! Rules for `system` and `messages`: roles, their order, and tool calls with their results.

use serde_json::Value;

use super::{Complaint, Subject, blocks, extra};

pub(super) fn check(subject: Subject<'_>) -> Result<(), Complaint> {
    if let Some(system) = subject.body.get("system") {
        blocks::content(subject, "system", system)?;
    }
    let Some(messages) = subject.body.get("messages").and_then(Value::as_array) else {
        return Err("messages: Input should be a valid list".to_owned());
    };
    if messages.is_empty() {
        return Err("messages: at least one message is required".to_owned());
    }
    for (at, message) in messages.iter().enumerate() {
        one(subject, at, message)?;
    }
    calls(messages)?;
    let last = spoken(messages).last();
    if !subject.older_than(46) && last.is_some_and(|(_, message)| role(message) == "assistant") {
        return Err("This model does not support assistant message prefill. The conversation must end with a user message.".to_owned());
    }
    Ok(())
}

fn role(message: &Value) -> &str {
    message.get("role").and_then(Value::as_str).unwrap_or_default()
}

fn one(subject: Subject<'_>, at: usize, message: &Value) -> Result<(), Complaint> {
    match role(message) {
        "user" | "assistant" => {}
        "system" if !subject.older_than(48) => {}
        "system" => {
            return Err("messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.".to_owned());
        }
        _ => {
            return Err(format!("messages.{at}.role: Input should be 'user' or 'assistant'"));
        }
    }
    for (name, _) in message.as_object().into_iter().flatten() {
        let known = match name.as_str() {
            "role" | "content" => true,
            "output_config" => subject.has_beta("mid-conversation-output-config-"),
            _ => false,
        };
        if !known {
            return Err(extra(&format!("messages.{at}.{name}")));
        }
    }
    let path = format!("messages.{at}.content");
    match message.get("content") {
        Some(content) => blocks::content(subject, &path, content),
        None => Err(format!("{path}: Field required")),
    }
}

/// The turns of user and assistant, without the system messages between them.
fn spoken(messages: &[Value]) -> impl Iterator<Item = (usize, &Value)> {
    let all = messages.iter().enumerate();
    all.filter(|(_, message)| role(message) != "system")
}

/// Each `tool_use` must be answered in the user turn that follows it, and no other may be.
fn calls(messages: &[Value]) -> Result<(), Complaint> {
    let mut open: Vec<&str> = Vec::new();
    for (at, message) in spoken(messages) {
        let results = ids(message, "tool_result", "tool_use_id");
        if let Some(stray) = results.iter().find(|id| !open.contains(id)) {
            return Err(format!(
                "messages.{at}.content.0: unexpected `tool_use_id` found in `tool_result` blocks: {stray}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            ));
        }
        open.retain(|id| !results.contains(id));
        if let Some(missing) = open.first() {
            return Err(format!(
                "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
                at.saturating_sub(1)
            ));
        }
        open = ids(message, "tool_use", "id");
    }
    Ok(())
}

fn ids<'m>(message: &'m Value, kind: &str, field: &str) -> Vec<&'m str> {
    let blocks = message.get("content").and_then(Value::as_array);
    blocks
        .into_iter()
        .flatten()
        .filter(|block| block.get("type").and_then(Value::as_str) == Some(kind))
        .filter_map(|block| block.get(field).and_then(Value::as_str))
        .collect()
}
