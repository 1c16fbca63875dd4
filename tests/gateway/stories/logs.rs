//! What is logged: a line per request that tells all of it but what was said.

use serde_json::Value;

use crate::support::answers;
use crate::support::client::Request;
use crate::support::gateway::{ADMIN, KEY};
use crate::support::until;
use crate::support::upstream::Script;
use crate::support::world::{World, plain, streaming};

/// The access log's lines.
fn ended(world: &World) -> Vec<Value> {
    let lines = world.gateway.process.lines();
    let parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.filter(|line| line["target"] == "ccag::access").collect()
}

#[track_caller]
fn line_of(world: &World, request_id: &str) -> Value {
    let of =
        |line: &Value| line["request_id"] == request_id || line["span"]["request_id"] == request_id;
    until("the request's line", || ended(world).into_iter().find(of))
}

#[test]
fn a_request_leaves_one_line_with_tokens_cost_endpoint_and_times() {
    let world = World::start();
    world.upstream.next(Script::events(&answers::whole(9)).end());
    let mut incoming = streaming().open(world.address());
    incoming.events();
    let line = line_of(&world, &incoming.request_id());
    for (name, value) in [
        ("route", "messages"),
        ("model", "claude-sonnet-4-5-20250929"),
        ("endpoint", "default"),
        ("outcome", "completed"),
        ("stop_reason", "end_turn"),
        ("level", "INFO"),
    ] {
        assert_eq!(line[name], value, "{name}: {line}");
    }
    for (name, value) in
        [("status", 200), ("input_tokens", 11), ("output_tokens", 9), ("cache_read_tokens", 7)]
    {
        assert_eq!(line[name], value, "{name}: {line}");
    }
    for present in
        ["user_id", "key_id", "duration_ms", "waited_ms", "first_token_ms", "cost_dollars"]
    {
        assert!(!line[present].is_null(), "{present}: {line}");
    }
    assert!(line["cost_dollars"].as_f64().unwrap() > 0.0);
    let id = incoming.request_id();
    let lines = ended(&world);
    assert_eq!(
        lines.iter().filter(|line| line["request_id"] == id.as_str()).count(),
        1,
        "{lines:#?}"
    );
}

#[test]
fn other_requests_leave_a_line_too_and_probes_none() {
    let world = World::start();
    let listed = Request::get("/admin/keys?limit=1").bearer(ADMIN).send(world.address());
    let stranger = plain().without("x-api-key").send(world.address());
    let lost = Request::get("/secret-path").send(world.address());
    for _ in 0..3 {
        Request::get("/health").send(world.address());
        Request::get("/metrics").bearer(ADMIN).send(world.address());
    }
    let odd = Request::new("EVIL", "/v1/messages").send(world.address());
    for (reply, route, status) in [
        (&odd, "other", 405),
        (&listed, "/admin/keys", 200),
        (&stranger, "/v1/messages", 401),
        (&lost, "other", 404),
    ] {
        let line = line_of(&world, &reply.request_id());
        assert_eq!((&line["route"], &line["status"]), (&route.into(), &status.into()), "{line}");
    }
    let lines = ended(&world);
    assert_eq!(lines.len(), 4, "{lines:#?}");
    assert!(!format!("{lines:?}").contains("secret-path"));
}

#[test]
fn what_happens_on_a_requests_way_names_it() {
    let world = World::start();
    let reply = world.ask(Script::refusal(429, "ThrottlingException", "As scripted."));
    let line = until("the refusal's line", || {
        let lines = world.gateway.process.lines();
        let parsed = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        parsed.into_iter().find(|line| line["message"] == "Bedrock refused a request.")
    });
    assert_eq!(line["span"]["request_id"], reply.request_id().as_str(), "{line}");
    assert!(line["span"]["user_id"].is_string(), "{line}");
}

const CANARY: &str = "canary-4af1c9";

