//! What the gateway learns from an answer while it passes: token counts, stop reason, tools, and
//! whether it is whole.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::tokens::Tokens;

/// Tool names remembered of one answer.
const MAX_TOOLS: usize = 32;
/// Bytes of a delta event that are not generated text.
const DELTA_OVERHEAD: usize = 80;
/// Bytes of text per token, for the estimate of answers that broke off.
const BYTES_PER_TOKEN: usize = 4;

/// Token counts as the wire has them; cumulative, and each may be absent.
#[derive(Debug, Default, Deserialize)]
pub struct WireUsage {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_creation: Option<WireCacheCreation>,
    server_tool_use: Option<WireServerTools>,
}

#[derive(Debug, Default, Deserialize)]
struct WireServerTools {
    #[serde(default)]
    web_search_requests: u32,
}

#[derive(Debug, Default, Deserialize)]
struct WireCacheCreation {
    #[serde(default)]
    ephemeral_5m_input_tokens: u64,
    #[serde(default)]
    ephemeral_1h_input_tokens: u64,
}

/// Bedrock's own metrics, which come with or after the last event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InvocationMetrics {
    input_token_count: Option<u64>,
    output_token_count: Option<u64>,
    cache_read_input_token_count: Option<u64>,
    cache_write_input_token_count: Option<u64>,
}

/// What Bedrock tells of a guardrail beside an answer, or a part of one.
#[derive(Debug, Clone, Copy)]
pub struct Intervention<'a> {
    action: Option<&'a str>,
    trace: Option<&'a RawValue>,
}

impl Intervention<'_> {
    /// True where Bedrock tells anything of one.
    #[must_use]
    pub fn is_told(self) -> bool {
        self.action.is_some() || self.trace.is_some()
    }

    /// True where it blocked the turn. One that only masks intervenes too, and its trace names no block.
    #[must_use]
    pub fn stops(self) -> bool {
        let intervened = self.action.is_some_and(|action| action.ends_with("INTERVENED"));
        let names_a_block = |trace: &RawValue| {
            memchr::memmem::find(trace.get().as_bytes(), b"\"BLOCKED\"").is_some()
        };
        intervened && self.trace.is_none_or(names_a_block)
    }
}

/// A whole answer (`InvokeModel`), as far as it is read.
#[derive(Debug, Deserialize)]
pub struct WholeMessage<'a> {
    /// `message`; anything else is none.
    #[serde(rename = "type", borrow)]
    pub kind: Option<Cow<'a, str>>,
    /// The model, as it stands in the text.
    #[serde(borrow)]
    pub model: Option<&'a RawValue>,
    usage: Option<WireUsage>,
    /// Why the model stopped.
    pub stop_reason: Option<String>,
    #[serde(rename = "amazon-bedrock-guardrailAction", borrow)]
    action: Option<Cow<'a, str>>,
    #[serde(rename = "amazon-bedrock-trace", borrow)]
    trace: Option<&'a RawValue>,
    #[serde(default, borrow)]
    content: Vec<WireBlock<'a>>,
}

#[derive(Debug, Deserialize)]
struct WireBlock<'a> {
    #[serde(rename = "type", borrow)]
    kind: Option<Cow<'a, str>>,
    name: Option<String>,
}

/// The members of a stream event that are read.
#[derive(Debug, Deserialize)]
pub struct WireEvent<'a> {
    /// The event's type; Bedrock's metrics may come without one.
    #[serde(rename = "type", borrow)]
    pub kind: Option<Cow<'a, str>>,
    /// The message of `message_start`.
    #[serde(borrow)]
    pub message: Option<WholeMessage<'a>>,
    /// Which content block it is about.
    pub index: Option<u64>,
    #[serde(rename = "amazon-bedrock-guardrailAction", borrow)]
    action: Option<Cow<'a, str>>,
    #[serde(rename = "amazon-bedrock-trace", borrow)]
    trace: Option<&'a RawValue>,
    usage: Option<WireUsage>,
    #[serde(borrow)]
    delta: Option<WireDelta<'a>>,
    #[serde(borrow)]
    content_block: Option<WireBlock<'a>>,
    #[serde(rename = "amazon-bedrock-invocationMetrics")]
    metrics: Option<InvocationMetrics>,
}

