//! Users, teams, settings and the audit log through the admin API.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::client::{Reply, Request, until_status};
use crate::support::gateway::ADMIN;
use crate::support::world::{World, plain};

fn order(method: &'static str, path: &str, body: &Value) -> Request {
    Request::new(method, path).bearer(ADMIN).body(body.to_string())
}

#[track_caller]
fn done(world: &World, method: &'static str, path: &str, body: &Value) -> Value {
    let reply = order(method, path, body).send(world.address());
    assert!((200..300).contains(&reply.status), "{method} {path}: {}", reply.text());
    if reply.status == 204 { Value::Null } else { reply.json() }
}

#[track_caller]
fn refused(reply: &Reply, status: u16, code: &str, field: Option<&str>) {
    let json = reply.json();
    assert_eq!((reply.status, &json["code"]), (status, &json!(code)), "{json}");
    assert_eq!(json["field"].as_str(), field, "{json}");
}

#[test]
fn an_inactive_user_loses_keys_at_once_and_gets_them_back() {
    let world = World::start();
    let ann =
        done(&world, "POST", "/admin/users", &json!({ "name": "ann", "email": "ann@example.com" }));
    assert_eq!((&ann["role"], &ann["active"]), (&json!("member"), &json!(true)));
    let key =
        done(&world, "POST", "/admin/keys", &json!({ "name": "laptop", "user_id": ann["id"] }));
    let with = plain().without("x-api-key").x_api_key(key["secret"].as_str().unwrap());
    until_status(&with, world.address(), 200);
    let path = format!("/admin/users/{}", ann["id"].as_str().unwrap());
    done(&world, "PATCH", &path, &json!({ "active": false }));
    until_status(&with, world.address(), 401);
    done(&world, "PATCH", &path, &json!({ "active": true }));
    until_status(&with, world.address(), 200);
    done(&world, "DELETE", &path, &json!(null));
    until_status(&with, world.address(), 401);
}

#[test]
fn there_is_always_an_active_admin() {
    let world = World::start();
    let list = done(&world, "GET", "/admin/users?role=admin", &json!(null));
    let admin = format!("/admin/users/{}", list["data"][0]["id"].as_str().unwrap());
    for change in [json!({ "role": "member" }), json!({ "active": false })] {
        let reply = order("PATCH", &admin, &change).send(world.address());
        refused(&reply, 409, "last_admin", None);
    }
    refused(&order("DELETE", &admin, &json!(null)).send(world.address()), 409, "last_admin", None);
    done(&world, "POST", "/admin/users", &json!({ "name": "second", "role": "admin" }));
    done(&world, "PATCH", &admin, &json!({ "role": "member" }));
}

#[test]
fn a_team_lends_its_members_what_it_may_and_leaves_them_when_it_goes() {
    let world = World::start();
    let team = done(
        &world,
        "POST",
        "/admin/teams",
        &json!({ "name": "tools", "models": ["claude-opus-5"] }),
    );
    let ann = done(&world, "POST", "/admin/users", &json!({ "name": "ann" }));
    let key = done(&world, "POST", "/admin/keys", &json!({ "name": "k", "user_id": ann["id"] }));
    let with = plain().without("x-api-key").x_api_key(key["secret"].as_str().unwrap());
    until_status(&with, world.address(), 200);
    let path = format!("/admin/teams/{}", team["id"].as_str().unwrap());
    let member = format!("{path}/members/{}", ann["id"].as_str().unwrap());
    assert_eq!(done(&world, "PUT", &member, &json!(null))["team_name"], "tools");
    until_status(&with, world.address(), 403);
    assert_eq!(done(&world, "GET", &path, &json!(null))["members"], 1);
    done(&world, "DELETE", &member, &json!(null));
    refused(&order("DELETE", &member, &json!(null)).send(world.address()), 404, "not_found", None);
    until_status(&with, world.address(), 200);
    done(&world, "PUT", &member, &json!(null));
    done(&world, "DELETE", &path, &json!(null));
    until_status(&with, world.address(), 200);
    let ann =
        done(&world, "GET", &format!("/admin/users/{}", ann["id"].as_str().unwrap()), &json!(null));
    assert_eq!(ann["team_id"], Value::Null);
}

