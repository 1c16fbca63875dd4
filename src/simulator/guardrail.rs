//! A guardrail of the simulated Bedrock, held against the whole conversation as the real one is: it blocks
//! where `[[guardrail]]` stands in a message, and masks where `[[mask]]` does.

use actix_web::HttpRequest;
use serde_json::{Map, Value, json};

use super::reply::{Exception, Refusal};
use super::script::{Answer, Block};
use crate::domain::guardrail::Guardrail;

const BLOCKS: &str = "[[guardrail]]";
const MASKS: &str = "[[mask]]";
/// What the guardrail says in the place of what it blocks.
const SORRY: &str = "Sorry, the model cannot answer this question.";

/// What the guardrail that a request asks for did.
pub(super) struct Guarded {
    /// The answer in the place of the model's.
    pub(super) answer: Option<Answer>,
    /// The members that come beside the answer.
    pub(super) told: Map<String, Value>,
}

/// Holds the guardrail that the headers name, if they do, against a body.
///
/// # Errors
/// ValidationException where they name only a part of one.
pub(super) fn of(
    request: &HttpRequest,
    body: &Map<String, Value>,
) -> Result<Option<Guarded>, Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let identifier = header("x-amzn-bedrock-guardrailidentifier");
    let version = header("x-amzn-bedrock-guardrailversion");
    let (identifier, version) = match (identifier, version) {
        (None, None) => return Ok(None),
        (identifier, version) => (identifier.unwrap_or_default(), version.unwrap_or_default()),
    };
    if Guardrail::new(identifier, version).is_err() {
        let message = "The guardrail identifier and version must be provided together.";
        return Err(Refusal::new(Exception::Validation, message));
    }
    let messages = body.get("messages").map(Value::to_string).unwrap_or_default();
    let did = [(BLOCKS, "BLOCKED"), (MASKS, "ANONYMIZED")];
    let did = did.into_iter().find(|(mark, _)| messages.contains(mark)).map(|(_, action)| action);
    let action = if did.is_some() { "INTERVENED" } else { "NONE" };
    let mut told = Map::new();
    told.insert("amazon-bedrock-guardrailAction".to_owned(), action.into());
    if header("x-amzn-bedrock-trace") == Some("ENABLED") {
        let words = did.map(|action| json!({"customWords": [{"match": "x", "action": action}]}));
        let trace = json!({"guardrail": {"input": {identifier: {"wordPolicy": words}}}});
        told.insert("amazon-bedrock-trace".to_owned(), trace);
    }
    let answer = (did == Some("BLOCKED")).then(|| Answer {
        blocks: vec![Block::Text(SORRY.to_owned())],
        stop_reason: "end_turn",
        stop_sequence: None,
    });
    Ok(Some(Guarded { answer, told }))
}
