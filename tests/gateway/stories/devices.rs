//! Sign-in of clients by a code that somebody confirms, on two gateways of one database.

use serde_json::{Value, json};

use crate::support::browser::{Browser, form};
use crate::support::client::{Reply, Request};
use crate::support::gateway::{ADMIN, Gateway};
use crate::support::upstream::{Script, Step};
use crate::support::world::{World, streaming};
use crate::support::{answers, until};

const PASSWORD: &str = "tall ships at noon";
const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Two gateways of one database, and a browser in which the admin is signed in.
fn two() -> (World, Gateway, Browser) {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let second = world.setup.another().start();
    let browser = Browser::by(world.address(), &[("username", "admin"), ("password", PASSWORD)]);
    (world, second, browser)
}

fn begin(address: &str, surface: &str) -> Value {
    let reply = form("/oauth/device_authorization", &[("surface", surface)]).send(address);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn poll(address: &str, begun: &Value) -> Reply {
    let code = begun["device_code"].as_str().unwrap();
    form("/oauth/token", &[("grant_type", DEVICE), ("device_code", code)]).send(address)
}

fn decide(browser: &Browser, begun: &Value, decision: &str) -> Reply {
    let (token, code) = (browser.token(), begun["user_code"].as_str().unwrap());
    let fields = [("token", token.as_str()), ("user_code", code), ("decision", decision)];
    browser.send(form("/device", &fields))
}

fn signed_in(browser: &Browser, address: &str, surface: &str) -> Value {
    let begun = begin(address, surface);
    assert_eq!(decide(browser, &begun, "approve").status, 200);
    let reply = poll(address, &begun);
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

fn refresh(address: &str, token: &Value) -> Reply {
    let token = token["refresh_token"].as_str().unwrap();
    form("/oauth/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).send(address)
}

fn models(address: &str, tokens: &Value) -> u16 {
    Request::get("/v1/models").bearer(tokens["access_token"].as_str().unwrap()).send(address).status
}

fn error(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["error"].as_str().unwrap_or_default().to_owned())
}

fn is(status: u16, error: &str) -> (u16, String) {
    (status, error.to_owned())
}

/// An answer that goes on until its client leaves.
fn running() -> Script {
    Script::events(&answers::whole(3)[..3]).step(Step::AwaitLeft)
}

/// What a token says of itself.
fn said(tokens: &Value) -> Value {
    let token = tokens["access_token"].as_str().unwrap();
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(claims).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

#[test]
fn a_client_signs_in_at_one_gateway_and_is_signed_in_at_all() {
    let (world, second, browser) = two();
    let mail = json!({ "email": "admin@example.com" }).to_string();
    let me = browser.send(Request::get("/admin/me")).json()["user_id"].as_str().unwrap().to_owned();
    let edit = Request::new("PATCH", &format!("/admin/users/{me}")).bearer(ADMIN).body(mail);
    assert_eq!(edit.send(world.address()).status, 200);
    let about =
        Request::get("/.well-known/oauth-authorization-server").send(world.address()).json();
    for (name, path) in [
        ("device_authorization_endpoint", "/oauth/device_authorization"),
        ("token_endpoint", "/oauth/token"),
        ("revocation_endpoint", "/oauth/revoke"),
    ] {
        assert_eq!(about[name], format!("http://gateway{path}"), "{about}");
    }
    let begun = begin(world.address(), "claude_code");
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(600), &json!(5)));
    let link = begun["verification_uri_complete"].as_str().unwrap();
    assert!(link.ends_with(begun["user_code"].as_str().unwrap()), "{begun}");
    assert_eq!(error(&poll(&second.address, &begun)), is(400, "authorization_pending"));
    assert_eq!(error(&poll(world.address(), &begun)), is(400, "slow_down"));
    assert_eq!(decide(&browser, &begun, "approve").status, 200);
    let reply = poll(&second.address, &begun);
    assert_eq!(
        (reply.status, reply.header("cache-control")),
        (200, "no-store"),
        "{}",
        reply.text()
    );
    let tokens = reply.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["email"]),
        (&json!("Bearer"), &json!("admin@example.com"))
    );
    let claims = said(&tokens);
    assert_eq!((&claims["sub"], &claims["email"]), (&json!(me), &json!("admin@example.com")));
    assert!(claims["groups"].is_array() && claims["exp"].is_i64(), "{claims}");
    assert_eq!((models(world.address(), &tokens), models(&second.address, &tokens)), (200, 200));
    assert_eq!(
        error(&poll(world.address(), &begun)),
        is(400, "expired_token"),
        "a code is good once"
    );
    world.upstream.next(Script::reply(200, &answers::message()));
    let asked = crate::support::world::plain()
        .without("x-api-key")
        .bearer(tokens["access_token"].as_str().unwrap());
    assert_eq!(asked.send(&second.address).status, 200);
    let stored = world.database.sql("select * from client_sessions natural join refresh_tokens");
    let secret = tokens["refresh_token"].as_str().unwrap();
    assert!(!format!("{stored:?}").contains(secret), "no token is stored as it is");
}

