//! Bedrock guardrails: asked for where an endpoint or the client names one, told as refusals, and never in
//! the way of the turns after the one that was stopped.

use serde_json::{Value, json};

use crate::support::client::Request;
use crate::support::endpoints::{admin, endpoint, known, team};
use crate::support::gateway::KEY;
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::World;

const OWN: &[(&str, &str)] =
    &[("BEDROCK_GUARDRAIL_ID", "gr1own"), ("BEDROCK_GUARDRAIL_VERSION", "3")];
const BLOCKED: &str = r#"{"type":"message","role":"assistant","model":"x","content":[{"type":"text","text":"Sorry."}],"stop_reason":"end_turn","usage":{"input_tokens":0,"output_tokens":0},"amazon-bedrock-guardrailAction":"INTERVENED","amazon-bedrock-trace":{"guardrail":{"input":{"gr1own":{"wordPolicy":{"customWords":[{"action":"BLOCKED"}]}}}}}}"#;

fn asking(messages: &Value) -> Request {
    asking_as(KEY, messages)
}

fn asking_as(key: &str, messages: &Value) -> Request {
    let body = json!({ "model": "claude-sonnet-4-5", "max_tokens": 64, "messages": messages });
    Request::post("/v1/messages").x_api_key(key).body(body.to_string())
}

fn greeting(key: &str) -> Request {
    asking_as(key, &json!([{ "role": "user", "content": "Good day" }]))
}

/// The guardrail and version that the last call asked for.
fn asked(upstream: &Upstream) -> [String; 2] {
    let head = upstream.exchange(upstream.count() - 1).head.clone();
    ["x-amzn-bedrock-guardrailidentifier", "x-amzn-bedrock-guardrailversion"]
        .map(|name| head.header(name).unwrap_or_default().to_owned())
}

#[test]
fn the_endpoints_guardrail_is_asked_for_and_the_clients_where_it_has_none() {
    let world = World::start();
    let named = |request: Request| {
        request
            .header("x-amzn-bedrock-guardrailidentifier", "gr2mine")
            .header("x-amzn-bedrock-guardrailversion", "DRAFT")
    };
    assert_eq!(greeting(KEY).send(world.address()).status, 200);
    assert_eq!(asked(&world.upstream), ["", ""]);
    assert_eq!(named(greeting(KEY)).send(world.address()).status, 200);
    assert_eq!(asked(&world.upstream), ["gr2mine", "DRAFT"]);

    let upstream = Upstream::start();
    let guarded = json!({ "guardrail": { "id": "gr3team", "version": "7" } });
    let id = endpoint(&world, "guarded", &upstream, &guarded);
    let key = team(&world, "held", "primary_fallback", &[&id]);
    known(&world.gateway, "guarded");
    until("the team's endpoint serves with its guardrail, whatever the client names", || {
        let reply = named(greeting(&key)).send(world.address());
        assert_eq!(reply.status, 200, "{}", reply.text());
        (upstream.count() > 0).then_some(())
    });
    assert_eq!(asked(&upstream), ["gr3team", "7"]);

    let missing = "The guardrail identifier or version provided in the request does not exist.";
    upstream.next(Script::refusal(400, "ValidationException", missing));
    let tried = admin(&world.gateway, "POST", &format!("/admin/endpoints/{id}/test"), &json!({}));
    assert_eq!(
        asked(&upstream),
        ["gr3team", "7"],
        "a trial tells of a guardrail that is not there"
    );
    let told = tried.json();
    assert!(told["error"].as_str().unwrap().contains(missing), "{told}");
}

#[test]
fn a_request_never_goes_without_the_guardrail_that_it_names() {
    let world = World::start();
    let half = greeting(KEY).header("x-amzn-bedrock-guardrailidentifier", "gr2mine");
    let reply = half.send(world.address());
    reply.assert_error(400, "invalid_request_error");
    assert!(reply.text().contains("x-amzn-bedrock-guardrailversion"), "{}", reply.text());
    assert_eq!(world.upstream.count(), 0);
}

#[test]
fn a_turn_that_was_stopped_is_a_refusal_and_is_left_out_of_the_turns_after_it() {
    let world = World::with(OWN);
    world.upstream.next(Script::reply(200, BLOCKED));
    let first = json!({ "role": "user", "content": "something forbidden" });
    let refused = asking(&json!([first])).send(world.address()).json();
    assert_eq!(asked(&world.upstream), ["gr1own", "3"]);
    assert_eq!(refused["stop_reason"], "refusal", "{refused}");
    assert_eq!(refused["content"][0]["text"], "Sorry.");
    let rows = until("the request is on record", || {
        let rows = world.database.sql("select stop_reason from usage");
        (!rows.is_empty()).then_some(rows)
    });
    assert_eq!(rows[0]["stop_reason"].as_deref(), Some("refusal"));

    let answer = json!({ "role": "assistant", "content": refused["content"] });
    let next = json!({ "role": "user", "content": "something nice" });
    let reply = asking(&json!([first, answer, next])).send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.header("x-ccag-adjusted"), "messages.stopped");
    let sent = world.upstream.exchange(1).json();
    assert!(!sent.to_string().contains("forbidden"), "{sent}");
    assert_eq!(sent["messages"][2], next);
}
