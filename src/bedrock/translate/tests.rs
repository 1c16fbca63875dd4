use super::*;
use crate::domain::frame::encode;

fn named(model: &str) -> Names {
    Names::new(model, &[])
}

pub(super) fn chunk_frame(event: &str) -> Vec<u8> {
    let headers = [
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    let mut out = Vec::new();
    encode(&mut out, &headers, &chunk::encode(event.as_bytes(), "abc"));
    out
}

fn exception_frame(name: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let headers = [(":exception-type", name), (":message-type", "exception")];
    encode(&mut out, &headers, br#"{"message":"no"}"#);
    out
}

const EVENTS: [&str; 6] = [
    r#"{"type":"message_start","message":{"model":"claude-x","id":"msg_1","usage":{"input_tokens":3}}}"#,
    r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
    r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"héllo \n"}}"#,
    r#"{"type":"content_block_stop","index":0}"#,
    r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":9}}"#,
    r#"{"type":"message_stop","amazon-bedrock-invocationMetrics":{"inputTokenCount":3}}"#,
];

fn translated(chunks: &[&[u8]]) -> (String, Result<(), ApiError>) {
    let mut translator = Translator::new(named("opus \"x\""), false);
    let (mut out, mut answer) = (BytesMut::new(), Answer::default());
    let ended = chunks
        .iter()
        .try_for_each(|chunk| translator.push(chunk, &mut answer, &mut out))
        .and_then(|()| translator.finish(&answer));
    (String::from_utf8(out.to_vec()).unwrap(), ended)
}

fn stream() -> Vec<u8> {
    EVENTS.iter().flat_map(|event| chunk_frame(event)).collect()
}

#[test]
fn events_pass_unchanged_but_for_the_model_and_the_metrics() {
    let (sse, ended) = translated(&[&stream()]);
    let expected = [
        EVENTS[0].replace("\"claude-x\"", r#""opus \"x\"""#),
        EVENTS[1].to_owned(),
        EVENTS[2].to_owned(),
        EVENTS[3].to_owned(),
        EVENTS[4].to_owned(),
        r#"{"type":"message_stop"}"#.to_owned(),
    ];
    let kinds = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ];
    let expected: String =
        kinds.iter().zip(expected).map(|(k, e)| format!("event: {k}\ndata: {e}\n\n")).collect();
    assert_eq!(sse, expected);
    assert_eq!(ended, Ok(()));
}

#[test]
fn every_cut_gives_the_same_text() {
    let stream = stream();
    let whole = translated(&[&stream]);
    for at in 0..stream.len() {
        assert_eq!(translated(&[&stream[..at], &stream[at..]]), whole, "cut at {at}");
    }
}

#[test]
fn every_truncation_is_noticed() {
    let stream = stream();
    for at in 0..stream.len() {
        assert!(translated(&[&stream[..at]]).1.is_err(), "truncated at {at}");
    }
}

#[test]
fn metrics_in_an_event_of_their_own_are_counted_and_dropped() {
    let alone = chunk_frame(r#"{"amazon-bedrock-invocationMetrics":{"outputTokenCount":77}}"#);
    let mut translator = Translator::new(named("m"), false);
    let (mut out, mut answer) = (BytesMut::new(), Answer::default());
    translator.push(&[stream(), alone].concat(), &mut answer, &mut out).unwrap();
    assert_eq!(translator.finish(&answer), Ok(()));
    assert_eq!(answer.tokens().0.output, 77);
    assert!(!String::from_utf8_lossy(&out).contains("Metrics"));
}

#[test]
fn exceptions_are_typed() {
    let bytes = [chunk_frame(EVENTS[0]), exception_frame("throttlingException")].concat();
    let (sse, ended) = translated(&[&bytes]);
    assert!(sse.starts_with("event: message_start"));
    assert_eq!(ended.unwrap_err().kind, ErrorKind::RateLimit);
}

#[test]
fn line_breaks_and_odd_types_cannot_forge_events() {
    let (sse, _) = translated(&[&chunk_frame("{\"type\":\"ping\",\n\"x\":\r1}")]);
    assert_eq!(sse, "event: ping\ndata: {\"type\":\"ping\", \"x\": 1}\n\n");
    assert!(translated(&[&chunk_frame(r#"{"type":"a\nb"}"#)]).1.is_err());
}

#[test]
fn a_whole_answer_keeps_its_bytes_but_for_the_model() {
    let body = br#"{ "id":"msg_1", "type":"message", "model" : "claude-x", "content":[{"type":"tool_use","name":"Read","input":{"model":1}}],"usage":{"input_tokens":1,"output_tokens":2},"stop_reason":"tool_use"}"#;
    let mut answer = Answer::default();
    let out = whole(body, &named("opus"), &mut answer).unwrap();
    let expected = String::from_utf8_lossy(body).replace("\"claude-x\"", "\"opus\"");
    assert_eq!(String::from_utf8_lossy(&out), expected);
    assert_eq!(answer.tokens().0.output, 2);
    for other in [&b"<html>"[..], br#"{"Output":{"__type":"UnknownOperationException"}}"#] {
        assert!(whole(other, &named("opus"), &mut Answer::default()).is_err());
    }
}

#[test]
fn deltas_are_counted_whatever_the_order_of_their_members() {
    let text = "x".repeat(400);
    for event in [
        format!(r#"{{"type":"content_block_delta","index":0,"delta":{{"text":"{text}"}}}}"#),
        format!(r#"{{"delta":{{"text":"{text}"}},"index":0,"type":"content_block_delta"}}"#),
    ] {
        let (mut out, mut answer) = (BytesMut::new(), Answer::default());
        Translator::new(named("m"), false)
            .push(&chunk_frame(&event), &mut answer, &mut out)
            .unwrap();
        assert!(answer.has_begun() && answer.tokens().0.output > 90, "{event}");
    }
}

#[test]
fn aliases_come_back_as_the_ids_they_stand_for() {
    let aliases = [Alias { alias: "toolu_ccag_1".to_owned(), id: "call:\"1\"".to_owned() }];
    let names = Names::new("m", &aliases);
    let event = r#"{"type":"content_block_start","index":0,"content_block":{"type":"server_tool_use","id":"s","caller":{"tool_id":"toolu_ccag_1"},"name":"n"}}"#;
    let (mut out, mut answer) = (BytesMut::new(), Answer::default());
    Translator::new(names.clone(), false).push(&chunk_frame(event), &mut answer, &mut out).unwrap();
    let sse = String::from_utf8(out.to_vec()).unwrap();
    assert_eq!(
        sse,
        format!(
            "event: content_block_start\ndata: {}\n\n",
            event.replace("\"toolu_ccag_1\"", r#""call:\"1\"""#)
        )
    );
    let body =
        br#"{"type":"message","content":[{"type":"tool_use","id":"toolu_ccag_1","name":"toolu_ccag_12"}]}"#;
    let whole = whole(body, &names, &mut Answer::default()).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&whole),
        r#"{"type":"message","content":[{"type":"tool_use","id":"call:\"1\"","name":"toolu_ccag_12"}]}"#
    );
}
