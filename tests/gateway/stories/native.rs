//! Bedrock's own routes: the same service in Bedrock's form.

use base64_simd::STANDARD;
use ccag::domain::{chunk, frame};
use serde_json::{Value, json};

use crate::support::answers;
use crate::support::client::{Reply, Request};
use crate::support::gateway::KEY;
use crate::support::rows;
use crate::support::upstream::Script;
use crate::support::world::World;

const PROFILE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1%3A0";

fn body() -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31", "max_tokens": 64,
        "messages": [{ "role": "user", "content": "Good day" }],
    })
}

fn call(operation: &str, body: &Value) -> Request {
    Request::post(&format!("/model/{PROFILE}/{operation}")).bearer(KEY).body(body.to_string())
}

/// The frames of a reply: kind, name and payload.
fn frames(reply: &Reply) -> Vec<(String, String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut decoder = frame::Decoder::default();
    decoder
        .decode::<frame::FrameError>(&reply.body, |frame| {
            let (kind, name) = match frame.kind {
                frame::Kind::Event(name) => ("event", name),
                frame::Kind::Exception(name) => ("exception", name),
                _ => ("other", ""),
            };
            found.push((kind.to_owned(), name.to_owned(), frame.payload.to_vec()));
            Ok(())
        })
        .unwrap();
    assert!(decoder.is_empty(), "half a frame at the end");
    found
}

#[track_caller]
fn refused(reply: &Reply, status: u16, exception: &str) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.header("x-amzn-errortype"), exception);
    assert!(!reply.json()["message"].as_str().unwrap().is_empty(), "{}", reply.text());
}

#[test]
fn a_whole_answer_is_as_bedrock_gives_it_and_counted() {
    let world = World::start();
    let reply = call("invoke", &body()).send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["model"], "claude-sonnet-4-5-20250929");
    let [input, read, write_5m, write_1h] = answers::TOKENS;
    for (name, count) in [
        ("input-token-count", input),
        ("output-token-count", 4),
        ("cache-read-input-token-count", read),
        ("cache-write-input-token-count", write_5m + write_1h),
    ] {
        let name = format!("x-amzn-bedrock-{name}");
        assert_eq!(reply.header(&name), count.to_string(), "{name}");
    }
    let sent = world.upstream.exchange(0);
    assert!(sent.head.start.contains(PROFILE), "{}", sent.head.start);
    assert!(sent.json().get("stream").is_none() && sent.json().get("model").is_none());
    let row = rows::row(&world.database, &reply.request_id());
    assert_eq!(row["outcome"].as_deref(), Some("completed"));
    assert_eq!(row["streaming"].as_deref(), Some("f"));
}

#[test]
fn a_stream_comes_in_frames_with_every_event() {
    let world = World::start();
    let reply = call("invoke-with-response-stream", &body()).send(world.address());
    assert_eq!(reply.header("content-type"), "application/vnd.amazon.eventstream");
    let frames = frames(&reply);
    assert!(frames.iter().all(|(kind, name, _)| kind == "event" && name == "chunk"));
    let mut scratch = Vec::new();
    let events: Vec<Value> = frames
        .iter()
        .map(|(.., payload)| {
            serde_json::from_slice(chunk::decode(payload, &mut scratch).unwrap()).unwrap()
        })
        .collect();
    let kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds[0], kinds[kinds.len() - 1]), ("message_start", "message_stop"));
    assert_eq!(kinds.len(), answers::whole(2).len());
    assert_eq!(events[0]["message"]["model"], "claude-sonnet-4-5-20250929");
    let metrics = &events[events.len() - 1]["amazon-bedrock-invocationMetrics"];
    let [input, read, write_5m, write_1h] = answers::TOKENS;
    for (name, count) in [
        ("inputTokenCount", input),
        ("outputTokenCount", 2),
        ("cacheReadInputTokenCount", read),
        ("cacheWriteInputTokenCount", write_5m + write_1h),
    ] {
        assert_eq!(metrics[name], count, "{metrics}");
    }
    assert!(metrics["invocationLatency"].as_u64() >= metrics["firstByteLatency"].as_u64());
    let row = rows::row(&world.database, &reply.request_id());
    assert_eq!(row["output_tokens"].as_deref(), Some("2"));
}

