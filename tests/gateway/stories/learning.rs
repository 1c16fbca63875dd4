//! What Bedrock refuses today is learned: the client does not notice, the next request does without it
//! from the start, and so does every other instance.

use serde_json::{Value, json};

use crate::support::client::Request;
use crate::support::gateway::{ADMIN, KEY};
use crate::support::until;
use crate::support::upstream::{Exchange, Script};
use crate::support::world::World;

const NAMED: &str = r#"{"message":"context_management: Extra inputs are not permitted"}"#;
const UNNAMED: &str = r#"{"message":"invalid beta flag"}"#;
const BETAS: &str = "context-management-2025-06-27,interleaved-thinking-2025-05-14,\
    fine-grained-tool-streaming-2025-05-14,computer-use-2025-01-24";

fn request(more: &Value) -> Request {
    let mut body = json!({
        "model": "claude-sonnet-4-5", "max_tokens": 64,
        "messages": [{ "role": "user", "content": "Good day" }],
    });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    Request::post("/v1/messages")
        .x_api_key(KEY)
        .header("anthropic-beta", BETAS)
        .body(body.to_string())
}

fn managing() -> Request {
    request(&json!({ "context_management": { "edits": [{ "type": "clear_tool_uses_20250919" }] } }))
}

fn betas(exchange: &Exchange) -> Vec<String> {
    let names = exchange.json()["anthropic_beta"].as_array().cloned().unwrap_or_default();
    names.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_field_that_is_refused_by_name_is_left_out_from_then_on_everywhere() {
    let world = World::start();
    let second = world.setup.another().start();
    world.upstream.next(Script::reply(400, NAMED));
    let reply = managing().send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert!(reply.header("x-ccag-adjusted").contains("context_management"));
    assert_eq!(world.upstream.count(), 2, "refused once, served once");
    assert!(world.upstream.exchange(0).json().get("context_management").is_some());
    let again = world.upstream.exchange(1);
    assert!(again.json().get("context_management").is_none(), "{}", again.json());
    assert!(!betas(&again).iter().any(|beta| beta.starts_with("context-management")));

    assert_eq!(managing().send(world.address()).status, 200);
    assert_eq!(world.upstream.count(), 3, "it is known from then on");
    until("the other instance knows it too", || {
        let before = world.upstream.count();
        assert_eq!(managing().send(&second.address).status, 200);
        let sent = world.upstream.exchange(before);
        sent.json().get("context_management").is_none().then_some(())
    });
    let rows = world.database.sql("select * from verdicts");
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["name"].as_deref(), Some("context_management"));
    assert!(rows[0]["expires_at"].is_some());
}

#[test]
fn the_beta_that_is_refused_without_a_name_is_found() {
    let world = World::start();
    let bad = "fine-grained-tool-streaming-2025-05-14";
    world.upstream.refuse(bad, Script::reply(400, UNNAMED));
    let mut refusals = 0;
    for round in 0..20 {
        if world.database.sql("select 1 as one from verdicts").len() == 1 {
            break;
        }
        assert!(round < 19, "the beta was not found");
        let before = world.upstream.count();
        let reply = request(&json!({})).send(world.address());
        assert_eq!(reply.status, 200, "{}", reply.text());
        refusals += world.upstream.count() - before - 1;
    }
    let rows = world.database.sql("select name from verdicts");
    assert_eq!(rows[0]["name"].as_deref(), Some("fine_grained_tool_streaming"), "{rows:?}");
    assert!((1..=6).contains(&refusals), "{refusals} refusals");
    let before = world.upstream.count();
    assert_eq!(request(&json!({})).send(world.address()).status, 200);
    let kept = betas(&world.upstream.exchange(before));
    assert!(!kept.contains(&bad.to_owned()) && kept.len() == 2, "{kept:?}");
}

