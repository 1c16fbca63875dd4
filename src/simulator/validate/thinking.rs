//! Rules for `thinking`, `output_config` and `context_management`, which differ most between generations.

use serde_json::Value;

use super::{Complaint, Subject, extra};

const FORCED: &str = "Thinking may not be enabled when tool_choice forces tool use.";

pub(super) fn check(subject: Subject<'_>) -> Result<(), Complaint> {
    let choice = subject.body.get("tool_choice").and_then(|it| it.get("type"));
    let forced = matches!(choice.and_then(Value::as_str), Some("any" | "tool"));
    if forced && (subject.thinks() || always_thinks(subject)) {
        return Err(FORCED.to_owned());
    }
    let Some(thinking) = subject.body.get("thinking") else {
        return Ok(());
    };
    let kind = thinking.get("type").and_then(Value::as_str).unwrap_or_default();
    match kind {
        "enabled" if subject.model.is_new() => Err(
            "\"thinking.type.enabled\" is not supported for this model. Use \"thinking.type.adaptive\" \
             and \"output_config.effort\" to control thinking behavior."
                .to_owned(),
        ),
        "enabled" => budget(subject, thinking),
        "adaptive" if !subject.older_than(46) => display(subject, thinking),
        "disabled" if always_thinks(subject) => {
            Err("\"thinking.type.disabled\" is not supported for this model.".to_owned())
        }
        "disabled" => Ok(()),
        "between_tools" if !subject.older_than(55) => Ok(()),
        _ => Err(format!(
            "thinking: Input tag '{kind}' found using 'type' does not match any of the expected tags: {}",
            if subject.older_than(46) { "'disabled', 'enabled'" } else { "'adaptive', 'disabled', 'enabled'" }
        )),
    }
}

/// Fable 5.x, Opus 5.5 and Sonnet 5.5 cannot be kept from thinking.
fn always_thinks(subject: Subject<'_>) -> bool {
    let model = subject.model;
    model.is("fable") || (model.generation == 55 && !model.is("haiku"))
}

fn budget(subject: Subject<'_>, thinking: &Value) -> Result<(), Complaint> {
    if thinking.get("display").is_some() {
        return Err(extra("thinking.enabled.display"));
    }
    let most = subject.body.get("max_tokens").and_then(Value::as_u64);
    match thinking.get("budget_tokens").and_then(Value::as_u64) {
        None => Err("thinking.enabled.budget_tokens: Field required".to_owned()),
        Some(..1024) => {
            Err("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
                .to_owned())
        }
        Some(budget) if most.is_some_and(|most| most <= budget) => {
            Err("`max_tokens` must be greater than `thinking.budget_tokens`.".to_owned())
        }
        Some(_) => Ok(()),
    }
}

fn display(subject: Subject<'_>, thinking: &Value) -> Result<(), Complaint> {
    if thinking.get("budget_tokens").is_some() {
        return Err(extra("thinking.adaptive.budget_tokens"));
    }
    match thinking.get("display").map(Value::as_str) {
        None => Ok(()),
        Some(_) if subject.older_than(48) => Err(extra("thinking.adaptive.display")),
        Some(Some("summarized" | "omitted")) => Ok(()),
        Some(Some("updates")) if subject.has_beta("thinking-display-updates-") => Ok(()),
        Some(_) => {
            Err("thinking.adaptive.display: Input should be 'summarized' or 'omitted'".to_owned())
        }
    }
}

pub(super) fn output_config(subject: Subject<'_>) -> Result<(), Complaint> {
    let fields = subject.body.get("output_config").and_then(Value::as_object);
    for (name, value) in fields.into_iter().flatten() {
        match name.as_str() {
            "effort" => effort(subject, value.as_str().unwrap_or_default())?,
            "format" if !subject.model.is_new() => {}
            _ => return Err(extra(&format!("output_config.{name}"))),
        }
    }
    Ok(())
}

fn effort(subject: Subject<'_>, level: &str) -> Result<(), Complaint> {
    let known: &[&str] = match subject.model.generation {
        ..45 => &[],
        45 if !subject.model.is("opus") => &[],
        45 => &["low", "medium", "high"],
        46 => &["low", "medium", "high", "max"],
        _ => &["low", "medium", "high", "xhigh", "max"],
    };
    if known.is_empty() {
        return Err("This model does not support the effort parameter.".to_owned());
    }
    if known.contains(&level) {
        return Ok(());
    }
    let known: Vec<String> = known.iter().map(|level| format!("'{level}'")).collect();
    Err(format!("output_config.effort: Input should be {}", known.join(", ")))
}

pub(super) fn context_management(subject: Subject<'_>) -> Result<(), Complaint> {
    let edits = subject.body.get("context_management").and_then(|it| it.get("edits"));
    for edit in edits.and_then(Value::as_array).into_iter().flatten() {
        match edit.get("type").and_then(Value::as_str).unwrap_or_default() {
            "clear_thinking_20251015" if !subject.thinks() => {
                return Err("`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive".to_owned());
            }
            "clear_thinking_20251015" | "clear_tool_uses_20250919" => {}
            "compact_20260112" if subject.has_beta("compact-") => {}
            tag => {
                return Err(format!(
                    "context_management.edits: Input tag '{tag}' found using 'type' does not match any of the expected tags: \
                     'clear_thinking_20251015', 'clear_tool_uses_20250919'"
                ));
            }
        }
    }
    Ok(())
}
