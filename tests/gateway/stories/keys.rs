//! Keys through the admin API: made, changed, rotated, revoked, taken away; on every instance.

use serde_json::{Value, json};

use crate::support::answers;
use crate::support::client::{Reply, Request, until_status};
use crate::support::gateway::ADMIN;
use crate::support::upstream::{Script, Step};
use crate::support::world::{World, plain, streaming};

fn order(method: &'static str, path: &str, body: &Value) -> Request {
    Request::new(method, path).bearer(ADMIN).body(body.to_string())
}

fn with(key: &Value) -> Request {
    plain().without("x-api-key").x_api_key(key["secret"].as_str().unwrap())
}

#[track_caller]
fn created(world: &World, body: &Value) -> Value {
    let reply = order("POST", "/admin/keys", body).send(world.address());
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str, field: Option<&str>) {
    assert_eq!(reply.status, status, "{}", reply.text());
    assert_eq!(reply.header("content-type"), "application/problem+json");
    let json = reply.json();
    assert_eq!((&json["code"], json["field"].as_str()), (&json!(code), field), "{json}");
    assert_eq!(json["request_id"], reply.header("request-id"));
}

/// A user made by SQL.
fn user(world: &World, name: &str) -> String {
    let statement =
        format!("insert into users (id, name) values (gen_random_uuid(), '{name}') returning id");
    world.database.sql(&statement)[0]["id"].clone().unwrap()
}

#[test]
fn a_key_is_made_rotated_and_revoked_on_every_instance() {
    let world = World::start();
    let second = world.setup.another().start();
    let both = [world.address().to_owned(), second.address.clone()];
    let key = created(&world, &json!({ "name": "laptop", "user_id": user(&world, "ann") }));
    assert_eq!(key["secret"].as_str().unwrap().len(), 72);
    for address in &both {
        until_status(&with(&key), address, 200);
    }
    let path = format!("/admin/keys/{}", key["id"].as_str().unwrap());
    let rotated = order("POST", &format!("{path}/rotate"), &json!({})).send(&both[1]).json();
    assert_eq!(rotated["replaces"], key["id"]);
    for address in &both {
        until_status(&with(&rotated), address, 200);
        assert_eq!(with(&key).send(address).status, 200, "both are valid meanwhile");
    }
    let old = order("GET", &path, &json!(null)).send(&both[0]).json();
    assert_eq!((&old["state"], old["expires_at"].is_string()), (&json!("live"), true));
    let revoked = order("POST", &format!("{path}/revoke"), &json!(null)).send(&both[0]).json();
    assert_eq!(revoked["state"], "revoked");
    for address in &both {
        until_status(&with(&key), address, 401);
        assert_eq!(with(&rotated).send(address).status, 200);
    }
    refused(
        &order("POST", &format!("{path}/rotate"), &json!({})).send(&both[0]),
        409,
        "key_ended",
        None,
    );
    let path = format!("/admin/keys/{}", rotated["id"].as_str().unwrap());
    assert_eq!(order("DELETE", &path, &json!(null)).send(&both[0]).status, 204);
    for address in &both {
        until_status(&with(&rotated), address, 401);
    }
    refused(&order("GET", &path, &json!(null)).send(&both[0]), 404, "not_found", None);
}

#[test]
fn rotating_without_overlap_ends_the_old_key_at_once() {
    let world = World::start();
    let key = created(&world, &json!({ "name": "leaked", "user_id": user(&world, "ann") }));
    until_status(&with(&key), world.address(), 200);
    let path = format!("/admin/keys/{}/rotate", key["id"].as_str().unwrap());
    let new = order("POST", &path, &json!({ "overlap_seconds": 0 })).send(world.address()).json();
    until_status(&with(&key), world.address(), 401);
    until_status(&with(&new), world.address(), 200);
}

#[test]
fn a_revoked_key_loses_its_running_streams_everywhere_and_an_expired_one_does_not() {
    let world = World::start();
    let second = world.setup.another().start();
    let ann = user(&world, "ann");
    let make = |name: &str| created(&world, &json!({ "name": name, "user_id": ann }));
    let keys = ["revoked", "rotated", "deleted", "expired"].map(make);
    let mut running: Vec<_> = keys
        .iter()
        .flat_map(|key| [(key, world.address()), (key, second.address.as_str())])
        .map(|(key, address)| {
            world.upstream.next(Script::events(&answers::whole(3)[..3]).step(Step::AwaitLeft));
            let request = streaming().without("x-api-key");
            let mut stream = request.x_api_key(key["secret"].as_str().unwrap()).open(address);
            assert_eq!(stream.status(), 200);
            stream.event();
            stream
        })
        .collect();
    let path = |key: &Value| format!("/admin/keys/{}", key["id"].as_str().unwrap());
    let [revoked, rotated, deleted, expired] = &keys;
    world.database.sql(&format!(
        "update api_keys set expires_at = now() where id = '{}'",
        expired["id"].as_str().unwrap()
    ));
    for (method, path, body) in [
        ("POST", format!("{}/revoke", path(revoked)), json!(null)),
        ("POST", format!("{}/rotate", path(rotated)), json!({ "overlap_seconds": 0 })),
        ("DELETE", path(deleted), json!(null)),
    ] {
        let reply = order(method, &path, &body).send(world.address());
        assert!(reply.status < 300, "{path}: {}", reply.text());
    }
    for stream in &mut running[..6] {
        let events = stream.events();
        assert_eq!(events.last().unwrap().name, "error", "{events:?}");
    }
    for gateway in [&world.gateway, &second] {
        until_status(&with(expired), &gateway.address, 401);
        assert_eq!(gateway.status()["live_streams"], 1, "what only expired runs to its end");
    }
}

