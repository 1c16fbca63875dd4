//! Who may do what: every route of `/openapi.json` with every kind of caller, and every field that a
//! member must not set. A route that this file does not know fails it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::client::Request;
use crate::support::gateway::{ADMIN, KEY};
use crate::support::world::World;

/// What a member gets for what is somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    /// Only admins do this.
    Never,
    /// Not of others: as if it were not there.
    NotOfOthers,
    /// It is about the member itself.
    Itself,
}

use Member::{Itself, Never, NotOfOthers};

const ROUTES: &[(&str, &str, Member)] = &[
    ("get", "/admin/me", Itself),
    ("get", "/admin/keys", Itself),
    ("post", "/admin/keys", Itself),
    ("post", "/admin/setup-tokens", Itself),
    ("get", "/admin/keys/{id}", NotOfOthers),
    ("patch", "/admin/keys/{id}", NotOfOthers),
    ("delete", "/admin/keys/{id}", NotOfOthers),
    ("post", "/admin/keys/{id}/rotate", NotOfOthers),
    ("post", "/admin/keys/{id}/revoke", NotOfOthers),
    ("get", "/admin/users", Never),
    ("post", "/admin/users", Never),
    ("get", "/admin/users/{id}", NotOfOthers),
    ("patch", "/admin/users/{id}", Never),
    ("delete", "/admin/users/{id}", Never),
    ("get", "/admin/teams", Never),
    ("post", "/admin/teams", Never),
    ("get", "/admin/teams/{id}", NotOfOthers),
    ("patch", "/admin/teams/{id}", Never),
    ("delete", "/admin/teams/{id}", Never),
    ("put", "/admin/teams/{id}/members/{user_id}", NotOfOthers),
    ("delete", "/admin/teams/{id}/members/{user_id}", Never),
    ("get", "/admin/settings", Never),
    ("patch", "/admin/settings", Never),
    ("get", "/admin/sessions", Itself),
    ("delete", "/admin/sessions/{id}", NotOfOthers),
    ("get", "/admin/client-sessions", Itself),
    ("delete", "/admin/client-sessions/{id}", NotOfOthers),
    ("get", "/admin/identity-providers", Never),
    ("post", "/admin/identity-providers", Never),
    ("get", "/admin/identity-providers/{id}", Never),
    ("patch", "/admin/identity-providers/{id}", Never),
    ("delete", "/admin/identity-providers/{id}", Never),
    ("post", "/admin/identity-providers/{id}/test", Never),
    ("post", "/admin/password", Itself),
    ("get", "/admin/identity-providers/{id}/scim-tokens", Never),
    ("post", "/admin/identity-providers/{id}/scim-tokens", Never),
    ("delete", "/admin/identity-providers/{id}/scim-tokens/{token_id}", Never),
    ("get", "/admin/budgets", Never),
    ("post", "/admin/budgets", Never),
    ("get", "/admin/budgets/status", Itself),
    ("get", "/admin/budgets/{id}", Never),
    ("patch", "/admin/budgets/{id}", Never),
    ("delete", "/admin/budgets/{id}", Never),
    ("get", "/admin/audit", Never),
    ("get", "/admin/audit/export", Never),
    ("get", "/admin/verdicts", Never),
    ("post", "/admin/verdicts", Never),
    ("delete", "/admin/verdicts/{id}", Never),
    ("get", "/admin/teams/{id}/routing", Never),
    ("put", "/admin/teams/{id}/routing", Never),
    ("get", "/admin/endpoints", Never),
    ("post", "/admin/endpoints", Never),
    ("get", "/admin/endpoints/health", Never),
    ("get", "/admin/endpoints/{id}", Never),
    ("patch", "/admin/endpoints/{id}", Never),
    ("delete", "/admin/endpoints/{id}", Never),
    ("get", "/admin/endpoints/{id}/health", Never),
    ("post", "/admin/endpoints/{id}/test", Never),
    ("post", "/admin/endpoints/{id}/drain", Never),
    ("post", "/admin/endpoints/{id}/resume", Never),
    ("post", "/admin/endpoints/{id}/probe", Never),
    ("get", "/admin/model-mappings", Never),
    ("post", "/admin/model-mappings", Never),
    ("delete", "/admin/model-mappings/{id}", Never),
    ("get", "/admin/notifications", Never),
    ("get", "/admin/notifications/fallback", Never),
    ("get", "/admin/notifications/deliveries", Never),
    ("post", "/admin/notifications/deliveries/{id}/retry", Never),
    ("get", "/admin/notifications/destinations", Never),
    ("post", "/admin/notifications/destinations", Never),
    ("get", "/admin/notifications/destinations/{id}", Never),
    ("patch", "/admin/notifications/destinations/{id}", Never),
    ("delete", "/admin/notifications/destinations/{id}", Never),
    ("post", "/admin/notifications/destinations/{id}/test", Never),
    ("post", "/admin/notifications/destinations/{id}/activate", Never),
    ("post", "/admin/notifications/destinations/{id}/deactivate", Never),
    ("post", "/admin/notifications/destinations/{id}/rotate", Never),
    ("get", "/admin/prices", Never),
    ("post", "/admin/prices", Never),
    ("delete", "/admin/prices/{id}", Never),
    ("get", "/admin/prices/history", Never),
    ("get", "/admin/prices/unpriced", Never),
    ("get", "/admin/prices/terms", Never),
    ("put", "/admin/prices/terms", Never),
    ("get", "/admin/prices/terms/history", Never),
    ("get", "/admin/prices/refresh", Never),
    ("post", "/admin/prices/refresh", Never),
    ("get", "/admin/usage", Itself),
    ("get", "/admin/usage/export", Itself),
    ("get", "/admin/analytics/totals", Itself),
    ("get", "/admin/analytics/series", Itself),
    ("get", "/admin/analytics/breakdown", Itself),
    ("get", "/admin/analytics/latency", Itself),
    ("get", "/admin/analytics/cache", Itself),
    ("get", "/admin/analytics/active-users", Itself),
    ("get", "/admin/analytics/hours", Itself),
    ("get", "/admin/analytics/tools", Itself),
    ("get", "/admin/analytics/servers", Itself),
    ("get", "/admin/analytics/choices", Never),
    ("get", "/admin/analytics/sessions", Itself),
    ("get", "/admin/analytics/sessions/{user_id}/{session_id}", NotOfOthers),
];

