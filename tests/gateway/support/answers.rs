//! What Bedrock says in the stories, and what the client must see of it.

use ccag::domain::{chunk, frame};

use super::sse::Event;

/// The model as the clients ask for it.
pub(crate) const MODEL: &str = "claude-sonnet-4-5";

/// The tokens of every good answer: input, cache read, cache written for 5 minutes and 1 hour.
pub(crate) const TOKENS: [u64; 4] = [11, 7, 5, 3];

/// The events of a whole answer with `deltas` pieces of text; it counts `deltas` output tokens.
pub(crate) fn whole(deltas: usize) -> Vec<String> {
    let mut events = vec![
        start(),
        r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#
            .to_owned(),
    ];
    events.extend((0..deltas).map(|number| delta(&format!("{number} "))));
    events.push(r#"{"type":"content_block_stop","index":0}"#.to_owned());
    events.push(format!(
        r#"{{"type":"message_delta","delta":{{"stop_reason":"end_turn","stop_sequence":null}},"usage":{{"output_tokens":{deltas}}}}}"#
    ));
    let [input, read, write_5m, write_1h] = TOKENS;
    let write = write_5m + write_1h;
    events.push(format!(
        r#"{{"type":"message_stop","amazon-bedrock-invocationMetrics":{{"inputTokenCount":{input},"outputTokenCount":{deltas},"invocationLatency":900,"firstByteLatency":300,"cacheReadInputTokenCount":{read},"cacheWriteInputTokenCount":{write}}}}}"#
    ));
    events
}

/// `message_start` as Bedrock sends it: its own model name, members in its own order.
pub(crate) fn start() -> String {
    let [input, read, write_5m, write_1h] = TOKENS;
    let write = write_5m + write_1h;
    format!(
        r#"{{"type":"message_start","message":{{"model":"claude-sonnet-4-5-20250929","id":"msg_bdrk_01","type":"message","role":"assistant","content":[],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":{input},"cache_creation_input_tokens":{write},"cache_read_input_tokens":{read},"cache_creation":{{"ephemeral_5m_input_tokens":{write_5m},"ephemeral_1h_input_tokens":{write_1h}}},"output_tokens":1}}}}}}"#
    )
}

/// One piece of text.
pub(crate) fn delta(text: &str) -> String {
    format!(
        r#"{{"type":"content_block_delta","index":0,"delta":{{"type":"text_delta","text":"{text}"}}}}"#
    )
}

/// The answer to a request without streaming.
pub(crate) fn message() -> String {
    let [input, read, write_5m, write_1h] = TOKENS;
    let write = write_5m + write_1h;
    format!(
        r#"{{"model":"claude-sonnet-4-5-20250929","id":"msg_bdrk_02","type":"message","role":"assistant","content":[{{"type":"text","text":"Good  day."}}],"stop_reason":"end_turn","stop_sequence":null,"usage":{{"input_tokens":{input},"cache_creation_input_tokens":{write},"cache_read_input_tokens":{read},"cache_creation":{{"ephemeral_5m_input_tokens":{write_5m},"ephemeral_1h_input_tokens":{write_1h}}},"output_tokens":4}}}}"#
    )
}

/// What a client sees of `text`: its own model name, and no metrics of Bedrock's.
pub(crate) fn as_seen(text: &str) -> String {
    let model = format!(r#""model":"{MODEL}""#);
    let text = text.replace(r#""model":"claude-sonnet-4-5-20250929""#, &model);
    match text.find(r#","amazon-bedrock-invocationMetrics""#) {
        Some(at) => format!("{}}}", &text[..at]),
        None => text,
    }
}

/// The events that a client sees of Bedrock's.
pub(crate) fn all_as_seen(events: &[String]) -> Vec<Event> {
    events
        .iter()
        .map(|event| {
            let parsed: serde_json::Value = serde_json::from_str(event).unwrap();
            Event { name: parsed["type"].as_str().unwrap().to_owned(), data: as_seen(event) }
        })
        .collect()
}

/// A `chunk` frame around one event, padded as Bedrock pads.
pub(crate) fn chunk_frame(event: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let headers = [
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    let padding = "abcdefghijklmnopqrstuvwxyz";
    let payload = chunk::encode(event.as_bytes(), &padding[..event.len() % padding.len()]);
    frame::encode(&mut out, &headers, &payload);
    out
}

/// A frame that ends a stream with an exception.
pub(crate) fn exception_frame(kind: &str, message: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let headers = [
        (":exception-type", kind),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    let payload = serde_json::json!({ "message": message }).to_string();
    frame::encode(&mut out, &headers, payload.as_bytes());
    out
}
