//! Metrics: what is counted, in which forms, for whom; and that no client can add a series.

use std::collections::BTreeSet;

use ccag::http::ops::metrics::DECLARED;

use crate::support::answers;
use crate::support::client::Request;
use crate::support::exposition::{Sample, samples};
use crate::support::gateway::ADMIN;
use crate::support::until;
use crate::support::upstream::Script;
use crate::support::world::{World, plain, streaming};

fn page(world: &World) -> String {
    Request::get("/metrics").bearer(ADMIN).send(world.address()).text()
}

#[test]
fn a_stream_is_counted_in_all_that_it_was() {
    let world = World::start();
    world.upstream.next(Script::events(&answers::whole(9)).end());
    streaming().open(world.address()).events();
    let id = "claude-sonnet-4-5-20250929";
    for (name, value) in [
        (
            format!(
                "ccag_requests_total{{route=\"messages\",model=\"{id}\",streaming=\"true\",outcome=\"completed\"}}"
            ),
            1.0,
        ),
        (format!("ccag_request_duration_seconds_count{{model=\"{id}\",streaming=\"true\"}}"), 1.0),
        (format!("ccag_time_to_first_token_seconds_count{{model=\"{id}\"}}"), 1.0),
        ("ccag_gateway_overhead_seconds_count".to_owned(), 1.0),
        (format!("ccag_tokens_total{{model=\"{id}\",class=\"input\"}}"), 11.0),
        (format!("ccag_tokens_total{{model=\"{id}\",class=\"output\"}}"), 9.0),
        (format!("ccag_tokens_total{{model=\"{id}\",class=\"cache_read\"}}"), 7.0),
        (format!("ccag_tokens_total{{model=\"{id}\",class=\"cache_write_5m\"}}"), 5.0),
        (format!("ccag_tokens_total{{model=\"{id}\",class=\"cache_write_1h\"}}"), 3.0),
        ("ccag_stop_reasons_total{reason=\"end_turn\"}".to_owned(), 1.0),
        ("ccag_upstream_attempts_total{endpoint=\"default\",result=\"ok\"}".to_owned(), 1.0),
        (
            "ccag_endpoint_requests_total{endpoint=\"default\",outcome=\"completed\"}".to_owned(),
            1.0,
        ),
        ("ccag_live_streams".to_owned(), 0.0),
        ("ccag_unpriced_requests_total".to_owned(), 0.0),
    ] {
        assert_eq!(world.gateway.metric(&name), Some(value), "{name} in\n{}", page(&world));
    }
    let cost = world.gateway.metric(&format!("ccag_cost_dollars_total{{model=\"{id}\"}}"));
    assert!(cost.unwrap() > 0.0);
}

