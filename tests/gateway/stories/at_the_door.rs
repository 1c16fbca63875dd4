//! What the gateway answers before any model is asked.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::answers::MODEL;
use crate::support::client::{Incoming, Request};
use crate::support::gateway::{ADMIN, KEY};
use crate::support::world::{World, plain, streaming};
use crate::support::{rows, until};

#[test]
fn health_and_readiness_need_no_key_and_operations_do() {
    let world = World::start();
    for path in ["/health", "/ready"] {
        let reply = Request::get(path).send(world.address());
        assert_eq!(reply.status, 200, "{path}");
        assert!(!reply.header("request-id").is_empty(), "{path}");
    }
    // To the admin API an API key is known, but not enough.
    for (path, with_key) in [("/metrics", 401), ("/admin/status", 403)] {
        let bare = Request::get(path);
        assert_eq!(bare.send(world.address()).status, 401, "{path}");
        for refused in [bare.clone().bearer(KEY), bare.x_api_key(KEY)] {
            assert_eq!(refused.send(world.address()).status, with_key, "{refused:?}");
        }
        let allowed = Request::get(path).bearer(ADMIN).send(world.address());
        assert_eq!(allowed.status, 200, "{path}");
    }
    let crash = Request::post("/admin/chaos/limiter").send(world.address());
    assert_eq!(crash.status, 401);
}

#[test]
fn the_status_names_every_actor() {
    let world = World::start();
    for name in [
        "settings",
        "keys",
        "limiter",
        "endpoints",
        "usage",
        "changes",
        "drain",
        "streams-0",
        "streams-1",
    ] {
        // Workers start a moment after the gateway listens.
        let actor = until(&format!("the actor {name}"), || world.gateway.actor(name));
        assert_eq!(actor["state"], "running", "{actor}");
        assert_eq!(actor["restarts"], 0, "{actor}");
    }
    assert_eq!(world.gateway.status()["live_streams"], 0);
}

#[test]
fn each_credential_of_a_request_is_tried() {
    let world = World::start();
    let bare = plain().without("x-api-key");
    let wrong = "sk-ccag-stories-wrong-wrong-wrong-wrong-wrong-wr";
    for request in [
        bare.clone().x_api_key(KEY),
        bare.clone().bearer(KEY),
        bare.clone().x_api_key(wrong).bearer(KEY),
        bare.clone().x_api_key(KEY).bearer(wrong),
        bare.clone().header("Authorization", &format!("bearer {KEY}")),
    ] {
        assert_eq!(request.send(world.address()).status, 200, "{request:?}");
    }
    for request in [
        bare.clone(),
        bare.clone().x_api_key(wrong),
        bare.clone().bearer(wrong),
        bare.clone().x_api_key(wrong).bearer(wrong),
        bare.clone().x_api_key(""),
        bare.clone().x_api_key(ADMIN),
        bare.clone().x_api_key(&KEY[..KEY.len() - 1]),
        bare.clone().header("authorization", "Basic Zm9vOmJhcg=="),
    ] {
        let reply = request.send(world.address());
        reply.assert_error(401, "authentication_error");
        assert_eq!(reply.header("x-should-retry"), "false", "{request:?}");
        assert!(!reply.text().contains(wrong), "a key came back");
    }
    assert_eq!(world.upstream.count(), 5);
}

#[test]
fn requests_that_make_no_sense_are_refused_in_the_shape_of_the_api() {
    let world = World::start();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [
        "",
        "{",
        "[]",
        "null",
        "\u{fffd}",
        r#"{"model":1,"messages":[]}"#,
        r#"{"messages":[]}"#,
        r#"{"model":"","max_tokens":1,"messages":[{"role":"user","content":"x"}]}"#,
        r#"{"model":"claude-sonnet-4-5","messages":[]"#,
        &deep,
    ] {
        let reply = plain().body(body).send(world.address());
        reply.assert_error(400, "invalid_request_error");
    }
    let invalid_utf8 = plain().body(*b"{\"model\":\"\xff\xfe\"}").send(world.address());
    invalid_utf8.assert_error(400, "invalid_request_error");

    for model in ["claude-nonesuch", "gpt-5", "claude-sonnet-4-5-20250929-v9"] {
        let body = format!(
            r#"{{"model":"{model}","max_tokens":1,"messages":[{{"role":"user","content":"x"}}]}}"#
        );
        let reply = plain().body(body).send(world.address());
        reply.assert_error(404, "not_found_error");
    }
    assert_eq!(world.upstream.count(), 0);
}

