//! An answer as Anthropic stream events, and the events as the frames of a Bedrock response stream.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::script::{Answer, Block};
use crate::domain::tokens::Tokens;
use crate::domain::{chunk, frame};

/// Real chunks hide the length of their event behind a random part of this.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// Bytes of a tool's input in one delta.
const INPUT_PART: usize = 24;

/// Who answers, and at what cost.
pub(super) struct Head {
    pub(super) id: String,
    pub(super) model: &'static str,
    pub(super) tokens: Tokens,
    /// What comes beside the answer.
    pub(super) told: Map<String, Value>,
}

impl Head {
    fn usage(&self, output: u64) -> Value {
        let Tokens { input, cache_read, cache_write_5m, cache_write_1h, .. } = self.tokens;
        json!({
            "input_tokens": input,
            "cache_creation_input_tokens": cache_write_5m + cache_write_1h,
            "cache_read_input_tokens": cache_read,
            "cache_creation": {
                "ephemeral_5m_input_tokens": cache_write_5m,
                "ephemeral_1h_input_tokens": cache_write_1h,
            },
            "output_tokens": output,
        })
    }

    /// What InvokeModel answers with.
    pub(super) fn message(&self, answer: &Answer) -> Value {
        let content: Vec<Value> = answer.blocks.iter().map(whole).collect();
        self.beside(json!({
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": answer.stop_reason,
            "stop_sequence": answer.stop_sequence,
            "usage": self.usage(self.tokens.output),
        }))
    }

    /// The events of the answer, all but the last.
    pub(super) fn events(&self, answer: &Answer) -> Vec<Value> {
        let start = json!({"type": "message_start", "message": {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": null,
            "stop_sequence": null,
            "usage": self.usage(1),
        }});
        let mut events = vec![start];
        for (index, block) in answer.blocks.iter().enumerate() {
            events.push(json!({"type": "content_block_start", "index": index, "content_block": empty(block)}));
            let delta =
                |delta| json!({"type": "content_block_delta", "index": index, "delta": delta});
            events.extend(deltas(block).into_iter().map(delta));
            events.push(json!({"type": "content_block_stop", "index": index}));
        }
        events.push(json!({
            "type": "message_delta",
            "delta": {"stop_reason": answer.stop_reason, "stop_sequence": answer.stop_sequence},
            "usage": self.usage(self.tokens.output),
        }));
        events
    }

    /// The last event, with the metrics that Bedrock adds to it.
    pub(super) fn stop(&self, first_byte: Duration, whole: Duration) -> Value {
        self.beside(json!({"type": "message_stop", "amazon-bedrock-invocationMetrics": {
            "inputTokenCount": self.tokens.input,
            "outputTokenCount": self.tokens.output,
            "cacheReadInputTokenCount": self.tokens.cache_read,
            "cacheWriteInputTokenCount": self.tokens.cache_write_5m + self.tokens.cache_write_1h,
            "firstByteLatency": milliseconds(first_byte),
            "invocationLatency": milliseconds(whole),
        }}))
    }

    fn beside(&self, mut answer: Value) -> Value {
        if let Some(members) = answer.as_object_mut() {
            members.extend(self.told.clone());
        }
        answer
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn whole(block: &Block) -> Value {
    match block {
        Block::Thinking { text, signature } => {
            json!({"type": "thinking", "thinking": text, "signature": signature})
        }
        Block::Text(text) => json!({"type": "text", "text": text}),
        Block::ToolUse { id, name, input } => {
            json!({"type": "tool_use", "id": id, "name": name, "input": input})
        }
    }
}

fn empty(block: &Block) -> Value {
    match block {
        Block::Thinking { .. } => json!({"type": "thinking", "thinking": "", "signature": ""}),
        Block::Text(_) => json!({"type": "text", "text": ""}),
        Block::ToolUse { id, name, .. } => {
            json!({"type": "tool_use", "id": id, "name": name, "input": {}})
        }
    }
}

fn deltas(block: &Block) -> Vec<Value> {
    match block {
        Block::Thinking { text, signature } => {
            let words = text.split_inclusive(' ');
            let words = words.map(|word| json!({"type": "thinking_delta", "thinking": word}));
            let signature = json!({"type": "signature_delta", "signature": signature});
            words.chain([signature]).collect()
        }
        Block::Text(text) => text
            .split_inclusive(' ')
            .map(|word| json!({"type": "text_delta", "text": word}))
            .collect(),
        Block::ToolUse { input, .. } => {
            let json = input.to_string();
            let parts = parts(&json, INPUT_PART);
            let parts = [""].into_iter().chain(parts);
            parts.map(|part| json!({"type": "input_json_delta", "partial_json": part})).collect()
        }
    }
}

/// Cuts `text` into parts of about `size` bytes, never inside a character.
fn parts(text: &str, size: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((part, left)) = rest.split_at_checked(rest.ceil_char_boundary(size)) {
        if part.is_empty() {
            break;
        }
        parts.push(part);
        rest = left;
    }
    parts
}

/// The frame of one event.
pub(super) fn frame(event: &Value) -> Vec<u8> {
    let event = event.to_string();
    let length = crc32fast::hash(event.as_bytes()) as usize % PADDING.len();
    let payload = chunk::encode(event.as_bytes(), PADDING.get(..length).unwrap_or_default());
    let headers = [
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    encoded(&headers, &payload)
}

/// The frame of an exception in mid-stream; `kind` in lowerCamelCase.
pub(super) fn exception(kind: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":exception-type", kind),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    encoded(&headers, payload.to_string().as_bytes())
}

fn encoded(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 160);
    frame::encode(&mut out, headers, payload);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deltas_put_together_are_the_block() {
        let input = json!({"file_path": "/tmp/ä.txt", "content": "ünï ".repeat(30)});
        let call =
            Block::ToolUse { id: "t".to_owned(), name: "Write".to_owned(), input: input.clone() };
        let joined: String = deltas(&call)
            .iter()
            .map(|delta| delta["partial_json"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(serde_json::from_str::<Value>(&joined).unwrap(), input);
        let text = "one two\n\nthree ";
        let joined: String = deltas(&Block::Text(text.to_owned()))
            .iter()
            .map(|delta| delta["text"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(joined, text);
    }
}
