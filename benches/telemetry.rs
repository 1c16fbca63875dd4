//! What it costs to count and to tell: a scrape of a large gateway, and the instrumentation of one request
//! beside the work of the same request.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::io::sink;
use std::time::{Duration, Instant, SystemTime};

use actix_web::http::header::HeaderMap;
use aws_credential_types::Credentials;
use bytes::{Bytes, BytesMut};
use ccag::bedrock::credentials::Credential;
use ccag::bedrock::endpoint::Endpoint;
use ccag::bedrock::sign::authorize;
use ccag::bedrock::translate::{Names, Translator};
use ccag::domain::answer::Answer;
use ccag::domain::capability::Verdicts;
use ccag::domain::model::find;
use ccag::domain::request::MessagesRequest;
use ccag::domain::tokens::Tokens;
use ccag::domain::translation::Call;
use ccag::domain::usage::{Outcome, UsageRecord};
use ccag::domain::{chunk, frame};
use ccag::telemetry::json_line::{JsonFields, JsonLine};
use ccag::telemetry::openmetrics;
use ccag::telemetry::trace::Tracing;
use ccag::telemetry::traffic::{Attempt, Finished, Reason, Recorder, Route, Scope, Traffic};
use chrono::Utc;
use criterion::{Criterion, criterion_group, criterion_main};
use prometheus::{Registry, TextEncoder};
use tracing::field::{Empty, display};
use uuid::Uuid;

const MODELS: usize = 50;
const ENDPOINTS: usize = 20;
const EVENTS: usize = 50;

fn record(model: &'static str, endpoint: &str) -> UsageRecord {
    let now = Utc::now();
    UsageRecord {
        request_id: "req_01a2148fe12c4ddbaa5baa5bd4f94a3a".to_owned(),
        started_at: now,
        ended_at: now,
        key_id: Some(Uuid::nil()),
        client_session_id: None,
        user_id: Some(Uuid::nil()),
        team_id: Some(Uuid::nil()),
        session_id: None,
        agent_id: None,
        parent_agent_id: None,
        project: None,
        client_version: None,
        model: Some(model.to_owned()),
        model_id: Some(model),
        profile: Some(format!("us.anthropic.{model}")),
        endpoint: Some(endpoint.to_owned()),
        routed: None,
        streaming: true,
        tokens: Tokens { input: 9, output: 50, cache_read: 40_000, ..Tokens::default() },
        tokens_estimated: false,
        web_searches: 0,
        cost_nanos: 4711,
        cache_saved_nanos: 815,
        price_id: None,
        priced: true,
        outcome: Outcome::Completed,
        status: 200,
        error_type: None,
        reason: None,
        stop_reason: Some("end_turn".to_owned()),
        tools: Vec::new(),
        first_token_ms: Some(700),
    }
}

fn finished(record: &UsageRecord) -> Finished<'_> {
    let (took, waited) = (Duration::from_millis(4000), Duration::from_millis(3999));
    Finished { route: Route::Messages, record, took, waited, caches: true }
}

/// All that is counted and logged of one request and its events.
fn instrument(recorder: &Recorder, record: &UsageRecord) {
    let request_id = record.request_id.as_str();
    let span = tracing::info_span!(
        "request",
        request_id,
        method = "POST",
        user_id = Empty,
        team_id = Empty,
        trace_id = Empty
    );
    let _entered = span.enter();
    let trace = Tracing::default().begin(None, "POST", "/v1/messages");
    let (user, team) = (record.user_id.map(display), record.team_id.map(display));
    tracing::record_all!(span, user_id = user, team_id = team, trace_id = trace.id());
    recorder.adjusted(&["anthropic_beta", "cache_control.scope"]);
    let began = Instant::now();
    recorder.attempt("endpoint-7", Attempt::Answer, began.elapsed());
    let mut last = Instant::now();
    for _ in 0..EVENTS {
        let now = Instant::now();
        recorder.gap(now - last);
        last = now;
    }
    let finished = finished(record);
    recorder.finished(&finished);
    finished.log(trace.id().as_deref());
    trace.finish(&finished);
}

fn body() -> Bytes {
    let text = "x".repeat(50_000);
    let messages =
        serde_json::json!([{"role": "user", "content": [{"type": "text", "text": text}]}]);
    let body = serde_json::json!({"model": "claude-opus-5-5", "max_tokens": 64, "stream": true, "messages": messages});
    serde_json::to_vec(&body).unwrap().into()
}

