use serde_json::{Value, json};

use super::*;

fn told(body: &Value) -> Answer {
    answer(body.as_object().unwrap(), "seed")
}

fn text(answer: &Answer) -> &str {
    match answer.blocks.last() {
        Some(Block::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn said(messages: Value) -> Value {
    let tool = |name: &str, fields: Value| json!({"name": name, "input_schema": {"type": "object", "properties": fields}});
    json!({
        "max_tokens": 4096,
        "system": "Working directory: /tmp/p",
        "messages": messages,
        "tools": [
            tool("Write", json!({"file_path": {}, "content": {}})),
            tool("Read", json!({"file_path": {}})),
            tool("web_search", json!({"query": {}})),
        ],
    })
}

#[test]
fn a_question_is_quoted_and_earlier_turns_are_remembered() {
    let one = told(&said(json!([{"role": "user", "content": "What is up?"}])));
    assert!(text(&one).contains("simulated Bedrock") && text(&one).contains("What is up?"));
    assert!(!text(&one).contains("continued conversation"));
    let more = told(&said(json!([
        {"role": "user", "content": "What is up?"},
        {"role": "assistant", "content": "x"},
        {"role": "user", "content": "And now?"},
    ])));
    assert!(text(&more).contains("continued conversation: you spoke 1 time(s)"));
    assert!(text(&more).contains("What is up?") && text(&more).contains("And now?"));
    assert_eq!(more.stop_reason, "end_turn");
}

/// Plays client: answers each tool call with `results` in turn and returns the calls and the last answer.
fn looped(prompt: &str, results: &[Value]) -> (Vec<(String, Value)>, Answer) {
    let mut messages = vec![json!({"role": "user", "content": prompt})];
    let mut calls = Vec::new();
    for result in results {
        let answer = told(&said(json!(messages)));
        assert_eq!(answer.stop_reason, "tool_use");
        let Some(Block::ToolUse { id, name, input }) = answer.blocks.last().cloned() else {
            panic!("{answer:?}");
        };
        // Ids are unique on the wire; here they need only be unique in the conversation.
        let id = format!("{id}{}", calls.len());
        messages.push(json!({"role": "assistant", "content": [{"type": "tool_use", "id": id, "name": name, "input": input}]}));
        let mut block = result.clone();
        block["type"] = json!("tool_result");
        block["tool_use_id"] = json!(id);
        messages.push(json!({"role": "user", "content": [block]}));
        calls.push((name, input));
    }
    (calls, told(&said(json!(messages))))
}

#[test]
fn a_file_is_written_and_read_back() {
    let results = [json!({"content": "written"}), json!({"content": "     1→hello"})];
    let (calls, last) = looped("write \"hello\" to note.txt and read it back", &results);
    let write = json!({"file_path": "/tmp/p/note.txt", "content": "hello"});
    let read = json!({"file_path": "/tmp/p/note.txt"});
    assert_eq!(calls, [("Write".to_owned(), write), ("Read".to_owned(), read)]);
    assert!(text(&last).contains("It says: \"hello\""));
    let refused = [json!({"content": "not allowed", "is_error": true})];
    let (_, last) = looped("write \"hello\" to note.txt", &refused);
    assert!(text(&last).contains("The tool Write failed: not allowed"));
}

#[test]
fn searches_and_forced_tools_are_called() {
    let (calls, last) = looped("Search the web for actix", &[json!({"content": "a page"})]);
    assert_eq!(calls, [("web_search".to_owned(), json!({"query": "actix"}))]);
    assert!(text(&last).contains("a page"));
    let mut body = said(json!([{"role": "user", "content": "go"}]));
    body["tool_choice"] = json!({"type": "tool", "name": "Read"});
    let forced = told(&body);
    assert!(matches!(&forced.blocks[..], [Block::ToolUse { name, .. }] if name == "Read"));
}

#[test]
fn thinking_comes_first_with_a_signature_and_as_asked() {
    let mut body = said(json!([{"role": "user", "content": "go"}]));
    body["thinking"] = json!({"type": "adaptive", "display": "omitted"});
    let omitted = told(&body);
    let Block::Thinking { text, signature } = &omitted.blocks[0] else { panic!("{omitted:?}") };
    assert!(text.is_empty() && signature::holds(signature, text));
    body["thinking"] = json!({"type": "enabled", "budget_tokens": 1024});
    let Block::Thinking { text, signature } = &told(&body).blocks[0] else { panic!() };
    assert!(text.contains("go") && signature::holds(signature, text));
}

#[test]
fn limits_and_stop_sequences_end_the_text() {
    let mut body = said(json!([{"role": "user", "content": "count slowly"}]));
    body["max_tokens"] = json!(10);
    let cut = told(&body);
    assert_eq!((cut.stop_reason, text(&cut).len()), ("max_tokens", 40));
    body["max_tokens"] = json!(4096);
    body["stop_sequences"] = json!(["never", " 7 "]);
    let stopped = told(&body);
    assert_eq!(
        (stopped.stop_reason, stopped.stop_sequence.as_deref()),
        ("stop_sequence", Some(" 7 "))
    );
    assert!(text(&stopped).ends_with("6"));
    body["stop_sequences"] = json!([]);
    assert!(text(&told(&body)).split(' ').count() > 500);
}