#[test]
fn what_does_not_fit_is_refused_by_its_field() {
    let world = World::start();
    done(&world, "POST", "/admin/users", &json!({ "name": "ann" }));
    done(&world, "POST", "/admin/teams", &json!({ "name": "tools" }));
    let nobody = "00000000-0000-0000-0000-000000000001";
    for (path, body, status, code, field) in [
        ("/admin/users", json!({ "name": "ann" }), 409, "name_taken", None),
        ("/admin/users", json!({ "name": "\u{202e}x" }), 400, "invalid", Some("name")),
        ("/admin/users", json!({ "name": "b", "email": "b" }), 400, "invalid", Some("email")),
        (
            "/admin/users",
            json!({ "name": "b", "team_id": nobody }),
            400,
            "invalid",
            Some("team_id"),
        ),
        ("/admin/users", json!({ "name": "b", "role": "owner" }), 400, "invalid", Some("request")),
        ("/admin/teams", json!({ "name": "tools" }), 409, "name_taken", None),
        ("/admin/teams", json!({ "name": "t", "models": ["x"] }), 400, "invalid", Some("models")),
    ] {
        refused(&order("POST", path, &body).send(world.address()), status, code, field);
    }
    for (body, field) in [
        (json!({ "colour": 1 }), "colour"),
        (json!({ "session_idle_seconds": 1 }), "session_idle_seconds"),
        (json!({ "password_sign_in": "no" }), "password_sign_in"),
    ] {
        let reply = order("PATCH", "/admin/settings", &body).send(world.address());
        refused(&reply, 400, "invalid", Some(field));
    }
}

#[test]
fn a_setting_takes_effect_and_goes_back_to_its_default() {
    let world = World::start();
    let settings =
        done(&world, "PATCH", "/admin/settings", &json!({ "default_requests_per_minute": 1 }));
    assert_eq!(settings["default_requests_per_minute"], 1);
    until_status(&plain(), world.address(), 429);
    done(&world, "PATCH", "/admin/settings", &json!({ "default_requests_per_minute": null }));
    until_status(&plain(), world.address(), 200);
    let audit = done(&world, "GET", "/admin/audit?action=settings", &json!(null));
    assert_eq!(audit["data"][0]["before"]["default_requests_per_minute"], 1, "{audit}");
}

#[test]
fn the_audit_log_is_searched_exported_and_shows_what_was_altered() {
    let world = World::start();
    for number in 0..5 {
        done(&world, "POST", "/admin/users", &json!({ "name": format!("=user {number}") }));
    }
    done(&world, "POST", "/admin/teams", &json!({ "name": "tools" }));
    let get = |path: &str| done(&world, "GET", path, &json!(null));
    assert_eq!(get("/admin/audit?action=user.create")["data"].as_array().unwrap().len(), 5);
    assert_eq!(get("/admin/audit?action=team")["data"].as_array().unwrap().len(), 1);
    assert_eq!(get("/admin/audit?search=user%203")["data"].as_array().unwrap().len(), 1);
    let page = get("/admin/audit?limit=2");
    let next = get(&format!("/admin/audit?limit=2&cursor={}", page["next"].as_str().unwrap()));
    let id = |page: &Value, at: usize| page["data"][at]["id"].as_i64().unwrap();
    assert_eq!(id(&page, 1) - 1, id(&next, 0));

    let export = |format: &str| {
        let path = format!("/admin/audit/export?action=user&format={format}");
        order("GET", &path, &json!(null)).send(world.address())
    };
    let lines = export("ndjson").text();
    assert_eq!(lines.lines().count(), 5, "{lines}");
    let csv = export("csv").text();
    assert!(csv.starts_with("\"id\",\"at\"") && csv.contains("\"'=user 0\""), "{csv}");

    let whole = get("/admin/audit/integrity");
    assert_eq!((&whole["broken_at"], whole["entries"].as_i64() > Some(6)), (&Value::Null, true));
    world.database.sql(
        "alter table audit disable trigger user; \
         update audit set actor_name = 'somebody else' where subject_name = 'tools'",
    );
    let broken = get("/admin/audit/integrity")["broken_at"].clone();
    assert_eq!(broken, get("/admin/audit?action=team")["data"][0]["id"]);
}

#[test]
fn the_audit_log_cannot_be_rewritten() {
    let world = World::start();
    let statements = "do $$ begin
        begin update audit set action = 'x'; exception when others then return; end;
        raise exception 'it was rewritten';
    end $$";
    world.database.sql(statements);
    assert!(Browser::admin(world.address()).page("/portal/overview").contains("Sign out"));
}
