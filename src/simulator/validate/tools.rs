//! Rules for `tools`: which kinds Bedrock has, and which fields a custom tool may carry.

use serde_json::Value;

use super::{Complaint, Subject, extra};

/// Beginnings of the built-in tool types that InvokeModel takes.
const BUILT_IN: &[&str] = &[
    "bash_",
    "browser_toolset_",
    "computer_",
    "memory_",
    "text_editor_",
    "tool_search_tool_regex",
];

pub(super) fn check(subject: Subject<'_>) -> Result<(), Complaint> {
    let tools = subject.body.get("tools").and_then(Value::as_array);
    for (at, tool) in tools.into_iter().flatten().enumerate() {
        match tool.get("type").and_then(Value::as_str) {
            None | Some("custom") => custom(subject, at, tool)?,
            Some(kind) if BUILT_IN.iter().any(|known| kind.starts_with(known)) => {}
            Some(kind) if subject.model.is_new() => {
                return Err(format!("tool type '{kind}' is not supported"));
            }
            Some(kind) => {
                return Err(format!(
                    "tools.{at}: Input tag '{kind}' found using 'type' does not match any of the expected tags: \
                     'bash_20250124', 'custom', 'memory_20250818', 'text_editor_20250124', 'text_editor_20250728'"
                ));
            }
        }
    }
    Ok(())
}

fn custom(subject: Subject<'_>, at: usize, tool: &Value) -> Result<(), Complaint> {
    let schema = tool.get("input_schema");
    if tool.get("name").and_then(Value::as_str).is_none() {
        return Err(format!("tools.{at}.custom.name: Field required"));
    }
    let Some(schema) = schema else {
        return Err(format!("tools.{at}.custom.input_schema: Field required"));
    };
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        return Err(format!("tools.{at}.custom.input_schema.type: Input should be 'object'"));
    }
    let fields = tool.as_object().into_iter().flatten();
    for (name, _) in fields {
        let known = match name.as_str() {
            "type" | "name" | "description" | "input_schema" | "cache_control" => true,
            "defer_loading" => subject.has_beta("tool-search-tool-"),
            "input_examples" => subject.has_beta("tool-examples-"),
            "strict" => matches!(subject.model.generation, 45 | 46),
            "eager_input_streaming" => !subject.older_than(46),
            _ => false,
        };
        if !known {
            return Err(extra(&format!("tools.{at}.custom.{name}")));
        }
    }
    Ok(())
}