#[test]
fn unknown_paths_and_methods_are_refused_in_the_shape_of_the_api() {
    let world = World::start();
    for path in ["/v1", "/v1/nonesuch", "/v1/messages/", "/v1/messages/x/y", "/%2e%2e/etc"] {
        let reply = Request::post(path).x_api_key(KEY).send(world.address());
        reply.assert_error(404, "not_found_error");
    }
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let reply = Request::new(method, "/v1/messages").x_api_key(KEY).send(world.address());
        reply.assert_error(405, "invalid_request_error");
        assert_eq!(reply.header("allow"), "POST");
    }
}

#[test]
fn a_query_string_changes_nothing() {
    let world = World::start();
    let body = format!(
        r#"{{"model":"{MODEL}","max_tokens":8,"messages":[{{"role":"user","content":"x"}}]}}"#
    );
    let reply =
        Request::post("/v1/messages?beta=true").x_api_key(KEY).body(body).send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn a_body_over_32_megabytes_is_too_large_and_one_below_is_not() {
    let world = World::start();
    let sized = |size: usize| {
        let start = format!(
            r#"{{"model":"{MODEL}","max_tokens":8,"messages":[{{"role":"user","content":""#
        );
        let end = r#""}]}"#;
        let filler = "x".repeat(size - start.len() - end.len());
        plain().body(format!("{start}{filler}{end}"))
    };
    let reply = sized(32 * 1024 * 1024 + 1).send(world.address());
    reply.assert_error(413, "request_too_large");
    assert_eq!(world.upstream.count(), 0);
    let reply = sized(20 * 1024 * 1024).send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
}

#[test]
fn a_body_that_stops_coming_is_given_up() {
    let world = World::with(&[("REQUEST_BODY_TIMEOUT_MS", "200")]);
    let socket = streaming().begin(world.address(), 20);
    let reply = Incoming::read(socket).unwrap().reply().unwrap();
    reply.assert_error(408, "timeout_error");
    let row = rows::row(&world.database, &reply.request_id());
    rows::assert_columns(&row, &[("outcome", "rejected"), ("status", "408")]);
    assert_eq!(world.upstream.count(), 0);
}

#[test]
fn one_connection_carries_many_requests_refused_ones_too() {
    let world = World::start();
    let (good, stream) = (plain(), streaming());
    let (stranger, broken) = (plain().without("x-api-key"), plain().body("{"));
    let unknown = Request::post("/v1/nonesuch").body("unread");
    let requests = [&good, &stranger, &stream, &broken, &stream, &unknown, &good];
    let replies = Request::in_turn(&requests, world.address()).unwrap();
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    assert_eq!(statuses, [200, 401, 200, 400, 200, 404, 200]);
    for reply in replies.iter().filter(|reply| reply.status == 200) {
        assert!(!reply.closes(), "{:?}", reply.head);
    }
}

#[test]
fn request_ids_are_never_given_twice() {
    let world = World::start();
    let mut ids: Vec<String> =
        (0..50).map(|_| plain().send(world.address()).header("request-id").to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

#[test]
fn a_body_that_is_no_json_by_its_own_word_is_refused_with_415() {
    let world = World::start();
    let send = |kind: &str| {
        let mut socket = TcpStream::connect(world.address()).unwrap();
        let body = r#"{"model":"claude-sonnet-4-5","max_tokens":1,"messages":[{"role":"user","content":"x"}]}"#;
        write!(
            socket,
            "POST /v1/messages HTTP/1.1\r\nhost: g\r\nx-api-key: {KEY}\r\n{kind}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut reply = String::new();
        socket.read_to_string(&mut reply).unwrap();
        reply
    };
    for fits in [
        "",
        "content-type: application/json; charset=utf-8\r\n",
        "content-type: Application/JSON\r\n",
    ] {
        assert!(send(fits).starts_with("HTTP/1.1 200"), "{fits}");
    }
    for other in ["text/plain", "application/x-www-form-urlencoded"] {
        let reply = send(&format!("content-type: {other}\r\n"));
        assert!(
            reply.starts_with("HTTP/1.1 415") && reply.contains("invalid_request_error"),
            "{reply}"
        );
    }
}