#[test]
fn a_refusal_that_learning_does_not_help_is_told_and_teaches_nothing() {
    let world = World::start();
    for _ in 0..2 {
        world.upstream.next(Script::reply(400, NAMED));
    }
    let reply = managing().send(world.address());
    reply.assert_error(400, "invalid_request_error");
    assert!(reply.text().contains("context_management"), "{}", reply.text());
    assert_eq!(world.upstream.count(), 2);
    assert_eq!(managing().send(world.address()).status, 200);
    assert!(world.upstream.exchange(2).json().get("context_management").is_some());
    assert_eq!(world.database.sql("select * from verdicts").len(), 0);
}

#[test]
fn an_admins_decision_wins_over_what_is_learned_and_can_be_taken_back() {
    let world = World::start();
    let admin = |method: &'static str, path: &str, body: Value| {
        Request::new(method, path).bearer(ADMIN).body(body.to_string()).send(world.address())
    };
    let profile = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
    world.database.sql(&format!(
        "insert into verdicts (id, endpoint, profile, kind, name, taken, source, reason, expires_at)
         values (gen_random_uuid(), 'default', '{profile}', 'feature', 'context_management', false,
             'learned', 'x', now() + interval '1 hour');
         select pg_notify('ccag_changes', '{{\"table\":\"verdicts\"}}')"
    ));
    let until_sent = |is_sent: bool| {
        until("the field goes, or stays behind", || {
            let before = world.upstream.count();
            assert_eq!(managing().send(world.address()).status, 200);
            let field = world.upstream.exchange(before).json().get("context_management").is_some();
            (field == is_sent).then_some(())
        });
    };
    until_sent(false);
    let order = |name: &str, kind: &str, taken: bool| {
        json!({ "endpoint": "default", "profile": profile, "kind": kind, "name": name,
            "taken": taken, "reason": "AWS says so" })
    };
    let decided = admin("POST", "/admin/verdicts", order("context_management", "feature", true));
    assert_eq!(decided.status, 201, "{}", decided.text());
    until_sent(true);
    let listed = admin("GET", "/admin/verdicts", json!(null)).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed}");
    let path = format!("/admin/verdicts/{}", decided.json()["id"].as_str().unwrap());
    assert_eq!(admin("DELETE", &path, json!(null)).status, 204);
    until_sent(false);
    for (name, kind, taken, field) in [
        ("colour", "feature", true, "name"),
        ("new-beta-2027", "beta", false, "taken"),
        ("new_field", "field", true, "taken"),
        ("a b", "beta", true, "name"),
    ] {
        let reply = admin("POST", "/admin/verdicts", order(name, kind, taken));
        assert_eq!((reply.status, &reply.json()["field"]), (400, &json!(field)), "{name}");
    }
    let passed = admin("POST", "/admin/verdicts", order("new-beta-2027", "beta", true));
    assert_eq!(passed.status, 201, "{}", passed.text());
    until("the new beta goes along", || {
        let before = world.upstream.count();
        let request =
            request(&json!({})).without("anthropic-beta").header("anthropic-beta", "new-beta-2027");
        assert_eq!(request.send(world.address()).status, 200);
        betas(&world.upstream.exchange(before)).contains(&"new-beta-2027".to_owned()).then_some(())
    });
}

