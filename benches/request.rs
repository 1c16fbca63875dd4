//! A request's way out: parsing, translating and signing bodies like Claude Code's.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, missing_docs)]

use std::hint::black_box;
use std::time::SystemTime;

use actix_web::http::header::HeaderMap;
use aws_credential_types::Credentials;
use bytes::Bytes;
use ccag::bedrock::credentials::Credential;
use ccag::bedrock::endpoint::Endpoint;
use ccag::bedrock::sign::authorize;
use ccag::domain::capability::Verdicts;
use ccag::domain::model::find;
use ccag::domain::request::MessagesRequest;
use ccag::domain::translation::Call;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::{Value, json};

const RECORDED: &str =
    include_str!("../tests/fixtures/claude-code/messages-thinking-tool-result.json");
const BETAS: [&str; 3] =
    ["claude-code-20250219", "interleaved-thinking-2025-05-14", "advanced-tool-use-2025-11-20"];

/// The recorded request, with turns of tool use added until it has `size` bytes.
fn body(size: usize) -> Bytes {
    let mut body = serde_json::from_str::<Value>(RECORDED).unwrap()["body"].take();
    let code =
        "fn main() {\n\tlet name = \"world\";\n\tprintln!(\"hello, {name}\");\n}\n".repeat(60);
    let mut turn = 0;
    while serde_json::to_vec(&body).unwrap().len() < size {
        let id = format!("toolu_{turn}");
        let call = json!([{"type": "tool_use", "id": id, "name": "Read", "input": {"file_path": "/a/b.rs"}}]);
        let result = json!([{"type": "tool_result", "tool_use_id": id, "content": code}]);
        let messages = body["messages"].as_array_mut().unwrap();
        messages.push(json!({"role": "assistant", "content": call}));
        messages.push(json!({"role": "user", "content": result}));
        turn += 1;
    }
    serde_json::to_vec(&body).unwrap().into()
}

fn request(c: &mut Criterion) {
    let call = Call { betas: &BETAS, ..Call::default() };
    for size in [50_000, 300_000] {
        let body = body(size);
        let parsed = MessagesRequest::parse(body.clone()).unwrap();
        let mut group = c.benchmark_group(format!("{} KB", size / 1000));
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("parse", |b| {
            b.iter(|| MessagesRequest::parse(black_box(body.clone())).unwrap());
        });
        for model in ["claude-opus-5-5", "claude-sonnet-4-5"] {
            let capability = find(model).unwrap().capability;
            group.bench_function(format!("translate for {model}"), |b| {
                b.iter(|| {
                    black_box(&parsed).translate(capability, &Verdicts::NONE, &call).unwrap()
                });
            });
        }
        let capability = find("claude-opus-5-5").unwrap().capability;
        let translated = parsed.translate(capability, &Verdicts::NONE, &call);
        let translated = translated.unwrap().body;
        let endpoint = Endpoint::new("default", "us-east-1", None, None);
        let url = endpoint.url("us.anthropic.claude-opus-5-5", "invoke");
        let credential = Credential::SigV4(
            Credentials::new("AKIAEXAMPLE", "secret", Some("token".to_owned()), None, "bench")
                .into(),
        );
        group.bench_function("sign", |b| {
            b.iter(|| {
                let (mut headers, now) = (HeaderMap::new(), SystemTime::now());
                let body = black_box(&translated);
                authorize(&mut headers, &credential, "us-east-1", &url, body, now).unwrap();
                headers
            });
        });
        group.finish();
    }
}

criterion_group!(benches, request);
criterion_main!(benches);
