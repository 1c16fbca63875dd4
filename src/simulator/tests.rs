use std::io::{Read, Write};
use std::net::TcpStream;

use awc::Client;
use serde_json::{Value, json};

use super::*;
use crate::domain::{chunk, frame};

const MODEL: &str = "us.anthropic.claude-opus-5-5";

fn quick() -> Simulator {
    let options = Options { port: 0, delta_interval: Duration::ZERO };
    Simulator::start(options).unwrap()
}

async fn sent(simulator: &Simulator, path: &str, body: &Value) -> (u16, web::Bytes) {
    let url = format!("http://{}{path}", simulator.address());
    let request = Client::default().post(url).bearer_auth("secret-token");
    let mut response = request.send_json(body).await.unwrap();
    assert!(response.headers().contains_key("x-amzn-requestid"));
    let body = response.body().limit(1 << 24).await.unwrap();
    (response.status().as_u16(), body)
}

fn asking(prompt: &str) -> Value {
    json!({
        "anthropic_version": "bedrock-2023-05-31",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": prompt}],
    })
}

/// Asks over a plain socket: awc takes a broken body for a whole one.
fn asked(simulator: &Simulator, path: &str, body: &str) -> TcpStream {
    let mut socket = TcpStream::connect(simulator.address()).unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\ncontent-length: {length}\r\n\r\n"
    );
    socket.write_all((head + body).as_bytes()).unwrap();
    socket
}

/// The events of a stream, exceptions as `{"exception": name}`.
fn events(bytes: &[u8]) -> Vec<Value> {
    let mut events = Vec::new();
    let mut decoder = frame::Decoder::default();
    let mut scratch = Vec::new();
    let read = decoder.decode(bytes, |frame| {
        events.push(match frame.kind {
            frame::Kind::Event("chunk") => {
                let event = chunk::decode(frame.payload, &mut scratch).unwrap();
                serde_json::from_slice(event).unwrap()
            }
            frame::Kind::Exception(name) => json!({"exception": name}),
            other => panic!("{other:?}"),
        });
        Ok::<_, frame::FrameError>(())
    });
    read.unwrap();
    assert!(decoder.is_empty());
    events
}

#[actix_web::test]
async fn a_stream_has_every_event_and_ends_with_metrics() {
    let simulator = quick();
    let path = format!("/model/{MODEL}/invoke-with-response-stream");
    let (status, body) = sent(&simulator, &path, &asking("hello")).await;
    assert_eq!(status, 200);
    let events = events(&body);
    let text: String = events.iter().filter_map(|event| event["delta"]["text"].as_str()).collect();
    assert!(text.contains("simulated Bedrock") && text.contains("hello"));
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds[..2], ["message_start", "content_block_start"]);
    assert_eq!(kinds[kinds.len() - 3..], ["content_block_stop", "message_delta", "message_stop"]);
    let metrics = &events.last().unwrap()["amazon-bedrock-invocationMetrics"];
    let usage = &events[events.len() - 2]["usage"];
    assert_eq!(metrics["outputTokenCount"], usage["output_tokens"]);
    assert_eq!(metrics["inputTokenCount"], usage["input_tokens"]);

    let (_, whole) = sent(&simulator, &format!("/model/{MODEL}/invoke"), &asking("hello")).await;
    let whole: Value = serde_json::from_slice(&whole).unwrap();
    assert_eq!(whole["content"][0]["text"], text);
    assert_eq!(whole["usage"], *usage);
    simulator.stop();
}

#[actix_web::test]
async fn faults_show_when_a_prompt_names_them() {
    let simulator = quick();
    let path = format!("/model/{MODEL}/invoke-with-response-stream");
    assert_eq!(sent(&simulator, &path, &asking("[[throttle]]")).await.0, 429);
    assert_eq!(sent(&simulator, &path, &asking("[[overload]]")).await.0, 503);
    let mut cut = Vec::new();
    let mut socket = asked(&simulator, &path, &asking("[[cut]]").to_string());
    socket.read_to_end(&mut cut).unwrap();
    assert!(cut.starts_with(b"HTTP/1.1 200") && cut.len() > 1000);
    assert!(!cut.ends_with(b"0\r\n\r\n"));
    let (status, failed) = sent(&simulator, &path, &asking("[[error-midstream]]")).await;
    let failed = events(&failed);
    assert_eq!(status, 200);
    assert_eq!(failed[0]["type"], "message_start");
    assert_eq!(failed.last().unwrap()["exception"], "modelStreamErrorException");
}