#[test]
fn a_model_that_refuses_several_things_one_after_the_other_is_served_at_once() {
    let world = World::start();
    for refusal in [
        NAMED,
        r#"{"message":"output_config.effort: Input should be 'low', 'medium' or 'high'"}"#,
        r#"{"message":"timing: Extra inputs are not permitted"}"#,
    ] {
        world.upstream.next(Script::reply(400, refusal));
    }
    let demanding = || {
        let more = json!({
            "model": "claude-opus-4-6",
            "output_config": { "effort": "max" },
            "timing": { "since": 1 },
            "context_management": { "edits": [{ "type": "clear_tool_uses_20250919" }] },
        });
        request(&more)
    };
    let reply = demanding().send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(world.upstream.count(), 4);
    until("all of it is learned", || {
        (world.database.sql("select 1 from verdicts").len() == 4).then_some(())
    });
    let rows = world.database.sql("select name from verdicts order by name");
    let names: Vec<_> = rows.iter().map(|row| row["name"].clone().unwrap()).collect();
    assert_eq!(names, ["context_management", "effort_max", "effort_xhigh", "timing"]);
    assert_eq!(demanding().send(world.address()).status, 200);
    assert_eq!(world.upstream.count(), 5, "it is known from then on");
    let sent = world.upstream.exchange(4).json();
    assert_eq!(sent["output_config"]["effort"], "high", "{sent}");
}

#[test]
fn a_refusal_of_each_attempt_ends_the_request_with_the_first() {
    let world = World::start();
    for name in ["one", "two", "three", "four", "five", "six"] {
        let refusal = format!(r#"{{"message":"{name}: Extra inputs are not permitted"}}"#);
        world.upstream.next(Script::reply(400, &refusal));
    }
    let reply = request(&json!({ "one": 1 })).send(world.address());
    reply.assert_error(400, "invalid_request_error");
    assert!(reply.text().contains("one: Extra inputs"), "{}", reply.text());
    assert_eq!(world.upstream.count(), 5, "four lessons of one request at most");
}

#[test]
fn what_the_client_has_a_word_for_is_told_in_that_word() {
    let world = World::start();
    let refusal = r#"{"message":"output_config.format: Extra inputs are not permitted"}"#;
    world.upstream.next(Script::reply(400, refusal));
    let format = json!({ "type": "json_schema", "schema": { "type": "object" } });
    let more = json!({ "output_config": { "format": format } });
    let reply = request(&more).send(world.address());
    reply.assert_error(400, "invalid_request_error");
    let class = "capability_rejected: structured_outputs_unsupported";
    assert!(reply.text().contains(class), "{}", reply.text());
}

const SIGNATURE: &str =
    r#"{"message":"messages.1.content.0: Invalid `signature` in `thinking` block"}"#;

fn thinking_again(kind: Value) -> Request {
    let body = json!({
        "model": "claude-sonnet-4-6", "max_tokens": 4096, "thinking": kind,
        "messages": [
            { "role": "user", "content": "Good day" },
            { "role": "assistant", "content": [
                { "type": "thinking", "thinking": "Hm.", "signature": "of another account" },
                { "type": "tool_use", "id": "toolu_1", "name": "look", "input": {} },
            ] },
            { "role": "user", "content": [
                { "type": "tool_result", "tool_use_id": "toolu_1", "content": "Nothing." },
            ] },
        ],
        "tools": [{ "name": "look", "input_schema": { "type": "object" } }],
    });
    Request::post("/v1/messages").x_api_key(KEY).body(body.to_string())
}

#[test]
fn thinking_that_another_account_signed_is_left_out_and_the_turn_goes_on() {
    let world = World::start();
    for (kind, thinks_on) in [
        (json!({ "type": "adaptive" }), true),
        (json!({ "type": "enabled", "budget_tokens": 2048 }), false),
    ] {
        world.upstream.next(Script::reply(400, SIGNATURE));
        let before = world.upstream.count();
        let reply = thinking_again(kind).send(world.address());
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.header("x-ccag-adjusted").contains("messages.thinking"));
        assert_eq!(world.upstream.count(), before + 2);
        let sent = world.upstream.exchange(before + 1).json();
        let turn = &sent["messages"][1]["content"];
        assert_eq!(turn.as_array().unwrap().len(), 1, "{turn}");
        assert_eq!(turn[0]["type"], "tool_use");
        assert_eq!(sent.get("thinking").is_some(), thinks_on, "{sent}");
    }
    assert_eq!(world.database.sql("select 1 from verdicts").len(), 0, "it says nothing of others");
}