#[derive(Debug, Deserialize)]
struct WireDelta<'a> {
    #[serde(borrow)]
    stop_reason: Option<Cow<'a, str>>,
}

impl WholeMessage<'_> {
    /// What a guardrail did.
    #[must_use]
    pub fn intervention(&self) -> Intervention<'_> {
        Intervention { action: self.action.as_deref(), trace: self.trace }
    }
}

impl WireEvent<'_> {
    /// What a guardrail did.
    #[must_use]
    pub fn intervention(&self) -> Intervention<'_> {
        Intervention { action: self.action.as_deref(), trace: self.trace }
    }

    /// True where the event has counts of the whole answer.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.usage.is_some() || self.metrics.is_some()
    }

    /// Why the model stopped, where the event tells it.
    #[must_use]
    pub fn stop_reason(&self) -> Option<&str> {
        self.delta.as_ref()?.stop_reason.as_deref()
    }

    /// True where Bedrock's metrics stand in the event.
    #[must_use]
    pub fn has_metrics(&self) -> bool {
        self.metrics.is_some()
    }
}

/// What is known of one answer so far.
#[derive(Debug, Default)]
pub struct Answer {
    tokens: Tokens,
    web_searches: u32,
    generated_bytes: usize,
    deltas: usize,
    stop_reason: Option<String>,
    tools: Vec<String>,
    whole: bool,
}

impl Answer {
    /// Counts a `content_block_delta` of so many bytes.
    pub fn delta(&mut self, bytes: usize) {
        self.deltas += 1;
        self.generated_bytes += bytes.saturating_sub(DELTA_OVERHEAD);
    }

    /// Takes in any other event of a stream.
    pub fn event(&mut self, event: &WireEvent<'_>) {
        if let Some(usage) = event.message.as_ref().and_then(|message| message.usage.as_ref()) {
            self.usage(usage);
        }
        if let Some(usage) = &event.usage {
            self.usage(usage);
        }
        if let Some(metrics) = &event.metrics {
            self.metrics(metrics);
        }
        if let Some(reason) = event.delta.as_ref().and_then(|delta| delta.stop_reason.as_ref()) {
            self.stop_reason = Some(reason.to_string());
        }
        if let Some(block) = &event.content_block {
            self.block(block);
        }
        self.whole |= event.kind.as_deref() == Some("message_stop");
    }

    /// Takes in a whole answer.
    pub fn message(&mut self, message: &WholeMessage<'_>) {
        if let Some(usage) = &message.usage {
            self.usage(usage);
        }
        self.stop_reason.clone_from(&message.stop_reason);
        message.content.iter().for_each(|block| self.block(block));
        self.whole = true;
    }

    /// Takes in that a guardrail stopped the turn.
    pub fn refused(&mut self) {
        self.stop_reason = Some("refusal".to_owned());
    }

