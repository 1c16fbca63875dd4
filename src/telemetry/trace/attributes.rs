//! What spans tell, in the words of OpenTelemetry's conventions. Prompts and answers are never told.

use opentelemetry::{Array, KeyValue, StringValue, Value};

use crate::domain::usage::UsageRecord;

/// A call of Bedrock that begins.
#[derive(Debug, Clone, Copy)]
pub struct Call<'c> {
    /// The model as the client asked for it.
    pub model: &'c str,
    /// The endpoint's name.
    pub endpoint: &'c str,
    /// The endpoint's AWS region.
    pub region: &'c str,
    /// The inference profile.
    pub profile: &'c str,
    /// The limit of the output's tokens.
    pub max_tokens: Option<u64>,
    /// Whether a stream was asked for.
    pub streaming: bool,
}

impl Call<'_> {
    pub(super) fn attributes(&self) -> Vec<KeyValue> {
        let mut attributes = vec![
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.provider.name", "aws.bedrock"),
            KeyValue::new("gen_ai.request.model", self.model.to_owned()),
            KeyValue::new("gen_ai.request.stream", self.streaming),
            KeyValue::new("cloud.region", self.region.to_owned()),
            KeyValue::new("ccag.endpoint", self.endpoint.to_owned()),
            KeyValue::new("ccag.profile", self.profile.to_owned()),
        ];
        if let Some(tokens) = self.max_tokens {
            attributes.push(KeyValue::new("gen_ai.request.max_tokens", whole(tokens)));
        }
        attributes
    }
}

/// What an answer has told.
pub(super) fn answer(record: &UsageRecord) -> Vec<KeyValue> {
    let tokens = &record.tokens;
    let written = tokens.cache_write_5m.saturating_add(tokens.cache_write_1h);
    let mut attributes = vec![
        KeyValue::new("gen_ai.usage.input_tokens", whole(tokens.prompt())),
        KeyValue::new("gen_ai.usage.output_tokens", whole(tokens.output)),
        KeyValue::new("gen_ai.usage.cache_read.input_tokens", whole(tokens.cache_read)),
        KeyValue::new("gen_ai.usage.cache_creation.input_tokens", whole(written)),
    ];
    if let Some(model) = record.model_id {
        attributes.push(KeyValue::new("gen_ai.response.model", model));
    }
    if let Some(reason) = &record.stop_reason {
        let reasons = vec![StringValue::from(reason.clone())];
        attributes.push(KeyValue::new(
            "gen_ai.response.finish_reasons",
            Value::Array(Array::String(reasons)),
        ));
    }
    if let Some(session) = &record.session_id {
        attributes.push(KeyValue::new("gen_ai.conversation.id", session.clone()));
    }
    if let Some(millis) = record.first_token_ms {
        attributes.push(KeyValue::new("ccag.first_token_ms", i64::from(millis)));
    }
    attributes.extend(record.error_type.map(|error| KeyValue::new("error.type", error)));
    attributes
}

/// What has become of a request.
pub(super) fn request(record: &UsageRecord) -> Vec<KeyValue> {
    let mut attributes = vec![
        KeyValue::new("http.response.status_code", i64::from(record.status)),
        KeyValue::new("ccag.request_id", record.request_id.clone()),
        KeyValue::new("ccag.cost_dollars", record.cost_nanos as f64 / 1e9),
    ];
    let outcome = crate::domain::usage::Outcome::NAMES.get(record.outcome.place()).copied();
    attributes.extend(outcome.map(|outcome| KeyValue::new("ccag.outcome", outcome)));
    for (name, id) in [
        ("user.id", record.user_id),
        ("ccag.team_id", record.team_id),
        ("ccag.key_id", record.key_id),
    ] {
        attributes.extend(id.map(|id| KeyValue::new(name, id.to_string())));
    }
    attributes.extend(record.error_type.map(|error| KeyValue::new("error.type", error)));
    attributes
}

fn whole(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