#[test]
fn a_stalled_stream_ends_when_the_simulator_does() {
    let simulator = quick();
    let path = format!("/model/{MODEL}/invoke-with-response-stream");
    let mut socket = asked(&simulator, &path, &asking("[[stall]]").to_string());
    socket.read_exact(&mut [0; 1000]).unwrap();
    simulator.stop();
    let mut rest = Vec::new();
    // The connection is closed or reset; it only must not hang.
    let _ = socket.read_to_end(&mut rest);
    assert!(!rest.ends_with(b"0\r\n\r\n"));
}

#[actix_web::test]
async fn refusals_are_bedrocks_own() {
    let simulator = quick();
    let text = |body: web::Bytes| String::from_utf8(body.to_vec()).unwrap();
    let mut body = asking("hi");
    body["stream"] = json!(true);
    let (status, answer) = sent(&simulator, &format!("/model/{MODEL}/invoke"), &body).await;
    assert!(status == 400 && text(answer).contains("stream: Extra inputs are not permitted"));
    let (status, answer) =
        sent(&simulator, "/model/us.anthropic.claude-none/invoke", &asking("hi")).await;
    assert!(status == 400 && text(answer).contains("The provided model identifier is invalid."));
    let (status, answer) = sent(&simulator, "/v1/messages", &asking("hi")).await;
    assert!(status == 200 && text(answer).contains("UnknownOperationException"));
    let url = format!("http://{}/inference-profiles", simulator.address());
    let refused = Client::default().get(url).send().await.unwrap();
    assert_eq!(refused.status(), 403);
    let kind = refused.headers().get("x-amzn-errortype").unwrap().to_str().unwrap();
    assert!(kind.starts_with("MissingAuthenticationTokenException"));
}

#[actix_web::test]
async fn tokens_are_counted_for_base_ids_of_older_models() {
    let simulator = quick();
    let inner = base64_simd::STANDARD.encode_to_string(asking("hi").to_string());
    let body = json!({"input": {"invokeModel": {"body": inner}}});
    let path = |id: &str| format!("/model/{id}/count-tokens");
    let base = path("anthropic.claude-sonnet-4-5-20250929-v1%3A0");
    let (status, counted) = sent(&simulator, &base, &body).await;
    let counted: Value = serde_json::from_slice(&counted).unwrap();
    assert_eq!((status, &counted["inputTokens"]), (200, &json!(4)));
    for id in ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-opus-5-5"] {
        assert_eq!(sent(&simulator, &path(id), &body).await.0, 400);
    }
}

#[actix_web::test]
async fn profiles_come_in_pages_and_requests_are_remembered_without_credentials() {
    let simulator = quick();
    let get = async |path: &str| -> Value {
        let url = format!("http://{}{path}", simulator.address());
        let request = Client::default().get(url).bearer_auth("secret-token");
        request.send().await.unwrap().json().limit(1 << 20).await.unwrap()
    };
    let mut ids = Vec::new();
    let mut next = String::new();
    loop {
        let page = get(&format!("/inference-profiles?maxResults=7{next}")).await;
        let profiles = page["inferenceProfileSummaries"].as_array().unwrap().clone();
        ids.extend(profiles.iter().map(|it| it["inferenceProfileId"].as_str().unwrap().to_owned()));
        let Some(token) = page["nextToken"].as_str() else {
            break;
        };
        next = format!("&nextToken={token}");
    }
    let all = models::profiles("us-east-1");
    assert!(ids.iter().eq(all.iter().map(|(id, _)| id)) && ids.len() > 14);
    let arn = "arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Aapplication-inference-profile%2Fsimulated001";
    let one = get(&format!("/inference-profiles/{arn}")).await;
    let model = one["models"][0]["modelArn"].as_str().unwrap();
    assert!(model.ends_with("foundation-model/anthropic.claude-sonnet-4-6"));

    sent(&simulator, &format!("/model/{MODEL}/invoke"), &asking("remember me")).await;
    let report = get("/_requests?last=1").await;
    assert!(report["count"].as_u64().unwrap() > 3);
    let requests = report["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0]["body"]["messages"][0]["content"], "remember me");
    assert_eq!(requests[0]["headers"]["authorization"], "Bearer [redacted]");
    assert!(!get("/_requests").await.to_string().contains("secret-token"));
}