#[test]
fn the_page_shows_who_asks_and_lets_nobody_in_by_itself() {
    let (world, _, browser) = two();
    let begun = begin(world.address(), "claude_code");
    let code = begun["user_code"].as_str().unwrap();
    let path = format!("/device?user_code={code}");
    let stranger = Request::get(&path).send(world.address());
    assert_eq!(stranger.status, 303);
    assert!(stranger.header("location").starts_with("/portal/sign-in?next=%2Fdevice"));
    let page = browser.page(&path);
    assert!(
        page.contains(code) && page.contains("Claude Code") && page.contains("127.0.0.1"),
        "{page}"
    );
    assert_eq!(
        error(&poll(world.address(), &begun)),
        is(400, "authorization_pending"),
        "a look approves nothing"
    );
    let forged = form("/device", &[("token", "x"), ("user_code", code), ("decision", "approve")]);
    assert_eq!(browser.send(forged).status, 403, "a form of another site");
    let token = browser.token();
    let fields = [("token", token.as_str()), ("user_code", code), ("decision", "approve")];
    let elsewhere = form("/device", &fields).header("origin", "https://evil.example");
    assert_eq!(browser.send(elsewhere).status, 403);
    assert_eq!(decide(&browser, &begun, "deny").status, 200);
    assert_eq!(error(&poll(world.address(), &begun)), is(400, "access_denied"));
    let keyed = Browser::admin(world.address());
    assert_eq!(
        decide(&keyed, &begin(world.address(), "ccag_cli"), "approve").status,
        403,
        "the admin key is no user"
    );
    let wrong = |_| browser.send(Request::get("/device?user_code=BCDF-GHJK")).status;
    let answered: Vec<u16> = (0..11).map(wrong).collect();
    assert_eq!((answered[0], answered[10]), (404, 429), "codes are not to be guessed");
}

#[test]
fn what_is_no_form_of_a_client_is_refused_in_the_form_of_oauth() {
    let world = World::start();
    let at = |request: Request| error(&request.send(world.address()));
    let token = |fields: &[(&str, &str)]| at(form("/oauth/token", fields));
    assert_eq!(
        token(&[("grant_type", DEVICE), ("device_code", "unknown")]),
        is(400, "expired_token")
    );
    assert_eq!(token(&[("grant_type", DEVICE)]), is(400, "invalid_request"));
    assert_eq!(
        token(&[("grant_type", "password"), ("username", "a")]),
        is(400, "unsupported_grant_type")
    );
    assert_eq!(
        token(&[("grant_type", "refresh_token"), ("refresh_token", "x")]),
        is(401, "invalid_grant")
    );
    assert_eq!(at(Request::post("/oauth/token").body("{}")), is(400, "invalid_request"));
    let more = form("/oauth/device_authorization", &[("client_id", "x"), ("scope", "y")]);
    assert_eq!(more.send(world.address()).status, 200, "more or less is not refused");
    let revoked = form("/oauth/revoke", &[("token", "unknown")]).send(world.address());
    assert_eq!(revoked.status, 200);
    let begin = || form("/oauth/device_authorization", &[("surface", "claude_code")]);
    let answers: Vec<u16> = (0..30).map(|_| begin().send(world.address()).status).collect();
    assert_eq!((answers[28], at(begin())), (200, is(429, "slow_down")));
}