#[test]
fn searches_of_the_web_are_counted() {
    let world = World::start();
    let searched = r#""output_tokens":4,"server_tool_use":{"web_search_requests":2}"#;
    let answer = answers::message().replace(r#""output_tokens":4"#, searched);
    assert_eq!(world.ask(Script::reply(200, &answer)).status, 200);
    let metric = "ccag_web_searches_total{model=\"claude-sonnet-4-5-20250929\"}";
    assert_eq!(world.gateway.metric(metric), Some(2.0));
}

#[test]
fn errors_of_bedrock_are_counted_by_endpoint_and_kind() {
    let world = World::start();
    for (status, kind) in
        [(429, "ThrottlingException"), (400, "ValidationException"), (403, "AccessDeniedException")]
    {
        world.ask(Script::refusal(status, kind, "As scripted."));
    }
    for result in ["throttled", "invalid_request", "permission"] {
        let name =
            format!("ccag_upstream_attempts_total{{endpoint=\"default\",result=\"{result}\"}}");
        assert_eq!(world.gateway.metric(&name), Some(1.0), "{name}");
    }
    let name = "ccag_endpoint_requests_total{endpoint=\"default\",outcome=\"refused\"}";
    assert_eq!(world.gateway.metric(name), Some(3.0));
    assert_eq!(
        world.gateway.metric("ccag_request_errors_total{type=\"rate_limit_error\"}"),
        Some(1.0)
    );
}

#[test]
fn both_text_forms_say_the_same() {
    let world = World::start();
    plain().send(world.address());
    let plain_text = Request::get("/metrics").bearer(ADMIN).send(world.address());
    assert!(plain_text.header("content-type").starts_with("text/plain; version=0.0.4"));
    let open =
        Request::get("/metrics").bearer(ADMIN).header("accept", "application/openmetrics-text");
    let open = open.send(world.address());
    assert!(open.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(open.text().ends_with("\n# EOF\n"));
    let names = |text: &str| -> BTreeSet<String> {
        samples(text)
            .into_iter()
            .filter(|sample| !sample.name.starts_with("ccag_http"))
            .map(Sample::without_bounds)
            .collect()
    };
    assert_eq!(names(&plain_text.text()), names(&open.text()));
}

/// Everything that a hostile client can put where a label might come from.
fn hostile(world: &World) {
    for number in 0..40 {
        let evil = format!("evil-{number}");
        let body = format!(
            r#"{{"model":"{evil}","max_tokens":1,"messages":[{{"role":"user","content":"x"}}]}}"#
        );
        let requests = [
            plain().body(body.clone()),
            plain()
                .body(body.clone())
                .header("x-claude-code-session-id", &evil)
                .header("user-agent", &evil),
            Request::post(&format!("/model/{evil}/invoke"))
                .x_api_key(crate::support::gateway::KEY)
                .body(body),
            Request::get(&format!("/{evil}/{evil}")),
            Request::get(&format!("/v1/models/{evil}")),
            Request::get(&format!("/admin/keys/{evil}")).bearer(ADMIN),
            Request::get(&format!("/portal/{evil}")).header("x-forwarded-for", &evil),
            Request::post("/v1/messages").x_api_key(&evil),
            Request::new("EVIL", "/v1/messages"),
            plain()
                .header("anthropic-beta", &evil)
                .header("traceparent", &evil)
                .header("accept", &evil),
        ];
        for request in requests {
            let _ = request.try_send(world.address());
        }
        let tool = format!(
            r#"{{"type":"content_block_start","index":0,"content_block":{{"type":"tool_use","id":"t","name":"{evil}","input":{{}}}}}}"#
        );
        let stop = format!(
            r#"{{"type":"message_delta","delta":{{"stop_reason":"{evil}"}},"usage":{{"output_tokens":1}}}}"#
        );
        world
            .stream(
                Script::events(&[
                    answers::start(),
                    tool,
                    stop,
                    r#"{"type":"message_stop"}"#.to_owned(),
                ])
                .end(),
            )
            .events();
        world.ask(Script::refusal(418, &evil, &evil));
    }
}

#[test]
fn no_client_can_add_a_series() {
    let world = World::start();
    hostile(&world);
    // The page tells of its own requests once one of them has ended.
    let told = |text: &String| text.contains("route=\"/metrics\"");
    let text = until("the page tells of itself", || Some(page(&world)).filter(told));
    assert!(!text.to_lowercase().contains("evil"), "{text}");
    for sample in samples(&text) {
        let metric = DECLARED
            .iter()
            .flat_map(|(_, metrics)| *metrics)
            .find(|metric| sample.is_of(metric.name, metric.kind.word() == "histogram"))
            .unwrap_or_else(|| panic!("{} is not declared", sample.name));
        for (name, value) in sample.labels.iter().filter(|(name, _)| name != "le") {
            let label = metric.labels.iter().find(|label| label.name == name);
            let label = label.unwrap_or_else(|| panic!("{} has no label {name}", metric.name));
            assert!(label.values.take(value), "{}: {name} may not be {value:?}", metric.name);
        }
    }
    let series = samples(&text).len();
    hostile(&world);
    assert_eq!(samples(&page(&world)).len(), series, "the same requests again added series");
    let other = r#"ccag_requests_total{route="messages",model="other",streaming="false",outcome="rejected"}"#;
    assert!(world.gateway.metric(other).unwrap() >= 80.0, "{}", page(&world));
}

#[test]
fn a_metrics_token_reads_the_metrics_and_nothing_else() {
    let token = "stories-metrics-0123456789abcdefghijklmnop";
    let world = World::with(&[("METRICS_TOKEN", token)]);
    let metrics = Request::get("/metrics");
    assert_eq!(metrics.clone().bearer(token).send(world.address()).status, 200);
    assert_eq!(metrics.clone().bearer(ADMIN).send(world.address()).status, 200);
    metrics.send(world.address()).assert_error(401, "authentication_error");
    assert_eq!(Request::get("/admin/status").bearer(token).send(world.address()).status, 401);
    plain()
        .without("x-api-key")
        .bearer(token)
        .send(world.address())
        .assert_error(401, "authentication_error");
}

#[test]
fn a_port_of_their_own_gives_the_metrics_without_a_token_and_nothing_else() {
    let world = World::with(&[("METRICS_PORT", "0")]);
    let apart = world.gateway.process.said("Listening for scrapes of the metrics.").unwrap();
    plain().send(world.address());
    let page = Request::get("/metrics").send(&apart);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("ccag_requests_total{"), "{}", page.text());
    assert_eq!(Request::get("/health").send(&apart).status, 200);
    for path in ["/", "/v1/models", "/admin/status", "/portal/sign-in"] {
        assert_eq!(Request::get(path).bearer(ADMIN).send(&apart).status, 404, "{path}");
    }
    assert_eq!(Request::get("/metrics").send(world.address()).status, 401);
}