/// Routes with no description in the API's: they have no body and no parameters.
const OTHERS: [(&str, &str, Member); 2] =
    [("get", "/admin/audit/integrity", Never), ("get", "/admin/status", Never)];

const ANN: &str = "00000000-0000-0000-0000-0000000000a1";
const BOB: &str = "00000000-0000-0000-0000-0000000000b1";
const BOBS_KEY: &str = "00000000-0000-0000-0000-0000000000b2";
const BOBS_SESSION: &str = "00000000-0000-0000-0000-0000000000b3";
const ANNS_KEY: &str = "00000000-0000-0000-0000-0000000000a2";
const PROVIDER: &str = "00000000-0000-0000-0000-0000000000d1";
const TEAM: &str = "00000000-0000-0000-0000-0000000000c1";

/// Ann, a member who is signed in, and Bob, whose things are not hers.
fn people(world: &World) -> Browser {
    let secret = "a".repeat(43);
    world.database.sql(&format!(
        "insert into teams (id, name) values ('{TEAM}', 'tools');
         insert into users (id, name) values ('{ANN}', 'ann'), ('{BOB}', 'bob');
         insert into api_keys (id, name, key_hash, user_id, expires_at) values
             ('{ANNS_KEY}', 'anns', sha256('anns'), '{ANN}', now() + interval '1 day'),
             ('{BOBS_KEY}', 'bobs', sha256('bobs'), '{BOB}', null);
         insert into identity_providers (id, name, kind) values ('{PROVIDER}', 'okta', 'scim');
         insert into scim_tokens (id, provider_id, name, token_hash, prefix) values
             (gen_random_uuid(), '{PROVIDER}', 'sync', sha256('{}'), 'scim');
         insert into portal_sessions (id, secret_hash, user_id, signed_in_by) values
             ('{BOBS_SESSION}', sha256('bobs'), '{BOB}', 'password'),
             (gen_random_uuid(), sha256('{secret}'), '{ANN}', 'password')",
        scim_token()
    ));
    Browser { address: world.address().to_owned(), cookie: format!("ccag_session={secret}") }
}

