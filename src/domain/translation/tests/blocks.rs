use serde_json::json;

use super::translated_under;
use crate::domain::capability::{Feature, OPUS_4_6, Verdicts};

/// The conversation of a request after thinking was refused.
fn without_thinking(messages: serde_json::Value) -> (serde_json::Value, Vec<&'static str>) {
    let mut verdicts = Verdicts::default();
    verdicts.refuse(Feature::ThinkingBlocks);
    let (mut body, adjusted) =
        translated_under(json!({ "messages": messages }), &OPUS_4_6, &[], &verdicts);
    (body["messages"].take(), adjusted)
}

#[test]
fn refused_thinking_goes_and_every_turn_still_says_something() {
    let thinking = json!({"type": "thinking", "thinking": "Hm.", "signature": "s"});
    let redacted = json!({"type": "redacted_thinking", "data": "d"});
    let text = json!({"type": "text", "text": "Yes."});
    let empty = json!({"type": "text", "text": ""});
    let (messages, adjusted) = without_thinking(json!([
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": [thinking, redacted, text, thinking]},
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": [thinking, redacted]},
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": [thinking, empty]},
        {"role": "user", "content": "?"},
    ]));
    let nothing = json!({"type": "text", "text": "(no content)"});
    assert_eq!(messages[1]["content"], json!([text]));
    assert_eq!(messages[3]["content"], json!([nothing]));
    assert_eq!(messages[5]["content"], json!([nothing]));
    assert_eq!(adjusted, ["messages.thinking"]);
}