/// Sends the canary wherever something secret may stand: prompts, tools, answers, keys, passwords,
/// cookies, tokens, and bodies that no route takes.
fn sing(world: &World) {
    let secret = format!("sk-ccag-{CANARY}-0123456789abcdefghijklmnopqrstuvwxyz");
    let body = |model: &str, stream: bool| {
        format!(
            r#"{{"model":"{model}","max_tokens":64,"stream":{stream},"system":"{CANARY}","metadata":{{"user_id":"{CANARY}"}},
             "tools":[{{"name":"t","description":"{CANARY}","input_schema":{{"type":"object"}}}}],
             "messages":[{{"role":"user","content":"{CANARY}"}}]}}"#
        )
    };
    let answer =
        answers::whole(2).iter().map(|event| event.replace("0 ", CANARY)).collect::<Vec<_>>();
    world.upstream.next(Script::events(&answer).end());
    streaming().body(body("claude-sonnet-4-5", true)).open(world.address()).events();
    for path in ["/v1/messages", "/v1/messages/count_tokens"] {
        Request::post(path)
            .x_api_key(KEY)
            .body(body("claude-sonnet-4-5", false))
            .send(world.address());
        Request::post(path)
            .x_api_key(&secret)
            .body(body("claude-sonnet-4-5", false))
            .send(world.address());
        Request::post(path)
            .bearer(&secret)
            .body(body("claude-sonnet-4-5", false))
            .send(world.address());
        Request::post(path).x_api_key(KEY).body(format!("{{\"{CANARY}\"")).send(world.address());
    }
    for operation in ["invoke", "invoke-with-response-stream", "count-tokens"] {
        let path = format!("/model/us.anthropic.claude-sonnet-4-5-20250929-v1:0/{operation}");
        let native = format!(
            r#"{{"anthropic_version":"bedrock-2023-05-31","max_tokens":1,"messages":[{{"role":"user","content":"{CANARY}"}}]}}"#
        );
        Request::post(&path).bearer(KEY).body(native).send(world.address());
    }
    world.upstream.next(Script::refusal(400, "ValidationException", CANARY));
    plain().send(world.address());
    world.upstream.next(Script::refusal(500, "InternalServerException", CANARY));
    plain().send(world.address());
    world.upstream.next(Script::raw(CANARY).then_close());
    plain().send(world.address());
    let broken =
        Script::events(&[answers::start(), answers::delta(CANARY), format!("{{\"{CANARY}\"")]);
    let _ = world.stream(broken.then_close()).try_events();
    let documented = Request::get("/openapi.json").send(world.address()).json();
    for (path, operations) in documented["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method = match method.as_str() {
                "get" => "GET",
                "post" => "POST",
                "put" => "PUT",
                "patch" => "PATCH",
                _ => "DELETE",
            };
            let path = path.replace("{id}", CANARY).replace("{request_id}", CANARY);
            let path = format!("{path}?{CANARY}={CANARY}");
            for key in [ADMIN, secret.as_str()] {
                let body = format!(r#"{{"name":"n","{CANARY}":"{CANARY}","password":"{CANARY}"}}"#);
                let request = Request::new(method, &path)
                    .bearer(key)
                    .header("cookie", &format!("ccag_session={CANARY}"));
                let _ = request.body(body).try_send(world.address());
            }
        }
    }
    for path in [
        "/portal/sign-in",
        "/portal/password",
        "/portal/live",
        "/portal/status",
        &format!("/{CANARY}"),
    ] {
        let form = format!("username=admin&password={CANARY}&token={CANARY}");
        let request =
            Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let _ = request
            .header("cookie", &format!("ccag_session={CANARY}"))
            .body(form)
            .try_send(world.address());
        let _ =
            Request::get(&format!("{path}?code={CANARY}&state={CANARY}")).try_send(world.address());
    }
}

#[track_caller]
fn nothing_of_it_is_logged(level: &str) {
    let collector = crate::support::collector::Collector::start();
    let mut world = World::with(&[
        ("RUST_LOG", level),
        ("ADMIN_PASSWORD", &format!("{CANARY}-password")),
        ("SECRETS_KEY", &format!("{CANARY}-secrets-key-0123456789abcdef")),
        ("METRICS_TOKEN", &format!("{CANARY}-metrics-token-0123456789abc")),
        ("AWS_SECRET_ACCESS_KEY", &format!("{CANARY}/aws")),
        ("AWS_SESSION_TOKEN", &format!("{CANARY}/session")),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url()),
        ("OTEL_EXPORTER_OTLP_HEADERS", &format!("authorization={CANARY}")),
    ]);
    sing(&world);
    world.gateway.process.terminate();
    world.gateway.process.wait();
    let lines = world.gateway.process.lines();
    assert!(lines.iter().any(|line| line.contains("A request ended.")), "nothing was logged");
    let secrets = [CANARY, KEY, ADMIN];
    let told: Vec<&String> =
        lines.iter().filter(|line| secrets.iter().any(|secret| line.contains(secret))).collect();
    assert!(
        told.is_empty(),
        "{} lines tell of it: {:#?}",
        told.len(),
        told.iter().take(20).collect::<Vec<_>>()
    );
}

#[test]
fn no_prompt_key_or_token_is_logged() {
    nothing_of_it_is_logged("info");
}

#[test]
fn no_prompt_key_or_token_is_logged_at_any_level() {
    nothing_of_it_is_logged("trace");
}