#[test]
fn a_refresh_token_is_good_once_on_every_gateway() {
    let (world, second, browser) = two();
    let first = signed_in(&browser, world.address(), "claude_code");
    let next = refresh(&second.address, &first).json();
    assert_ne!(next["refresh_token"], first["refresh_token"]);
    assert_eq!(models(world.address(), &next), 200);
    let twin = refresh(world.address(), &first);
    assert_eq!(twin.status, 200, "two sessions of one client may ask at the same time");
    world.database.sql("update refresh_tokens set used_at = now() - interval '2 minutes' where used_at is not null");
    assert_eq!(error(&refresh(world.address(), &first)), is(401, "invalid_grant"));
    assert_eq!(
        error(&refresh(&second.address, &next)),
        is(401, "invalid_grant"),
        "the session of a stolen token ends"
    );
    for address in [world.address(), &second.address] {
        until("its access tokens open nothing", || (models(address, &next) == 401).then_some(()));
    }
}

#[test]
fn a_client_that_signs_out_is_signed_out_everywhere() {
    let (world, second, browser) = two();
    for kind in ["access_token", "refresh_token"] {
        let tokens = signed_in(&browser, world.address(), "claude_code");
        assert_eq!(models(&second.address, &tokens), 200);
        let token = tokens[kind].as_str().unwrap();
        assert_eq!(form("/oauth/revoke", &[("token", token)]).send(world.address()).status, 200);
        let revoked = until("the second gateway knows", || {
            let bearer = tokens["access_token"].as_str().unwrap();
            let reply = Request::get("/managed/settings").bearer(bearer).send(&second.address);
            (reply.status == 401).then_some(reply)
        });
        revoked.assert_error(401, "authentication_error");
        assert_eq!(revoked.header("x-should-retry"), "false");
        assert_eq!(error(&refresh(&second.address, &tokens)), is(401, "invalid_grant"));
    }
}

#[test]
fn a_signed_in_client_finds_no_policy_and_leaves_its_telemetry() {
    let (world, _, browser) = two();
    let tokens = signed_in(&browser, world.address(), "claude_code");
    let bearer = tokens["access_token"].as_str().unwrap();
    let settings = |request: Request| request.send(world.address());
    settings(Request::get("/managed/settings").bearer(bearer)).assert_error(404, "not_found_error");
    settings(Request::get("/managed/settings")).assert_error(401, "authentication_error");
    for signal in ["metrics", "logs", "traces"] {
        let sent = Request::post(&format!("/v1/{signal}")).bearer(bearer).body(vec![7; 100_000]);
        assert_eq!(settings(sent).status, 200);
    }
}

#[test]
fn only_the_command_lines_token_manages() {
    let (world, _, browser) = two();
    let status = |surface: &str, path: &str| {
        let tokens = signed_in(&browser, world.address(), surface);
        Request::get(path)
            .bearer(tokens["access_token"].as_str().unwrap())
            .send(world.address())
            .status
    };
    assert_eq!(status("ccag_cli", "/admin/users"), 200);
    for surface in ["claude_code", "ccag_token_helper", "anything"] {
        assert_eq!(status(surface, "/admin/users"), 403, "{surface}");
        assert_eq!(status(surface, "/v1/models"), 200, "{surface}");
    }
    let listed = browser.send(Request::get("/admin/client-sessions")).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 7, "{listed}");
    let id = listed["data"][0]["id"].as_str().unwrap();
    let ended = browser.json(Request::new("DELETE", &format!("/admin/client-sessions/{id}")));
    assert_eq!(ended.status, 204);
}

