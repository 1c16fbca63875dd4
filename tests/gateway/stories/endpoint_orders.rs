//! What an admin has an endpoint do: be drained without a stream being cut, and be tried.

use serde_json::{Value, json};

use crate::support::answers;
use crate::support::endpoints::{admin, endpoint};
use crate::support::gateway::Gateway;
use crate::support::until;
use crate::support::upstream::{Gate, Script, Upstream};
use crate::support::world::{World, plain, streaming};

fn order(gateway: &Gateway, id: &str, order: &str, body: &Value) -> Value {
    let reply = admin(gateway, "POST", &format!("/admin/endpoints/{id}/{order}"), body);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn status(gateway: &Gateway, id: &str) -> Value {
    admin(gateway, "GET", &format!("/admin/endpoints/{id}/health"), &Value::Null).json()
}

#[test]
fn a_drained_endpoint_takes_nothing_new_and_every_instance_tells_what_still_runs() {
    let (world, first) = (World::start(), Upstream::start());
    let second = world.setup.another().start();
    let id = endpoint(&world, "first", &first, &json!({ "default": true }));
    let (events, gate) = (answers::whole(2), Gate::default());
    first.next(Script::events(&events[..2]).wait(&gate).more(&events[2..]).end());
    let mut running = streaming().open(world.address());
    assert_eq!((running.status(), running.event().name.as_str()), (200, "message_start"));

    let drained = order(&world.gateway, &id, "drain", &json!({}));
    assert_eq!(drained["enabled"], false);
    until("new requests go elsewhere", || {
        let before = world.upstream.count();
        assert_eq!(plain().send(world.address()).status, 200);
        (world.upstream.count() > before).then_some(())
    });
    let others = first.count();
    for gateway in [&world.gateway, &second] {
        until("what runs is told", || (status(gateway, &id)["running"] == 1).then_some(()));
    }
    gate.release();
    let rest = running.events();
    assert_eq!(rest.last().unwrap().name, "message_stop", "the stream goes on to its end");
    for gateway in [&world.gateway, &second] {
        until("nothing runs any more", || (status(gateway, &id)["running"] == 0).then_some(()));
    }
    assert_eq!(first.count(), others);

    assert_eq!(order(&world.gateway, &id, "resume", &json!({}))["enabled"], true);
    until("it serves again", || {
        assert_eq!(plain().send(world.address()).status, 200);
        (first.count() > others).then_some(())
    });
    assert_eq!(status(&world.gateway, &id)["running"], Value::Null);
    let audit =
        world.database.sql("select action from audit where action like 'endpoint.%' order by id");
    let actions: Vec<_> = audit.iter().map(|row| row["action"].as_deref().unwrap()).collect();
    assert_eq!(actions, ["endpoint.create", "endpoint.drain", "endpoint.resume"]);
}

#[test]
fn a_trial_tells_what_aws_says_and_counts_for_nothing() {
    let (world, upstream) = (World::start(), Upstream::start());
    let id = endpoint(&world, "first", &upstream, &json!({}));
    let works = order(&world.gateway, &id, "test", &json!({}));
    assert_eq!(works["works"], true, "{works}");
    assert!(works["model"].as_str().unwrap().contains("haiku"), "the cheapest: {works}");
    assert_eq!(upstream.exchange(0).json()["max_tokens"], 1);

    let said = "User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: bedrock:InvokeModel";
    for _ in 0..6 {
        upstream.next(Script::refusal(403, "AccessDeniedException", said));
    }
    let model = json!({ "model": "claude-opus-5" });
    for _ in 0..6 {
        let fails = order(&world.gateway, &id, "test", &model);
        assert_eq!(
            (&fails["works"], &fails["profile"]),
            (&json!(false), &json!("us.anthropic.claude-opus-5"))
        );
        let told = fails["error"].as_str().unwrap();
        assert!(told.contains("AccessDeniedException") && told.contains(said), "{told}");
        assert!(fails["hint"].as_str().unwrap().contains("bedrock:InvokeModel"));
    }
    let unknown = order(&world.gateway, &id, "test", &json!({ "model": "claude-none" }));
    assert_eq!((&unknown["works"], &unknown["profile"]), (&json!(false), &Value::Null));
    let health = status(&world.gateway, &id);
    assert_eq!(health["health"]["models"], json!([]), "{health}");
    assert!(world.database.sql("select 1 as one from usage").is_empty());
    let audit =
        world.database.sql("select after::text as after from audit where action = 'endpoint.test'");
    assert_eq!(audit.len(), 8);
    assert!(audit[1]["after"].as_deref().unwrap().contains("AccessDeniedException"));
    let missing = "/admin/endpoints/00000000-0000-0000-0000-000000000009/test";
    assert_eq!(admin(&world.gateway, "POST", missing, &json!({})).status, 404);
}