#[test]
fn a_stream_that_breaks_ends_with_an_exception() {
    let world = World::start();
    let events = [answers::start(), answers::delta("a")];
    world.upstream.next(Script::events(&events).exception("throttlingException").end());
    let reply = call("invoke-with-response-stream", &body()).send(world.address());
    let frames = frames(&reply);
    let (kind, name, payload) = frames.last().unwrap();
    assert_eq!((kind.as_str(), name.as_str()), ("exception", "serviceUnavailableException"));
    assert!(String::from_utf8_lossy(payload).contains("message"));
}

#[test]
fn errors_have_bedrocks_shape() {
    let world = World::start();
    let invoke =
        |body: &str| Request::post(&format!("/model/{PROFILE}/invoke")).bearer(KEY).body(body);
    refused(
        &call("invoke", &body()).without("authorization").send(world.address()),
        403,
        "UnrecognizedClientException",
    );
    refused(&invoke("{").send(world.address()), 400, "ValidationException");
    refused(&invoke(r#"{"messages":[]}"#).send(world.address()), 400, "ValidationException");
    let unknown =
        Request::post("/model/anthropic.claude-9/invoke").bearer(KEY).body(body().to_string());
    refused(&unknown.send(world.address()), 404, "ResourceNotFoundException");
    refused(&call("converse", &body()).send(world.address()), 404, "ResourceNotFoundException");
    world.upstream.next(Script::refusal(429, "ThrottlingException", "Too many requests"));
    let throttled = call("invoke", &body()).send(world.address());
    refused(&throttled, 429, "ThrottlingException");
    assert!(!throttled.header("retry-after").is_empty());
    refused(
        &Request::get("/inference-profiles").send(world.address()),
        403,
        "UnrecognizedClientException",
    );
}

#[test]
fn tokens_are_counted_in_bedrocks_form() {
    let world = World::start();
    world.upstream.next(Script::reply(200, r#"{"inputTokens":42}"#));
    let inner = STANDARD.encode_to_string(body().to_string());
    let count = json!({ "input": { "invokeModel": { "body": inner } } });
    let reply = call("count-tokens", &count).send(world.address());
    assert_eq!((reply.status, reply.json()), (200, json!({ "inputTokens": 42 })));
    let bad = json!({ "input": { "invokeModel": { "body": "%" } } });
    refused(&call("count-tokens", &bad).send(world.address()), 400, "ValidationException");
}

#[test]
fn profiles_are_listed_in_pages_and_found() {
    let world = World::start();
    let get = |path: &str| Request::get(path).x_api_key(KEY).send(world.address());
    let all = get("/inference-profiles?type=SYSTEM_DEFINED&maxResults=1000").json();
    let all = all["inferenceProfileSummaries"].as_array().unwrap().clone();
    assert!(all.len() > 20, "{}", all.len());
    let first = get("/inference-profiles?maxResults=3").json();
    assert_eq!(first["inferenceProfileSummaries"].as_array().unwrap()[..], all[..3]);
    let next = format!(
        "/inference-profiles?maxResults=3&nextToken={}",
        first["nextToken"].as_str().unwrap()
    );
    assert_eq!(get(&next).json()["inferenceProfileSummaries"][0], all[3]);
    let found = get(&format!("/inference-profiles/{PROFILE}")).json();
    assert_eq!(found["status"], "ACTIVE");
    let arn =
        found["inferenceProfileArn"].as_str().unwrap().replace(':', "%3A").replace('/', "%2F");
    assert_eq!(get(&format!("/inference-profiles/{arn}")).json(), found);
    refused(&get("/inference-profiles/us.anthropic.nothing"), 404, "ResourceNotFoundException");
    refused(&get("/inference-profiles?maxResults=0"), 400, "ValidationException");
    assert_eq!(
        get("/inference-profiles?type=APPLICATION").json(),
        json!({ "inferenceProfileSummaries": [] })
    );
}
