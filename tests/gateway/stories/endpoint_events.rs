//! Endpoints in trouble are told of once for each time they are, whichever instances see it.

use serde_json::{Value, json};

use crate::support::endpoints::{endpoint, known, until_phase};
use crate::support::gateway::Gateway;
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::{World, plain};

/// The payloads of the notifications of one type.
fn told(world: &World, event: &str) -> Vec<Value> {
    let rows = world.database.sql(&format!(
        "select payload::text as payload from notifications where type = '{event}' order by created_at"
    ));
    rows.iter()
        .map(|row| serde_json::from_str(row["payload"].as_deref().unwrap()).unwrap())
        .collect()
}

fn ask_both(world: &World, second: &Gateway) {
    for address in [world.address(), &second.address] {
        let _ = plain().try_send(address);
    }
}

#[test]
fn two_instances_tell_once_that_an_endpoint_fails_and_once_that_it_serves_again() {
    let (world, upstream) = (World::start(), Upstream::start());
    let second = world.setup.another().start();
    endpoint(&world, "first", &upstream, &json!({ "default": true }));
    known(&second, "first");
    upstream.otherwise(Script::refusal(500, "InternalServerException", "broken"));
    until("it is told", || {
        ask_both(&world, &second);
        (!told(&world, "endpoint_unhealthy").is_empty()).then_some(())
    });
    for gateway in [&world.gateway, &second] {
        until_phase(gateway, "first", "open");
    }
    let gauge = |name: &str| world.gateway.metric(name);
    let open = "ccag_endpoint_breakers{endpoint=\"first\",state=\"open\"}";
    let ready = "ccag_endpoint_credential_ready{endpoint=\"first\"}";
    until("the breaker is a gauge", || (gauge(open) == Some(1.0)).then_some(()));
    assert_eq!(gauge(ready), Some(1.0));
    let age = gauge("ccag_endpoint_credential_age_seconds{endpoint=\"first\"}").unwrap();
    assert!((0.0..600.0).contains(&age), "{age}");

    let payload = &told(&world, "endpoint_unhealthy")[0];
    assert_eq!((&payload["category"], &payload["severity"]), (&json!("health"), &json!("high")));
    let detail = &payload["detail"];
    assert_eq!((&detail["endpoint"], &detail["reason"]), (&json!("first"), &json!("failures")));
    assert_eq!(detail["models"], json!(["claude-sonnet-4-5-20250929"]));

    upstream.otherwise(Script::reply(200, &crate::support::answers::message()));
    until("nobody sees it any more", || {
        ask_both(&world, &second);
        let since = world.database.sql("select clear_since from endpoint_episodes");
        since.first()?["clear_since"].clone()
    });
    for gateway in [&world.gateway, &second] {
        until_phase(gateway, "first", "closed");
    }
    assert!(told(&world, "endpoint_recovered").is_empty(), "it may fail again at once");
    // As a minute later.
    world
        .database
        .sql("update endpoint_episodes set clear_since = clear_since - interval '1 minute'");
    until("its recovery is told", || {
        ask_both(&world, &second);
        let aged = "update endpoint_episodes set clear_since = clear_since - interval '1 minute'";
        world.database.sql(aged);
        (!told(&world, "endpoint_recovered").is_empty()).then_some(())
    });
    let counts =
        ["endpoint_unhealthy", "endpoint_recovered"].map(|event| told(&world, event).len());
    assert_eq!(counts, [1, 1]);
    assert!(world.database.sql("select 1 as one from endpoint_episodes").is_empty());
    let recovered = &told(&world, "endpoint_recovered")[0];
    assert_eq!(recovered["detail"]["endpoint"], "first");
}

#[test]
fn an_endpoint_that_is_throttled_again_and_again_is_told_of_once() {
    let (world, upstream) = (World::start(), Upstream::start());
    endpoint(&world, "first", &upstream, &json!({ "default": true }));
    upstream.otherwise(Script::refusal(429, "ThrottlingException", "Too many tokens"));
    for _ in 0..7 {
        plain().send(world.address()).assert_error(429, "rate_limit_error");
    }
    until("it is told", || (!told(&world, "endpoint_throttled").is_empty()).then_some(()));
    let payload = &told(&world, "endpoint_throttled")[0];
    assert_eq!(
        (&payload["severity"], &payload["detail"]["reason"]),
        (&json!("warning"), &json!("throttles"))
    );
    assert!(told(&world, "endpoint_unhealthy").is_empty());
}
