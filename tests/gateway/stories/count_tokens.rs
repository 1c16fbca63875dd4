//! Counting tokens: by Bedrock, by estimate, once for the same question, and never at a cost.

use base64_simd::STANDARD;
use serde_json::{Value, json};

use crate::support::answers;
use crate::support::client::{Reply, Request};
use crate::support::gateway::{KEY, Setup};
use crate::support::rows;
use crate::support::upstream::Script;
use crate::support::world::{World, plain};

fn count(model: &str, text: &str) -> Request {
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": text }] });
    Request::post("/v1/messages/count_tokens?beta=true").x_api_key(KEY).body(body.to_string())
}

#[track_caller]
fn tokens(reply: &Reply) -> u64 {
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()["input_tokens"].as_u64().expect("a count")
}

#[test]
fn bedrock_counts_for_the_base_model_and_is_asked_once() {
    let world = World::start();
    world.upstream.otherwise(Script::reply(200, r#"{"inputTokens":42}"#));
    for name in ["claude-sonnet-4-5", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"] {
        let reply = count(name, "Good day").send(world.address());
        assert_eq!((tokens(&reply), reply.head.header("x-ccag-adjusted")), (42, None), "{name}");
    }
    assert_eq!(world.upstream.count(), 1, "the second answer was kept");
    let exchange = world.upstream.exchange(0);
    let path = "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens";
    assert!(exchange.head.start.contains(path), "{}", exchange.head.start);
    let inner = exchange.json()["input"]["invokeModel"]["body"].clone();
    let inner = STANDARD.decode_to_vec(inner.as_str().unwrap()).unwrap();
    let inner: Value = serde_json::from_slice(&inner).unwrap();
    assert_eq!(inner["messages"][0]["content"], "Good day", "{inner}");
    assert!(inner["max_tokens"].is_u64() && inner.get("model").is_none(), "{inner}");
    world.upstream.otherwise(Script::reply(200, &answers::message()));
    assert_eq!(plain().send(world.address()).status, 200);
    let only = rows::usage(&world.database, 1).remove(0);
    assert_eq!(only["outcome"].as_deref(), Some("completed"), "counting is not recorded");
}

#[test]
fn where_bedrock_does_not_count_an_estimate_is_told_as_one() {
    let world = World::start();
    let new = count("claude-opus-5-5", &"x".repeat(4_000)).send(world.address());
    assert_eq!(new.header("x-ccag-adjusted"), "count_tokens");
    assert!((1_000..1_050).contains(&tokens(&new)), "{}", new.text());
    assert_eq!(world.upstream.count(), 0, "a model without a count is not asked");
    let unsupported = r#"{"message":"The provided model doesn't support counting tokens."}"#;
    for answer in [
        Script::reply(400, unsupported),
        Script::reply(429, r#"{"message":"Too many requests"}"#),
        Script::reply(403, r#"{"message":"no"}"#),
        Script::reply(200, "{}"),
    ] {
        world.upstream.otherwise(answer);
        let text = format!("Question {}", world.upstream.count());
        let reply = count("claude-sonnet-4-5", &text).send(world.address());
        assert_eq!(reply.header("x-ccag-adjusted"), "count_tokens");
        assert!(tokens(&reply) > 0);
    }
}

#[test]
fn a_prompt_that_is_wrong_is_refused_as_messages_refuses_it() {
    let world = World::start();
    let wrong = Request::post("/v1/messages/count_tokens").x_api_key(KEY);
    wrong.clone().body("{").send(world.address()).assert_error(400, "invalid_request_error");
    wrong
        .body(r#"{"model":"claude-sonnet-4-5"}"#)
        .send(world.address())
        .assert_error(400, "invalid_request_error");
    count("claude-9", "x").send(world.address()).assert_error(404, "not_found_error");
    let nobody = count("claude-sonnet-4-5", "x").without("x-api-key");
    nobody.send(world.address()).assert_error(401, "authentication_error");
    world.upstream.otherwise(Script::reply(400, r#"{"message":"messages.0: bad"}"#));
    let told = count("claude-sonnet-4-5", "x").send(world.address());
    told.assert_error(400, "invalid_request_error");
}

#[test]
fn estimates_are_near_the_counts_of_the_simulator() {
    let simulator = ccag::simulator::Simulator::start(ccag::simulator::Options {
        port: 0,
        delta_interval: std::time::Duration::ZERO,
    });
    let simulator = simulator.expect("the simulator starts");
    let database = crate::support::database::Database::create();
    let gateway = Setup::new(&database.url(), &simulator.address().to_string())
        .env("AWS_ACCESS_KEY_ID", ccag::simulator::ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", ccag::simulator::SECRET_ACCESS_KEY)
        .start();
    // The simulator verifies each signature, so what is served was signed right.
    for stream in [false, true] {
        let body = json!({ "model": "claude-sonnet-4-5", "max_tokens": 64, "stream": stream,
            "messages": [{ "role": "user", "content": "Good day" }] });
        let request = Request::post("/v1/messages").x_api_key(KEY).body(body.to_string());
        assert_eq!(request.send(&gateway.address).status, 200);
    }
    let mut compared = 0;
    for (name, mut body) in recorded() {
        let mut ask = |model: &str| {
            body["model"] = model.into();
            let request = Request::post("/v1/messages/count_tokens").x_api_key(KEY);
            request.body(body.to_string()).send(&gateway.address)
        };
        let (counted, estimated) = (ask("claude-sonnet-4-5"), ask("claude-opus-5-5"));
        if counted.head.header("x-ccag-adjusted").is_some()
            || counted.status != 200
            || estimated.status != 200
        {
            continue;
        }
        let (counted, estimated) = (tokens(&counted) as f64, tokens(&estimated) as f64);
        assert!((estimated / counted - 1.0).abs() < 0.1, "{name}: {estimated} for {counted}");
        compared += 1;
    }
    assert!(compared >= 5, "only {compared} fixtures were compared");
}

/// The recorded requests of the real client.
fn recorded() -> Vec<(String, Value)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/claude-code");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the fixtures") {
        let path = entry.expect("an entry").path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
        let body = if value["messages"].is_array() { value } else { value["body"].clone() };
        if body["messages"].is_array() {
            found.push((path.display().to_string(), body));
        }
    }
    found
}

#[test]
fn what_bedrock_refuses_at_a_place_does_not_fail_a_count() {
    let world = World::start();
    let refusal = r#"{"message":"context_management: Extra inputs are not permitted"}"#;
    let body = json!({
        "model": "claude-sonnet-4-5", "messages": [{ "role": "user", "content": "Good day" }],
        "context_management": { "edits": [{ "type": "clear_tool_uses_20250919" }] },
    });
    let request = |path: &str, body: &Value| {
        Request::post(path).x_api_key(KEY).body(body.to_string()).send(world.address())
    };
    world.upstream.next(Script::reply(400, refusal));
    let estimated = request("/v1/messages/count_tokens", &body);
    assert_eq!(estimated.header("x-ccag-adjusted"), "count_tokens");
    let mut whole = body.clone();
    whole["max_tokens"] = json!(64);
    world.upstream.next(Script::reply(400, refusal));
    assert_eq!(request("/v1/messages", &whole).status, 200);
    let before = world.upstream.count();
    world.upstream.next(Script::reply(200, r#"{"inputTokens":42}"#));
    assert_eq!(tokens(&request("/v1/messages/count_tokens", &body)), 42);
    let sent = world.upstream.exchange(before).json();
    let inner = sent["input"]["invokeModel"]["body"].as_str().unwrap();
    let inner = String::from_utf8(STANDARD.decode_to_vec(inner).unwrap()).unwrap();
    assert!(!inner.contains("context_management"), "{inner}");
}
