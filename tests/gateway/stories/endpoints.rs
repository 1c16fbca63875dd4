//! Endpoints, names of models and a team's routing, as admins manage them.

use serde_json::{Value, json};

use crate::support::client::{Reply, Request};
use crate::support::gateway::ADMIN;
use crate::support::world::World;

const ARN: &str = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/abc123";

fn admin(world: &World, method: &'static str, path: &str, body: &Value) -> Reply {
    Request::new(method, path).bearer(ADMIN).body(body.to_string()).send(world.address())
}

fn made(world: &World, path: &str, body: &Value) -> Value {
    let reply = admin(world, "POST", path, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()
}

#[test]
fn an_endpoint_is_made_changed_and_taken_away_with_its_audit_rows() {
    let world = World::start();
    let order = json!({
        "name": "ireland", "region": "eu-west-1", "priority": 5, "default": true,
        "credential": { "kind": "role", "role_arn": "arn:aws:iam::111122223333:role/bedrock",
            "external_id": "tenant-7", "session_tags": true },
        "profiles": [{ "model": "claude-sonnet-4-5", "profile": ARN }],
    });
    let endpoint = made(&world, "/admin/endpoints", &order);
    assert_eq!(endpoint["credential"]["external_id"], "tenant-7");
    assert_eq!(endpoint["enabled"], true);
    assert_eq!(endpoint["profiles"][0]["model"], "claude-sonnet-4-5-20250929");
    let path = format!("/admin/endpoints/{}", endpoint["id"].as_str().unwrap());
    assert_eq!(admin(&world, "POST", "/admin/endpoints", &order).json()["code"], "name_taken");

    let key = json!({ "credential": { "kind": "api_key", "api_key": "ABSK-hunter2" }, "geography": "global" });
    let edited = admin(&world, "PATCH", &path, &key);
    assert_eq!(edited.status, 200, "{}", edited.text());
    assert_eq!(edited.json()["credential"], json!({ "kind": "api_key" }));
    assert_eq!(edited.json()["geography"], "global");
    assert_eq!(edited.json()["profiles"], endpoint["profiles"], "what is not given stays");
    let stored =
        world.database.sql("select encode(api_key, 'escape') as key, role_arn from endpoints");
    assert!(!stored[0]["key"].as_deref().unwrap().contains("hunter2"), "{stored:?}");
    assert_eq!(stored[0]["role_arn"], None);

    let none = Value::Null;
    assert_eq!(admin(&world, "DELETE", &path, &none).status, 204);
    assert_eq!(admin(&world, "GET", &path, &none).status, 404);
    let audit = world.database.sql("select action, before::text || after::text as views from audit where action like 'endpoint.%' order by id");
    let actions: Vec<_> = audit.iter().map(|row| row["action"].as_deref().unwrap()).collect();
    assert_eq!(actions, ["endpoint.create", "endpoint.edit", "endpoint.delete"]);
    assert!(!format!("{audit:?}").contains("hunter2"));
}

#[test]
fn what_makes_no_sense_is_refused_by_its_field() {
    let world = World::start();
    for (more, field) in [
        (json!({ "name": "default" }), "name"),
        (json!({ "region": "mars" }), "region"),
        (json!({ "geography": "moon" }), "geography"),
        (json!({ "runtime_url": "http://bedrock.example.com" }), "runtime_url"),
        (json!({ "priority": -1 }), "priority"),
        (json!({ "credential": { "kind": "role", "role_arn": "bedrock" } }), "role_arn"),
        (json!({ "credential": { "kind": "api_key", "api_key": "" } }), "api_key"),
        (
            json!({ "profiles": [{ "model": "claude-opus-5", "profile": "us.x" }] }),
            "profiles.profile",
        ),
    ] {
        let mut order = json!({ "name": "n", "region": "eu-west-1" });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = admin(&world, "POST", "/admin/endpoints", &order);
        assert_eq!(
            (reply.status, &reply.json()["field"]),
            (400, &json!(field)),
            "{}",
            reply.text()
        );
    }
    assert!(world.database.sql("select 1 as one from endpoints").is_empty());
}

#[test]
fn a_team_is_given_endpoints_in_their_order() {
    let world = World::start();
    let team = made(&world, "/admin/teams", &json!({ "name": "tools" }));
    let path = format!("/admin/teams/{}/routing", team["id"].as_str().unwrap());
    let ids: Vec<Value> = ["a", "b"]
        .map(|name| json!({ "name": name, "region": "us-east-1" }))
        .iter()
        .map(|order| made(&world, "/admin/endpoints", order)["id"].clone())
        .collect();
    let order = json!({ "strategy": "primary_fallback", "endpoints": [ids[1], ids[0]] });
    let routed = admin(&world, "PUT", &path, &order);
    assert_eq!(routed.status, 200, "{}", routed.text());
    let names = |routing: &Value| {
        let all = routing["endpoints"].as_array().unwrap().iter();
        all.map(|endpoint| endpoint["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let read = admin(&world, "GET", &path, &Value::Null).json();
    assert_eq!(
        (names(&read), &read["strategy"]),
        (vec!["b".to_owned(), "a".to_owned()], &json!("primary_fallback"))
    );
    for bad in [
        json!({ "endpoints": [ids[0], ids[0]] }),
        json!({ "endpoints": ["00000000-0000-0000-0000-000000000001"] }),
    ] {
        assert_eq!(admin(&world, "PUT", &path, &bad).json()["field"], "endpoints", "{bad}");
    }
    let one = format!("/admin/endpoints/{}", ids[1].as_str().unwrap());
    assert_eq!(admin(&world, "DELETE", &one, &Value::Null).status, 204);
    assert_eq!(names(&admin(&world, "GET", &path, &Value::Null).json()), ["a"]);
    let audit =
        world.database.sql("select before::text as before from audit where action = 'team.route'");
    assert_eq!(audit.len(), 1);
}

#[test]
fn names_are_given_to_models_and_taken_back() {
    let world = World::start();
    let order = json!({ "name": "fast", "target": "claude-haiku-4-5" });
    let mapping = made(&world, "/admin/model-mappings", &order);
    assert_eq!(admin(&world, "POST", "/admin/model-mappings", &order).json()["code"], "name_taken");
    let same = json!({ "name": "x", "target": "x" });
    assert_eq!(admin(&world, "POST", "/admin/model-mappings", &same).json()["field"], "target");
    let path = format!("/admin/model-mappings/{}", mapping["id"].as_str().unwrap());
    assert_eq!(admin(&world, "DELETE", &path, &Value::Null).status, 204);
    let listed = admin(&world, "GET", "/admin/model-mappings", &Value::Null).json();
    assert_eq!(listed["data"], json!([]));
}