fn answer() -> Vec<u8> {
    let delta = r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"some more words"}}"#;
    let headers = [
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    let payload = chunk::encode(delta.as_bytes(), "abcdefghijklmnop");
    let mut bytes = Vec::new();
    for _ in 0..EVENTS {
        frame::encode(&mut bytes, &headers, &payload);
    }
    bytes
}

/// The parts of a request's work that the gateway does itself: no socket, no runtime, no middleware.
fn work(body: &Bytes, events: &[u8], credential: &Credential) {
    let endpoint = Endpoint::new("endpoint-7", "us-east-1", None, None);
    let parsed = MessagesRequest::parse(body.clone()).unwrap();
    let capability = find("claude-opus-5-5").unwrap().capability;
    let translated = parsed.translate(capability, &Verdicts::NONE, &Call::default()).unwrap().body;
    let url = endpoint.url("us.anthropic.claude-opus-5-5", "invoke-with-response-stream");
    let mut headers = HeaderMap::new();
    let now = SystemTime::now();
    authorize(&mut headers, credential, "us-east-1", &url, &translated, now).unwrap();
    let (mut out, mut answer) = (BytesMut::new(), Answer::default());
    let mut translator = Translator::new(Names::new("claude-opus-5-5", &[]), false);
    for read in events.chunks(events.len() / EVENTS) {
        translator.push(read, &mut answer, &mut out).unwrap();
        out.clear();
    }
    black_box(headers);
}

fn loaded() -> Registry {
    let names: Vec<&'static str> =
        (0..MODELS).map(|n| &*Box::leak(format!("claude-model-{n}").into_boxed_str())).collect();
    let (traffic, registry) = (Traffic::of_models(names.iter().copied()), Registry::new());
    traffic.register(&registry).unwrap();
    for _worker in 0..2 {
        let recorder = traffic.recorder();
        for (model, endpoint) in
            names.iter().flat_map(|model| (0..ENDPOINTS).map(move |n| (model, n)))
        {
            let mut record = record(model, &format!("endpoint-{endpoint}"));
            for streaming in [false, true] {
                record.streaming = streaming;
                recorder.finished(&finished(&record));
            }
            recorder.attempt(
                &format!("endpoint-{endpoint}"),
                Attempt::Answer,
                Duration::from_millis(700),
            );
        }
        recorder.refused(Scope::Key, Reason::Requests);
    }
    registry
}

fn scrape(c: &mut Criterion) {
    let registry = loaded();
    let text = openmetrics::text(&registry.gather());
    println!(
        "a scrape of {MODELS} models and {ENDPOINTS} endpoints has {} lines",
        text.lines().count()
    );
    c.bench_function("scrape as OpenMetrics", |b| b.iter(|| openmetrics::text(&registry.gather())));
    c.bench_function("scrape as Prometheus' text", |b| {
        b.iter(|| TextEncoder::new().encode_to_string(&registry.gather()).unwrap());
    });
}

fn request(c: &mut Criterion) {
    tracing_subscriber::fmt()
        .fmt_fields(JsonFields)
        .event_format(JsonLine)
        .with_writer(sink)
        .init();
    let recorder = Traffic::default().recorder();
    let record = record("claude-opus-5-5", "endpoint-7");
    let (body, events) = (body(), answer());
    let credential =
        Credential::SigV4(Credentials::new("AKIAEXAMPLE", "secret", None, None, "bench").into());
    c.bench_function("instrument a request of 50 events", |b| {
        b.iter(|| instrument(&recorder, black_box(&record)))
    });
    c.bench_function("of that, the line of the access log", |b| {
        b.iter(|| finished(black_box(&record)).log(None))
    });
    c.bench_function("the work of the same request, sockets left out", |b| {
        b.iter(|| work(black_box(&body), &events, &credential))
    });
    let (mut counting, mut working) = (Duration::ZERO, Duration::ZERO);
    for _ in 0..2000 {
        let began = Instant::now();
        instrument(&recorder, black_box(&record));
        counting += began.elapsed();
        let began = Instant::now();
        work(black_box(&body), &events, &credential);
        working += began.elapsed();
    }
    let share = counting.as_secs_f64() / (counting + working).as_secs_f64();
    println!("instrumentation is {:.1} % of a request's own work, sockets left out", share * 100.0);
}

criterion_group!(benches, scrape, request);
criterion_main!(benches);