    /// True once the answer's end was seen.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// True once generated text was seen.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.deltas > 0
    }

    /// The counts, and whether the output had to be estimated because the answer broke off.
    #[must_use]
    pub fn tokens(&self) -> (Tokens, bool) {
        let estimate = (self.generated_bytes / BYTES_PER_TOKEN).max(self.deltas) as u64;
        if self.whole || self.stop_reason.is_some() || estimate <= self.tokens.output {
            return (self.tokens, false);
        }
        (Tokens { output: estimate, ..self.tokens }, true)
    }

    /// Searches of the web, as the answer counts them.
    #[must_use]
    pub fn web_searches(&self) -> u32 {
        self.web_searches
    }

    /// Why the model stopped, and which tools it called.
    #[must_use]
    pub fn ending(&self) -> (Option<String>, Vec<String>) {
        (self.stop_reason.clone(), self.tools.clone())
    }

    fn block(&mut self, block: &WireBlock<'_>) {
        let called = block.kind.as_deref().is_some_and(|kind| kind.ends_with("tool_use"));
        if let Some(name) = block.name.as_ref().filter(|_| called)
            && self.tools.len() < MAX_TOOLS
            && !self.tools.contains(name)
        {
            self.tools.push(name.clone());
        }
    }

    fn usage(&mut self, usage: &WireUsage) {
        let tokens = &mut self.tokens;
        set(&mut tokens.input, usage.input_tokens);
        set(&mut tokens.output, usage.output_tokens);
        set(&mut tokens.cache_read, usage.cache_read_input_tokens);
        if let Some(tools) = &usage.server_tool_use {
            self.web_searches = tools.web_search_requests;
        }
        if let Some(split) = &usage.cache_creation {
            tokens.cache_write_5m = split.ephemeral_5m_input_tokens;
            tokens.cache_write_1h = split.ephemeral_1h_input_tokens;
        }
        if let Some(written) = usage.cache_creation_input_tokens {
            self.written(written);
        }
    }

    fn metrics(&mut self, metrics: &InvocationMetrics) {
        set(&mut self.tokens.input, metrics.input_token_count);
        set(&mut self.tokens.output, metrics.output_token_count);
        set(&mut self.tokens.cache_read, metrics.cache_read_input_token_count);
        if let Some(written) = metrics.cache_write_input_token_count {
            self.written(written);
        }
    }

    /// A total of cache writes; what the split does not explain was written for 5 minutes.
    fn written(&mut self, total: u64) {
        self.tokens.cache_write_5m = total.saturating_sub(self.tokens.cache_write_1h);
    }
}

fn set(count: &mut u64, value: Option<u64>) {
    if let Some(value) = value {
        *count = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(events: &[&str]) -> Answer {
        let mut answer = Answer::default();
        for event in events {
            answer.event(&serde_json::from_str(event).unwrap());
        }
        answer
    }

    #[test]
    fn counts_of_start_delta_and_stop_are_taken_together() {
        let answer = answer(&[
            r#"{"type":"message_start","message":{"model":"m","usage":{"input_tokens":10,"output_tokens":1,"cache_read_input_tokens":7,"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30}}}}"#,
            r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"Read","input":{}}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":42,"cache_creation_input_tokens":50}}"#,
            r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":10,"outputTokenCount":42,"cacheWriteInputTokenCount":50}}"#,
        ]);
        let expected =
            Tokens { input: 10, output: 42, cache_read: 7, cache_write_5m: 20, cache_write_1h: 30 };
        assert!(answer.is_whole());
        assert_eq!(answer.tokens(), (expected, false));
        assert_eq!(answer.ending(), (Some("tool_use".to_owned()), vec!["Read".to_owned()]));
    }

    #[test]
    fn metrics_alone_give_the_counts() {
        let answer = answer(&[
            r#"{"amazon-bedrock-invocationMetrics":{"inputTokenCount":3,"outputTokenCount":4,"cacheReadInputTokenCount":5,"cacheWriteInputTokenCount":6}}"#,
        ]);
        let expected =
            Tokens { input: 3, output: 4, cache_read: 5, cache_write_5m: 6, cache_write_1h: 0 };
        assert_eq!(answer.tokens().0, expected);
        assert!(!answer.is_whole());
    }

    #[test]
    fn an_answer_that_breaks_off_is_estimated_from_its_text() {
        let mut answer = answer(&[
            r#"{"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1}}}"#,
        ]);
        for _ in 0..10 {
            answer.delta(DELTA_OVERHEAD + 40);
        }
        assert_eq!(answer.tokens(), (Tokens { input: 10, output: 100, ..Tokens::default() }, true));
    }
}
