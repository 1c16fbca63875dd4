//! What Bedrock refuses in an InvokeModel body, with its wordings (AWS and Anthropic documentation, and
//! what people saw of the service, as of November 2026).
//!
//! This file has the order of the checks and the top level of the body; the rest stands by what it looks at.

mod blocks;
mod cache;
mod messages;
mod thinking;
mod tools;

use serde_json::{Map, Value};

use super::models::Model;
use super::reply::{Exception, Refusal};

/// A complaint about the body, in the words of the service.
type Complaint = String;

/// The body under examination, with what nearly every rule asks about.
#[derive(Clone, Copy)]
struct Subject<'a> {
    model: &'static Model,
    body: &'a Map<String, Value>,
}

/// `anthropic_beta` values that some model takes, and the first and last generation that do.
const BETAS: &[(&str, u8, u8)] = &[
    ("claude-code-20250219", 40, 46),
    ("compact-2026-01-12", 46, 99),
    ("computer-use-2024-10-22", 40, 99),
    ("computer-use-2025-01-24", 40, 99),
    ("computer-use-2025-11-24", 45, 99),
    ("context-1m-2025-08-07", 40, 99),
    ("context-management-2025-06-27", 40, 99),
    ("dangerous-tool-use-2026-09-03", 47, 99),
    ("dev-full-thinking-2025-05-14", 40, 46),
    ("effort-2025-11-24", 45, 99),
    ("fine-grained-tool-streaming-2025-05-14", 40, 99),
    ("interleaved-thinking-2025-05-14", 40, 99),
    ("mid-conversation-output-config-2026-07-01", 50, 99),
    ("mid-conversation-tool-changes-2026-07-01", 48, 99),
    ("output-128k-2025-02-19", 40, 99),
    ("thinking-binding-controls-2026-08-01", 48, 99),
    ("thinking-display-updates-2026-08-18", 48, 99),
    ("thinking-token-count-2026-05-13", 48, 99),
    ("token-efficient-tools-2025-02-19", 40, 99),
    ("tool-examples-2025-10-29", 45, 99),
    ("tool-search-tool-2025-10-19", 45, 99),
];

/// Top-level fields that each model takes; those with conditions of their own are in [`permitted`].
const FIELDS: &[&str] = &[
    "anthropic_version",
    "anthropic_beta",
    "max_tokens",
    "messages",
    "metadata",
    "stop_sequences",
    "system",
    "temperature",
    "thinking",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
    "amazon-bedrock-guardrailConfig",
];

impl Subject<'_> {
    fn has_beta(&self, prefix: &str) -> bool {
        let betas = self.body.get("anthropic_beta").and_then(Value::as_array);
        let mut names = betas.into_iter().flatten().filter_map(Value::as_str);
        names.any(|name| name.starts_with(prefix))
    }

    fn older_than(&self, generation: u8) -> bool {
        self.model.generation < generation
    }

    fn thinks(&self) -> bool {
        let kind = self.body.get("thinking").and_then(|it| it.get("type"));
        matches!(kind.and_then(Value::as_str), Some("enabled" | "adaptive"))
    }
}

/// Checks the body of an InvokeModel call.
///
/// # Errors
/// The refusal that the real service would answer with.
pub(super) fn check(model: &'static Model, body: &Value) -> Result<(), Refusal> {
    let Some(body) = body.as_object() else {
        let message = "Malformed input request, please reformat your input and try again.";
        return Err(Refusal::new(Exception::Validation, message));
    };
    let subject = Subject { model, body };
    metadata(subject)?;
    let checks = [
        top_level,
        betas,
        sampling,
        thinking::check,
        thinking::output_config,
        thinking::context_management,
        tools::check,
        messages::check,
        cache::check,
    ];
    checks.iter().try_for_each(|check| {
        check(subject).map_err(|message| Refusal {
            exception: Exception::Validation,
            message,
            anthropic: model.is_new(),
        })
    })
}

/// Bedrock's own front reads `metadata`, before the model does.
fn metadata(subject: Subject<'_>) -> Result<(), Refusal> {
    let refused = |message: String| Err(Refusal::new(Exception::Validation, message));
    let fields = subject.body.get("metadata").and_then(Value::as_object);
    for (name, value) in fields.into_iter().flatten() {
        if name != "user_id" {
            return refused(extra(&format!("metadata.{name}")));
        }
        let allowed = |c: char| {
            c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || ":_@$#=/+,-.".contains(c)
        };
        let text = value.as_str().unwrap_or_default();
        if text.len() > 256 || !text.chars().all(allowed) {
            return refused(
                "Request metadata contains a value that violates the regular expression \
                 [a-zA-Z0-9\\s:_@$#=/+,-.]{0,256}"
                    .to_owned(),
            );
        }
    }
    Ok(())
}

fn top_level(subject: Subject<'_>) -> Result<(), Complaint> {
    for name in subject.body.keys() {
        if !permitted(subject, name) {
            return Err(extra(name));
        }
    }
    for name in ["anthropic_version", "max_tokens", "messages"] {
        if !subject.body.contains_key(name) {
            return Err(format!("{name}: Field required"));
        }
    }
    let version = subject.body.get("anthropic_version").and_then(Value::as_str);
    match version {
        Some("bedrock-2023-05-31") => {}
        Some("2026-10-21") if subject.model.is_new() => {}
        _ => return Err("anthropic_version: Input should be 'bedrock-2023-05-31'".to_owned()),
    }
    let most = subject.model.output();
    match subject.body.get("max_tokens").and_then(Value::as_u64) {
        None => Err("max_tokens: Input should be a valid integer".to_owned()),
        Some(0) => Err("max_tokens: Input should be greater than or equal to 1".to_owned()),
        Some(asked) if asked > most => Err(format!(
            "max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens for {}",
            subject.model.name()
        )),
        Some(_) => Ok(()),
    }
}

fn permitted(subject: Subject<'_>, name: &str) -> bool {
    match name {
        "output_config" => !subject.older_than(45),
        "context_management" => {
            subject.has_beta("context-management-") || subject.has_beta("compact-")
        }
        "safeguards" => subject.has_beta("dangerous-tool-use-"),
        "user_profile_id" => !subject.older_than(50),
        _ => FIELDS.contains(&name),
    }
}

fn betas(subject: Subject<'_>) -> Result<(), Complaint> {
    let Some(given) = subject.body.get("anthropic_beta") else {
        return Ok(());
    };
    let Some(names) = given.as_array() else {
        return Err("anthropic_beta: Input should be a valid list".to_owned());
    };
    let taken = |name: &Value| {
        BETAS.iter().any(|&(known, from, to)| {
            name.as_str() == Some(known) && (from..=to).contains(&subject.model.generation)
        })
    };
    if names.iter().all(taken) { Ok(()) } else { Err("invalid beta flag".to_owned()) }
}

fn sampling(subject: Subject<'_>) -> Result<(), Complaint> {
    let has = |name: &str| subject.body.contains_key(name);
    if subject.model.is_new() {
        let mut names = ["temperature", "top_p", "top_k"].into_iter();
        return match names.find(|name| has(name)) {
            Some(name) => Err(format!("`{name}` is deprecated for this model.")),
            None => Ok(()),
        };
    }
    let either = subject.model.generation == 45 && !subject.model.is("opus");
    if either && has("temperature") && has("top_p") {
        return Err("`temperature` and `top_p` cannot both be specified for this model. Please use only one.".to_owned());
    }
    Ok(())
}

/// The complaint about a field that the service does not know.
fn extra(path: &str) -> Complaint {
    format!("{path}: Extra inputs are not permitted")
}

#[cfg(test)]
mod tests;
