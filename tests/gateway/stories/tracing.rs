//! Traces and metrics that go out by OTLP, and the trace context that passes through.

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;

use crate::support::answers;
use crate::support::collector::{Collector, attribute, hex};
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::{World, plain, streaming};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn world(collector: &Collector, more: &[(&str, &str)]) -> World {
    let url = collector.url();
    let mut environment = vec![
        ("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "50"),
    ];
    environment.extend(more);
    World::with(&environment)
}

fn of_kind(spans: &[Span], kind: SpanKind) -> Vec<&Span> {
    spans.iter().filter(|span| span.kind == i32::from(kind)).collect()
}

#[test]
fn a_request_is_a_trace_that_goes_on_where_its_client_began() {
    let collector = Collector::start();
    let world = world(&collector, &[]);
    world.upstream.next(Script::events(&answers::whole(9)).end());
    let parent = format!("00-{TRACE}-{PARENT}-01");
    let request = streaming().header("traceparent", &parent).header("tracestate", "vendor=x");
    let mut incoming = request.open(world.address());
    incoming.events();
    let spans = collector.wait_spans(2);
    let server = of_kind(&spans, SpanKind::Server)[0];
    let call = of_kind(&spans, SpanKind::Client)[0];
    assert_eq!((hex(&server.trace_id), hex(&server.parent_span_id)), (TRACE.into(), PARENT.into()));
    assert_eq!((hex(&call.trace_id), &call.parent_span_id), (TRACE.into(), &server.span_id));
    assert_eq!(
        (server.name.as_str(), call.name.as_str()),
        ("POST /v1/messages", "chat claude-sonnet-4-5")
    );
    for (name, value) in [
        ("gen_ai.operation.name", "chat"),
        ("gen_ai.provider.name", "aws.bedrock"),
        ("gen_ai.request.model", "claude-sonnet-4-5"),
        ("gen_ai.request.max_tokens", "64"),
        ("gen_ai.response.model", "claude-sonnet-4-5-20250929"),
        ("gen_ai.usage.input_tokens", "26"),
        ("gen_ai.usage.output_tokens", "9"),
        ("gen_ai.usage.cache_read.input_tokens", "7"),
        ("gen_ai.usage.cache_creation.input_tokens", "8"),
        ("cloud.region", "us-east-1"),
        ("ccag.endpoint", "default"),
    ] {
        assert_eq!(attribute(&call.attributes, name).as_deref(), Some(value), "{name}: {call:?}");
    }
    assert!(
        attribute(&call.attributes, "gen_ai.response.finish_reasons").unwrap().contains("end_turn")
    );
    for (name, value) in [
        ("http.response.status_code", "200"),
        ("ccag.request_id", incoming.request_id().as_str()),
        ("ccag.outcome", "completed"),
    ] {
        assert_eq!(
            attribute(&server.attributes, name).as_deref(),
            Some(value),
            "{name}: {server:?}"
        );
    }
    let sent = world.upstream.exchange(0);
    let passed_on = format!("00-{TRACE}-{}-01", hex(&call.span_id));
    assert_eq!(sent.head.header("traceparent"), Some(passed_on.as_str()));
    assert_eq!(sent.head.header("tracestate"), Some("vendor=x"));
    let logged = world.gateway.process.lines();
    assert!(
        logged.iter().any(|line| line.contains("A request ended.") && line.contains(TRACE)),
        "{logged:#?}"
    );
}

#[test]
fn each_call_of_bedrock_has_a_span_and_failed_ones_say_why() {
    let collector = Collector::start();
    let world = world(&collector, &[]);
    world.ask(Script::refusal(429, "ThrottlingException", "As scripted."));
    let spans = collector.wait_spans(2);
    let call = of_kind(&spans, SpanKind::Client)[0];
    assert_eq!(attribute(&call.attributes, "error.type").as_deref(), Some("rate_limit_error"));
    assert_eq!(call.status.as_ref().unwrap().code, 2);
    let server = of_kind(&spans, SpanKind::Server)[0];
    assert_eq!(attribute(&server.attributes, "http.response.status_code").as_deref(), Some("429"));
}

#[test]
fn what_the_client_did_not_sample_is_not_traced_but_its_context_goes_on() {
    let collector = Collector::start();
    let world = world(&collector, &[]);
    let unsampled = format!("00-{TRACE}-{PARENT}-00");
    plain().header("traceparent", &unsampled).send(world.address());
    let sent = world.upstream.exchange(0);
    let passed_on = sent.head.header("traceparent").unwrap();
    assert!(
        passed_on.starts_with(&format!("00-{TRACE}-")) && passed_on.ends_with("-00"),
        "{passed_on}"
    );
    plain().send(world.address());
    let spans = collector.wait_spans(2);
    assert!(spans.iter().all(|span| hex(&span.trace_id) != TRACE), "{spans:?}");
}

#[test]
fn sampling_follows_the_standard_variables() {
    let collector = Collector::start();
    let mut world = world(&collector, &[("OTEL_TRACES_SAMPLER", "always_off")]);
    plain().send(world.address());
    world.gateway.process.terminate();
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    assert!(collector.spans().is_empty());
    assert!(!collector.metrics().is_empty());
}

#[test]
fn without_a_collector_the_clients_context_goes_on_as_it_came() {
    let world = World::start();
    let parent = format!("00-{TRACE}-{PARENT}-01");
    plain().header("traceparent", &parent).send(world.address());
    plain().header("traceparent", "00-evil").send(world.address());
    assert_eq!(world.upstream.exchange(0).head.header("traceparent"), Some(parent.as_str()));
    assert_eq!(world.upstream.exchange(1).head.header("traceparent"), None);
}

#[test]
fn what_is_left_goes_out_at_the_drain() {
    let collector = Collector::start();
    let late = [("OTEL_BSP_SCHEDULE_DELAY", "600000"), ("OTEL_METRIC_EXPORT_INTERVAL", "600000")];
    let mut world = world(&collector, &late);
    plain().send(world.address());
    assert_eq!(collector.0.count(), 0);
    world.gateway.process.terminate();
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    assert_eq!(collector.spans().len(), 2);
    let metrics = collector.metrics();
    assert!(metrics.iter().any(|metric| metric.name == "ccag_requests_total"), "{metrics:?}");
}

#[track_caller]
fn harmless(collector: &str) {
    let mut world = World::with(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "200"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "20"),
    ]);
    for _ in 0..50 {
        assert_eq!(plain().send(world.address()).status, 200);
    }
    let failed = r#"ccag_otlp_exports_total{signal="metrics",result="failed"}"#;
    until("an export fails", || world.gateway.metric(failed).filter(|count| *count > 0.0));
    world.gateway.process.terminate();
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    let lines = world.gateway.process.lines();
    let told = lines.iter().filter(|line| line.contains("collector takes nothing")).count();
    assert!((1..=2).contains(&told), "it is told once for each signal, not {told} times");
}

#[test]
fn a_collector_that_says_nothing_harms_no_request() {
    let silent = Upstream::of_another_service();
    silent.otherwise(Script::silence());
    harmless(&format!("http://{}", silent.address));
}

#[test]
fn a_collector_that_is_away_harms_no_request() {
    // Nothing listens where a listener has just been.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    harmless(&format!("http://{address}"));
}
