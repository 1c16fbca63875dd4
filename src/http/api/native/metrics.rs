//! What Bedrock tells of a call beside the answer: counts and times, at the end of a stream and in the
//! headers of a whole answer.

use std::time::{Duration, Instant};

use actix_web::HttpResponseBuilder;
use serde_json::json;

use crate::domain::answer::{Answer, WholeMessage, WireEvent};
use crate::domain::tokens::Tokens;

/// The metrics of one call as they come together.
pub(super) struct Metrics {
    began: Instant,
    first_byte: Duration,
    answer: Answer,
}

impl Metrics {
    /// The metrics of a call that begins now.
    pub(super) fn begin() -> Self {
        Self { began: Instant::now(), first_byte: Duration::ZERO, answer: Answer::default() }
    }

    /// Marks that the answer begins.
    pub(super) fn answered(&mut self) {
        self.first_byte = self.began.elapsed();
    }

    /// Takes in what an event of a stream counts.
    pub(super) fn event(&mut self, data: &[u8]) {
        if let Ok(event) = serde_json::from_slice::<WireEvent<'_>>(data) {
            self.answer.event(&event);
        }
    }

    /// `data`, the last event of a stream, with the metrics as its last member.
    pub(super) fn append_to(&self, data: &[u8]) -> Vec<u8> {
        let tokens = self.tokens();
        let metrics = json!({
            "inputTokenCount": tokens.input,
            "outputTokenCount": tokens.output,
            "invocationLatency": milliseconds(self.began.elapsed()),
            "firstByteLatency": milliseconds(self.first_byte),
            "cacheReadInputTokenCount": tokens.cache_read,
            "cacheWriteInputTokenCount": written(&tokens),
        });
        let open = data.trim_ascii_end().strip_suffix(b"}").unwrap_or(data);
        let member = format!(r#","amazon-bedrock-invocationMetrics":{metrics}}}"#);
        [open, member.as_bytes()].concat()
    }

    /// Tells the metrics of a whole answer.
    pub(super) fn announce(mut self, body: &[u8], response: &mut HttpResponseBuilder) {
        if let Ok(message) = serde_json::from_slice::<WholeMessage<'_>>(body) {
            self.answer.message(&message);
        }
        let tokens = self.tokens();
        for (name, value) in [
            ("x-amzn-bedrock-invocation-latency", milliseconds(self.began.elapsed())),
            ("x-amzn-bedrock-input-token-count", tokens.input),
            ("x-amzn-bedrock-output-token-count", tokens.output),
            ("x-amzn-bedrock-cache-read-input-token-count", tokens.cache_read),
            ("x-amzn-bedrock-cache-write-input-token-count", written(&tokens)),
        ] {
            response.insert_header((name, value));
        }
    }

    fn tokens(&self) -> Tokens {
        self.answer.tokens().0
    }
}

fn written(tokens: &Tokens) -> u64 {
    tokens.cache_write_5m.saturating_add(tokens.cache_write_1h)
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
