//! What a guardrail did to an answer. Bedrock puts its own text in the place of what it blocked and ends
//! the answer like any other; here it becomes a refusal, which clients know, with the sentence by
//! which the turn is found again.

use std::borrow::Cow;

use bytes::BytesMut;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Members, OWN_MEMBERS, replaced, sse, without};
use crate::domain::answer::{Intervention, WireEvent};
use crate::domain::guardrail::STOPPED;

/// The stop reason that Bedrock has for it in some answers.
const INTERVENED: &str = "guardrail_intervened";
const REFUSAL: &str = r#""refusal""#;

/// What is known of the guardrail of one stream.
#[derive(Default)]
pub(super) struct Guard {
    /// Whether one was asked for.
    watches: bool,
    stopped: bool,
    /// The index of the next content block.
    next: u64,
}

impl Guard {
    /// A guard that expects a guardrail to be heard of, or not.
    pub(super) fn new(watches: bool) -> Self {
        Self { watches, ..Self::default() }
    }

    /// Whether the last event may tell what a guardrail did.
    pub(super) fn watches(&self) -> bool {
        self.watches
    }

    /// Whether an event may have members of its own although it is a mere piece of text.
    pub(super) fn suspects(&self, event: &[u8]) -> bool {
        self.watches && memchr::memmem::find(event, OWN_MEMBERS.as_bytes()).is_some()
    }

    /// Takes in an event; true once the turn is known to be stopped.
    pub(super) fn sees(&mut self, event: &WireEvent<'_>) -> bool {
        if let Some(index) = event.index {
            self.next = self.next.max(index.saturating_add(1));
        }
        self.stopped |= has_stopped(event.intervention(), event.stop_reason());
        self.stopped
    }

    /// Writes a `message_delta`, as a refusal where the turn was stopped.
    pub(super) fn ends(&self, delta: &[u8], out: &mut BytesMut) {
        if !self.stopped {
            return sse(out, "message_delta", delta);
        }
        let index = self.next;
        let block = json!({"type": "text", "text": ""});
        let text = json!({"type": "text_delta", "text": STOPPED});
        for event in [
            json!({"type": "content_block_start", "index": index, "content_block": block}),
            json!({"type": "content_block_delta", "index": index, "delta": text}),
            json!({"type": "content_block_stop", "index": index}),
        ] {
            let kind = event.get("type").and_then(|kind| kind.as_str()).unwrap_or_default();
            sse(out, kind, event.to_string().as_bytes());
        }
        sse(out, "message_delta", &as_refusal(delta));
    }
}

#[derive(Deserialize)]
struct Ending<'a> {
    #[serde(borrow)]
    delta: Delta<'a>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    stop_reason: &'a RawValue,
}

fn as_refusal(delta: &[u8]) -> Cow<'_, [u8]> {
    match serde_json::from_slice::<Ending<'_>>(delta) {
        Ok(ending) => replaced(delta, ending.delta.stop_reason, REFUSAL),
        Err(_) => Cow::Borrowed(delta),
    }
}

/// Whether a guardrail stopped the turn of an answer, or of a part of one.
pub(super) fn has_stopped(told: Intervention<'_>, stop_reason: Option<&str>) -> bool {
    told.stops() || stop_reason == Some(INTERVENED)
}

/// A whole answer as a refusal.
pub(super) fn refusal(body: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    let body = without(None, body);
    let Ok(Members(members)) = serde_json::from_slice::<Members<'_>>(&body) else { return body };
    let mark = json!({"type": "text", "text": STOPPED}).to_string();
    let written = members.iter().map(|(key, value)| {
        let value = match &**key {
            "stop_reason" => Cow::Borrowed(REFUSAL),
            "content" => Cow::Owned(with_last(value.get(), &mark)),
            _ => Cow::Borrowed(value.get()),
        };
        format!("{}:{value}", serde_json::Value::from(&**key))
    });
    let written = format!("{{{}}}", written.collect::<Vec<_>>().join(","));
    Cow::Owned(written.into_bytes())
}