#[test]
fn an_allow_list_holds_for_requests() {
    let world = World::start();
    let owner = user(&world, "ann");
    let other =
        created(&world, &json!({ "name": "other", "user_id": owner, "models": ["claude-opus-5"] }));
    let same = created(
        &world,
        &json!({ "name": "same", "user_id": owner, "models": ["claude-sonnet-4-5"] }),
    );
    until_status(&with(&same), world.address(), 200);
    until_status(&with(&other), world.address(), 403).assert_error(403, "permission_error");
    let path = format!("/admin/keys/{}", other["id"].as_str().unwrap());
    order("PATCH", &path, &json!({ "models": null })).send(world.address());
    until_status(&with(&other), world.address(), 200);
}

#[test]
fn what_does_not_fit_is_refused_by_its_field() {
    let world = World::start();
    let owner = user(&world, "ann");
    for (body, field) in [
        (json!({ "name": " ", "user_id": owner }), Some("name")),
        (json!({ "name": "k" }), Some("user_id")),
        (
            json!({ "name": "k", "user_id": "00000000-0000-0000-0000-000000000001" }),
            Some("user_id"),
        ),
        (json!({ "name": "k", "user_id": owner, "models": ["claude"] }), Some("models")),
        (
            json!({ "name": "k", "user_id": owner, "expires_at": "2020-01-01T00:00:00Z" }),
            Some("expires_at"),
        ),
        (
            json!({ "name": "k", "user_id": owner, "limits": { "requests_per_minute": 0 } }),
            Some("limits.requests_per_minute"),
        ),
        (json!({ "name": "k", "user_id": owner, "team_id": owner }), Some("team_id")),
        (json!({ "name": "k", "user_id": owner, "rate_limit": 1 }), Some("request")),
        (json!([]), Some("request")),
    ] {
        let reply = order("POST", "/admin/keys", &body).send(world.address());
        refused(&reply, 400, "invalid", field);
    }
    refused(&Request::get("/admin/keys").send(world.address()), 401, "unauthenticated", None);
    refused(
        &order("GET", "/admin/keyz", &json!(null)).send(world.address()),
        404,
        "not_found",
        None,
    );
    refused(
        &order("PUT", "/admin/keys", &json!(null)).send(world.address()),
        405,
        "method_not_allowed",
        None,
    );
}

#[test]
fn lists_come_in_pages_and_by_filter() {
    let world = World::start();
    let (ann, bob) = (user(&world, "ann"), user(&world, "bob"));
    for number in 0..5 {
        created(&world, &json!({ "name": format!("key 100% {number}"), "user_id": ann }));
    }
    created(&world, &json!({ "name": "bob's", "user_id": bob }));
    let get = |path: &str| order("GET", path, &json!(null)).send(world.address()).json();
    let mut names = Vec::new();
    let mut path = format!("/admin/keys?limit=2&user_id={ann}");
    loop {
        let page = get(&path);
        names.extend(page["data"].as_array().unwrap().iter().map(|key| key["name"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        assert_eq!(page["has_more"], true);
        path = format!("/admin/keys?limit=2&user_id={ann}&cursor={next}");
    }
    let expected: Vec<String> = (0..5).rev().map(|number| format!("key 100% {number}")).collect();
    assert_eq!(json!(names), json!(expected));
    assert_eq!(get("/admin/keys?search=0%25%203")["data"].as_array().unwrap().len(), 1);
    assert_eq!(get("/admin/keys?search=_")["data"].as_array().unwrap().len(), 0);
    assert_eq!(get("/admin/keys?live=false")["data"].as_array().unwrap().len(), 0);
    for (query, field) in [("limit=0", "limit"), ("cursor=x", "cursor"), ("user_id=x", "request")] {
        let reply =
            order("GET", &format!("/admin/keys?{query}"), &json!(null)).send(world.address());
        refused(&reply, 400, "invalid", Some(field));
    }
}

#[test]
fn every_change_stands_in_the_audit_log_without_the_secret() {
    let world = World::start();
    let key = created(&world, &json!({ "name": "laptop", "user_id": user(&world, "ann") }));
    let path = format!("/admin/keys/{}", key["id"].as_str().unwrap());
    order("PATCH", &path, &json!({ "name": "desktop" })).send(world.address());
    order("POST", &format!("{path}/rotate"), &json!({})).send(world.address());
    order("POST", &format!("{path}/revoke"), &json!(null)).send(world.address());
    order("DELETE", &path, &json!(null)).send(world.address());
    let rows = world.database.sql(
        "select action, actor_kind, address, before->>'name' as was, after->>'name' as is, \
         hash = audit_hash(audit) and previous_hash = coalesce(lag(hash) over (order by id), \
         decode(repeat('00', 32), 'hex')) as chained, before::text || after::text as whole \
         from audit order by id",
    );
    let rows: Vec<_> =
        rows.iter().filter(|row| row["action"].as_deref().unwrap().starts_with("key.")).collect();
    let told: Vec<_> = rows
        .iter()
        .map(|row| ["action", "was", "is"].map(|name| row[name].as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        told,
        [
            ["key.create", "-", "laptop"],
            ["key.edit", "laptop", "desktop"],
            ["key.rotate", "desktop", "desktop"],
            ["key.revoke", "desktop", "desktop"],
            ["key.delete", "desktop", "-"],
        ]
    );
    for row in &rows {
        assert_eq!(row["chained"].as_deref(), Some("t"));
        assert_eq!(row["actor_kind"].as_deref(), Some("admin_key"));
        assert_eq!(row["address"].as_deref(), Some("127.0.0.1"));
        let whole = row["whole"].as_deref().unwrap_or_default();
        assert!(!whole.contains(key["secret"].as_str().unwrap()), "{whole}");
    }
}