#[test]
fn whoever_is_made_inactive_loses_keys_sessions_and_running_streams_everywhere() {
    let (world, second, admin) = two();
    let order = |method, path: &str, body: Value| {
        let reply =
            Request::new(method, path).bearer(ADMIN).body(body.to_string()).send(world.address());
        assert!(reply.status < 300, "{path}: {}", reply.text());
        reply
    };
    let ann = order("POST", "/admin/users", json!({ "name": "ann" })).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let key = order("POST", "/admin/keys", json!({ "name": "k", "user_id": ann })).json();
    let key = key["secret"].as_str().unwrap().to_owned();
    let secret = "s".repeat(43);
    world.database.sql(&format!(
        "insert into portal_sessions (id, secret_hash, user_id, signed_in_by)
         values (gen_random_uuid(), sha256('{secret}'), '{ann}', 'password')"
    ));
    let browser =
        Browser { address: world.address().to_owned(), cookie: format!("ccag_session={secret}") };
    let tokens = signed_in(&browser, world.address(), "claude_code");
    let bearer = tokens["access_token"].as_str().unwrap();
    let mut streams = Vec::new();
    for address in [world.address(), &second.address] {
        for request in [
            streaming().without("x-api-key").x_api_key(&key),
            streaming().without("x-api-key").bearer(bearer),
        ] {
            world.upstream.next(running());
            let mut stream = request.open(address);
            assert_eq!(stream.status(), 200);
            stream.event();
            streams.push(stream);
        }
    }
    world.upstream.next(running());
    let mut others = streaming().open(&second.address);
    others.event();
    order("PATCH", &format!("/admin/users/{ann}"), json!({ "active": false }));
    for stream in &mut streams {
        let events = stream.events();
        assert_eq!(events.last().unwrap().name, "error", "{events:?}");
    }
    for address in [world.address(), &second.address] {
        until("keys and tokens open nothing", || {
            let keyed = Request::get("/v1/models").x_api_key(&key).send(address).status;
            (keyed == 401 && models(address, &tokens) == 401).then_some(())
        });
    }
    assert_eq!(browser.send(Request::get("/admin/me")).status, 401);
    assert_eq!(error(&refresh(&second.address, &tokens)), is(401, "invalid_grant"));
    assert_eq!(admin.send(Request::get("/admin/me")).status, 200);
    assert_eq!(second.status()["live_streams"], 1, "the streams of others go on");
    drop(others);
}

#[test]
fn a_session_that_is_ended_loses_its_running_streams_everywhere() {
    let (world, second, browser) = two();
    for ends_by_admin in [true, false] {
        let ended = signed_in(&browser, world.address(), "claude_code");
        let other = signed_in(&browser, world.address(), "claude_code");
        let open = |tokens: &Value, address: &str| {
            world.upstream.next(running());
            let bearer = tokens["access_token"].as_str().unwrap();
            let mut stream = streaming().without("x-api-key").bearer(bearer).open(address);
            assert_eq!(stream.status(), 200);
            stream.event();
            stream
        };
        let mut theirs = [world.address(), &second.address].map(|address| open(&ended, address));
        let kept = open(&other, &second.address);
        if ends_by_admin {
            let id = said(&ended)["sid"].as_str().unwrap().to_owned();
            let path = format!("/admin/client-sessions/{id}");
            let gone = Request::new("DELETE", &path).bearer(ADMIN).send(world.address());
            assert_eq!(gone.status, 204, "{}", gone.text());
        } else {
            let token = ended["refresh_token"].as_str().unwrap();
            let revoked = form("/oauth/revoke", &[("token", token)]).send(world.address());
            assert_eq!(revoked.status, 200);
        }
        for stream in &mut theirs {
            let events = stream.events();
            assert_eq!(events.last().unwrap().name, "error", "{events:?}");
        }
        assert_eq!(second.status()["live_streams"], 1, "another session of the same user goes on");
        drop(kept);
        until("it has left", || (second.status()["live_streams"] == 0).then_some(()));
    }
}

#[test]
fn a_crash_of_the_owner_signs_nobody_out() {
    let (world, _, browser) = two();
    let tokens = signed_in(&browser, world.address(), "claude_code");
    assert_eq!(world.gateway.crash("identity").status, 202);
    assert_eq!(models(world.address(), &tokens), 200);
    let again = signed_in(&browser, world.address(), "claude_code");
    assert_eq!(models(world.address(), &again), 200);
}