/// A list with one more item at its end.
fn with_last(list: &str, item: &str) -> String {
    let Some(open) = list.trim_end().strip_suffix(']') else { return list.to_owned() };
    let comma = if open.trim_end().ends_with('[') { "" } else { "," };
    format!("{open}{comma}{item}]")
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::tests::chunk_frame;
    use super::super::{Names, Translator, whole};
    use super::*;
    use crate::domain::answer::Answer;

    const START: &str = r#"{"type":"message_start","message":{"type":"message","model":"x","content":[],"usage":{"input_tokens":1,"output_tokens":1}}}"#;
    const BLOCK: [&str; 3] = [
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Sorry."},"amazon-bedrock-guardrailAction":"INTERVENED"}"#,
        r#"{"type":"content_block_stop","index":0}"#,
    ];
    const DELTA: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}"#;

    fn told(action: &str, trace: &str) -> String {
        format!(
            r#""amazon-bedrock-guardrailAction":"{action}","amazon-bedrock-trace":{{"guardrail":{{"action":"{trace}"}}}}"#
        )
    }

    /// What the client gets, and the stop reason on record.
    fn streamed(deltas: &[&str], stop: &str) -> (Vec<Value>, Option<String>) {
        let mut translator = Translator::new(Names::new("m", &[]), true);
        let (mut out, mut answer) = (BytesMut::new(), Answer::default());
        for event in [START, BLOCK[0]].iter().chain(deltas).chain([&BLOCK[2], &DELTA, &stop]) {
            translator.push(&chunk_frame(event), &mut answer, &mut out).unwrap();
        }
        translator.finish(&answer).unwrap();
        let text = String::from_utf8(out.to_vec()).unwrap();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let events = data.map(|data| serde_json::from_str(data).unwrap()).collect();
        (events, answer.ending().0)
    }

    #[test]
    fn a_stream_that_was_stopped_ends_as_a_refusal_whose_turn_is_marked() {
        let plain = BLOCK[1].replace(r#","amazon-bedrock-guardrailAction":"INTERVENED""#, "");
        let last = format!(r#"{{"type":"message_stop",{}}}"#, told("INTERVENED", "BLOCKED"));
        let early = r#"{"type":"message_stop"}"#;
        for (delta, stop) in [(plain.as_str(), last.as_str()), (BLOCK[1], early)] {
            let (events, reason) = streamed(&[delta], stop);
            let kinds: Vec<_> =
                events.iter().map(|event| event["type"].as_str().unwrap()).collect();
            let block = ["content_block_start", "content_block_delta", "content_block_stop"];
            let expected =
                [&["message_start"][..], &block, &block, &["message_delta", "message_stop"]]
                    .concat();
            assert_eq!(kinds, expected);
            assert_eq!(events[5]["index"], 1);
            assert_eq!(events[5]["delta"]["text"], STOPPED);
            assert_eq!(events[7]["delta"]["stop_reason"], "refusal");
            assert_eq!(events[7]["usage"]["output_tokens"], 3);
            assert_eq!(reason.as_deref(), Some("refusal"));
            assert!(!events.iter().any(|event| event.to_string().contains("amazon-bedrock")));
        }
    }

    #[test]
    fn a_guardrail_that_does_nothing_or_only_masks_leaves_the_answer_as_it_is() {
        for (action, trace) in [("NONE", "NONE"), ("INTERVENED", "ANONYMIZED")] {
            let stop = format!(r#"{{"type":"message_stop",{}}}"#, told(action, trace));
            let delta = BLOCK[1].replace(r#","amazon-bedrock-guardrailAction":"INTERVENED""#, "");
            let (events, reason) = streamed(&[&delta], &stop);
            assert_eq!(events.len(), 6, "{events:?}");
            assert_eq!(events[4]["delta"]["stop_reason"], "end_turn");
            assert_eq!(events[5].to_string(), r#"{"type":"message_stop"}"#);
            assert_eq!(reason.as_deref(), Some("end_turn"));
        }
    }

    #[test]
    fn a_whole_answer_becomes_a_refusal_too() {
        for content in [r#"[{"type":"text","text":"Sorry."}]"#, "[]"] {
            let body = format!(
                r#"{{"type":"message","model":"x","content":{content},"stop_reason":"end_turn",{}}}"#,
                told("INTERVENED", "BLOCKED")
            );
            let mut answer = Answer::default();
            let out = whole(body.as_bytes(), &Names::new("m", &[]), &mut answer).unwrap();
            let message: Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(message["stop_reason"], "refusal");
            assert_eq!(message["model"], "m");
            let last = message["content"].as_array().unwrap().last().unwrap();
            assert_eq!(last["text"], STOPPED);
            assert!(!String::from_utf8(out).unwrap().contains("amazon-bedrock"));
            assert_eq!(answer.ending().0.as_deref(), Some("refusal"));
        }
    }
}