/// The token of the provider.
fn scim_token() -> String {
    format!("scim-ccag-{}", "5c".repeat(32))
}

fn request(method: &str, path: &str) -> Request {
    let id = match path.split('/').nth(2) {
        Some("keys") => BOBS_KEY,
        Some("sessions") => BOBS_SESSION,
        Some("teams") => TEAM,
        Some("identity-providers") => PROVIDER,
        _ => BOB,
    };
    let path = path.replace("{id}", id).replace("{user_id}", BOB).replace("{token_id}", BOB);
    let path = path.replace("{session_id}", "s");
    let method = match method {
        "get" => "GET",
        "post" => "POST",
        "put" => "PUT",
        "patch" => "PATCH",
        "delete" => "DELETE",
        other => panic!("no such method: {other}"),
    };
    let request = Request::new(method, &path);
    match (method, path.as_str()) {
        ("GET" | "DELETE", _) => request,
        ("POST", "/admin/password") => {
            request.body(r#"{"current_password":"x","new_password":"tall ships at noon"}"#)
        }
        ("POST", "/admin/verdicts") => request.body(
            r#"{"endpoint":"e","profile":"p","kind":"feature","name":"sampling","taken":true,"reason":"r"}"#,
        ),
        ("POST", "/admin/endpoints") => request.body(r#"{"name":"n","region":"eu-west-1"}"#),
        ("POST", "/admin/model-mappings") => {
            request.body(r#"{"name":"n","target":"claude-opus-5"}"#)
        }
        ("PUT", path) if path.ends_with("/routing") => request.body(r#"{"endpoints":[]}"#),
        ("POST", "/admin/notifications/destinations") => request.body(
            r#"{"name":"n","kind":"webhook","target":"https://example.com/","categories":["health"]}"#,
        ),
        ("POST", "/admin/prices") => request.body(
            r#"{"model":"m","reach":"geo","rates":{"input":1,"output":1,"cache_read":1,"cache_write_5m":1,"cache_write_1h":1},"reason":"r"}"#,
        ),
        ("PUT", "/admin/prices/terms") => {
            request.body(r#"{"multiplier":1,"web_search":0,"reason":"r"}"#)
        }
        ("POST", "/admin/budgets") => {
            request.body(r#"{"target":"default","period":"daily","amount_usd":1000}"#)
        }
        ("POST", path)
            if matches!(path, "/admin/keys" | "/admin/users" | "/admin/teams" | "/admin/identity-providers" | "/admin/setup-tokens")
                || path.ends_with("/scim-tokens") =>
        {
            request.body(r#"{"name":"n"}"#)
        }
        _ => request.body("{}"),
    }
}

fn described(world: &World) -> BTreeSet<(String, String)> {
    let api: Value = Request::get("/openapi.json").send(world.address()).json();
    let paths = api["paths"].as_object().expect("paths");
    let methods = paths.iter().flat_map(|(path, item)| {
        item.as_object().into_iter().flatten().map(|(method, _)| (method.clone(), path.clone()))
    });
    methods.collect()
}

#[test]
fn every_route_is_known_here() {
    let world = World::start();
    let known = ROUTES.iter().chain(&OTHERS);
    let known: BTreeSet<_> = known.map(|(m, p, _)| ((*m).to_owned(), (*p).to_owned())).collect();
    let described = described(&world);
    let unknown: Vec<_> = described.difference(&known).collect();
    assert!(unknown.is_empty(), "routes that nobody holds to rights: {unknown:?}");
    assert!(ROUTES.iter().all(|(m, p, _)| described.contains(&((*m).to_owned(), (*p).to_owned()))));
}

#[test]
fn every_route_answers_each_caller_as_it_should() {
    let world = World::start();
    let ann = people(&world);
    let admin = Browser::admin(world.address());
    for (method, path, member) in ROUTES.iter().copied().chain(OTHERS) {
        let request = || request(method, path);
        let what = format!("{method} {path}");
        assert_eq!(request().send(world.address()).status, 401, "nobody: {what}");
        let wrong = request().bearer("sk-ccag-0000000000000000000000000000");
        assert_eq!(wrong.send(world.address()).status, 401, "a wrong key: {what}");
        for keyed in [request().x_api_key(KEY), request().bearer(KEY)] {
            let status = keyed.send(world.address()).status;
            let is_me = path == "/admin/me";
            assert_eq!(status, if is_me { 200 } else { 403 }, "an API key: {what}");
        }
        let provider = request().bearer(&scim_token()).send(world.address()).status;
        assert_eq!(provider, if path == "/admin/me" { 200 } else { 403 }, "a SCIM token: {what}");
        if method != "get" {
            assert_eq!(ann.send(request()).status, 403, "without the form token: {what}");
            assert_eq!(admin.send(request()).status, 403, "without the form token: {what}");
        }
        let status = ann.json(request()).status;
        match member {
            Never => assert_eq!(status, 403, "a member: {what}"),
            NotOfOthers => assert!(matches!(status, 403 | 404), "a member: {what}: {status}"),
            Itself => assert!(!matches!(status, 401 | 403), "a member: {what}: {status}"),
        }
    }
    // Last, since they do it.
    for (method, path, _) in ROUTES.iter().copied().chain(OTHERS).filter(|(m, ..)| *m != "delete") {
        let keyed = request(method, path).bearer(ADMIN).send(world.address());
        let signed_in = admin.json(request(method, path));
        for (who, reply) in [("the admin key", keyed), ("an admin", signed_in)] {
            let own_password = path == "/admin/password";
            let is_barred = matches!(reply.status, 401 | 403);
            assert_eq!(is_barred, own_password, "{who}: {method} {path}: {}", reply.text());
        }
    }
}

#[test]
fn a_member_sets_no_field_that_is_an_admins() {
    let world = World::start();
    let ann = people(&world);
    let limits = json!({ "requests_per_minute": 1000 });
    let key = format!("/admin/keys/{ANNS_KEY}");
    for (method, path, body, field) in [
        ("POST", "/admin/keys", json!({ "name": "k", "user_id": BOB }), "user_id"),
        ("POST", "/admin/setup-tokens", json!({ "name": "k", "user_id": BOB }), "user_id"),
        ("POST", "/admin/keys", json!({ "name": "k", "team_id": TEAM }), "team_id"),
        ("POST", "/admin/keys", json!({ "name": "k", "limits": limits }), "limits"),
        ("PATCH", &key, json!({ "team_id": TEAM }), "team_id"),
        ("PATCH", &key, json!({ "models": null }), "models"),
        ("PATCH", &key, json!({ "limits": limits }), "limits"),
        ("PATCH", &key, json!({ "expires_at": null }), "expires_at"),
    ] {
        let reply = ann.json(Request::new(method, path).body(body.to_string()));
        let told = reply.json();
        assert_eq!(
            (reply.status, told["field"].as_str()),
            (403, Some(field)),
            "{path} {body}: {told}"
        );
    }
    for query in [format!("/admin/keys?user_id={BOB}"), format!("/admin/sessions?user_id={BOB}")] {
        assert_eq!(ann.send(Request::get(&query)).status, 403, "{query}");
    }
    for whose in ["user_id", "key_id", "team_id"] {
        let id = match whose {
            "user_id" => BOB,
            "key_id" => BOBS_KEY,
            _ => TEAM,
        };
        let query = format!("/admin/budgets/status?{whose}={id}");
        assert_eq!(ann.send(Request::get(&query)).status, 404, "{query}");
    }
    let own = ann.json(Request::new("PATCH", &key).body(r#"{"name":"mine"}"#));
    assert_eq!((own.status, &own.json()["name"]), (200, &json!("mine")));
    let made = ann.json(Request::post("/admin/keys").body(r#"{"name":"k"}"#));
    assert_eq!((made.status, &made.json()["user_id"]), (201, &json!(ANN)));
    let listed = ann.send(Request::get("/admin/keys")).json();
    assert!(listed["data"].as_array().unwrap().iter().all(|key| key["user_id"] == ANN), "{listed}");
    for page in ["/portal/overview", "/portal/live", "/portal/status"] {
        assert_eq!(ann.send(Request::get(page)).status, 403, "{page}");
    }
}
