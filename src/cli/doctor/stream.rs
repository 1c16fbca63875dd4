//! Whether streams arrive as they are sent: a message as Claude Code asks for it, events with known pauses
//! between them, and a silence that whatever stands between must bear.

use std::time::Duration;

use serde_json::{Value, json};

use super::report::Check;
use super::wire::Wire;

/// A gateway says something at least this often in a stream.
const PING: Duration = Duration::from_secs(10);
/// Events of the probe, and the pause between two, in milliseconds.
const EVENTS: u32 = 6;
const PAUSE: u32 = 400;
/// How long a message may take.
const MESSAGE: Duration = Duration::from_secs(120);
const SLACK: Duration = Duration::from_secs(20);
const BUFFERED: &str = "Switch response buffering off there (nginx: proxy_buffering off; no compression of text/event-stream).";

/// Asks for a short message, as a stream.
pub(super) async fn message(wire: &Wire, model: &str) -> Check {
    const NAME: &str = "message";
    let prompt = "Count from 1 to 20, in words.";
    let body = json!({
        "model": model, "max_tokens": 128, "stream": true,
        "messages": [{ "role": "user", "content": prompt }],
    });
    let body = Some(body.to_string().into_bytes());
    let answer = match wire.call("POST", "/v1/messages?beta=true", body, MESSAGE).await {
        Ok(answer) => answer,
        Err(error) => {
            return Check::fail(NAME, error, "Check what is between this machine and the gateway.");
        }
    };
    if answer.status != 200 {
        let advice =
            "The message says what is wrong; the gateway's log has it under the request id.";
        return Check::fail(NAME, answer.told(), advice);
    }
    let text = String::from_utf8_lossy(&answer.body);
    if let Some(error) = text.split("event: error\n").nth(1) {
        let data = error.trim_start_matches("data: ").lines().next().unwrap_or_default();
        let json: Value = serde_json::from_str(data).unwrap_or_default();
        let told = json.pointer("/error/message").and_then(Value::as_str).unwrap_or("no reason");
        return Check::fail(
            NAME,
            format!("it broke off: {told}"),
            "Try again; then see the gateway's log.",
        );
    }
    if !text.contains("event: message_stop") {
        let found = format!("it was cut after {} ms{}", answer.took.as_millis(), why(&answer.cut));
        return Check::fail(
            NAME,
            found,
            "Something between cuts answers: see its timeouts and its log.",
        );
    }
    let events = answer.events();
    let first = events.first().copied().unwrap_or_default().as_millis();
    let (count, all) = (events.len(), answer.took.as_millis());
    Check::ok(
        NAME,
        format!("{model}: {count} events, the first after {first} ms, the last after {all} ms"),
    )
}

fn why(cut: &Option<String>) -> String {
    cut.as_ref().map(|why| format!(" ({why})")).unwrap_or_default()
}

/// Asks for events with pauses, and looks when they come.
pub(super) async fn flow(wire: &Wire) -> Vec<Check> {
    const NAME: &str = "streaming";
    let sent = Duration::from_millis(u64::from(PAUSE * (EVENTS - 1)));
    let answer = match wire.call("GET", &probe(EVENTS, PAUSE), None, sent + SLACK).await {
        Ok(answer) => answer,
        Err(error) => return vec![Check::fail(NAME, error, BUFFERED)],
    };
    if answer.status == 404 && answer.is_of_gateway() {
        let found = "this gateway is older than the check";
        return vec![Check::warn(
            NAME,
            found,
            "Update the gateway, or look at the times of the message.",
        )];
    }
    if answer.status != 200 {
        return vec![Check::fail(NAME, answer.told(), "The answer says what is wrong.")];
    }
    let events = answer.events();
    if events.len() < EVENTS as usize {
        let found = format!("{} of {EVENTS} events came{}", events.len(), why(&answer.cut));
        let advice = "Something between cuts answers: see its timeouts and its log.";
        return vec![Check::fail(NAME, found, advice)];
    }
    let first = events.first().copied().unwrap_or_default();
    let spread = events.last().copied().unwrap_or_default().saturating_sub(first);
    let told = format!("{EVENTS} events sent over {} ms", sent.as_millis());
    let flow = if spread < sent / 2 {
        let found =
            format!("{told} came within {} ms: something between buffers", spread.as_millis());
        Check::fail(NAME, found, BUFFERED)
    } else {
        Check::ok(NAME, format!("{told} came over {} ms", spread.as_millis()))
    };
    vec![version(&answer.body), flow]
}

/// The gateway's version, as its events tell it, beside that of this program.
fn version(body: &[u8]) -> Check {
    const OWN: &str = env!("CARGO_PKG_VERSION");
    let text = String::from_utf8_lossy(body);
    let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or_default();
    let json: Value = serde_json::from_str(data).unwrap_or_default();
    match json.get("version").and_then(Value::as_str) {
        Some(OWN) => Check::ok("version", OWN),
        Some(other) => {
            let found = format!("the gateway has {other}, this program {OWN}");
            Check::warn("version", found, "Checks and commands may not fit: take the same version.")
        }
        None => Check::warn("version", "the gateway does not say", "Update it."),
    }
}

/// Asks for an answer with a silence in it.
pub(super) async fn silence(wire: &Wire, seconds: u32) -> Check {
    const NAME: &str = "idle timeout";
    let wanted = Duration::from_secs(u64::from(seconds));
    let answer = match wire
        .call("GET", &probe(2, seconds.saturating_mul(1000)), None, wanted + SLACK)
        .await
    {
        Ok(answer) => answer,
        Err(error) => {
            return Check::fail(NAME, error, "Check what is between this machine and the gateway.");
        }
    };
    if answer.status != 200 {
        return Check::warn(NAME, answer.told(), "It was not checked.");
    }
    if answer.events().len() == 2 {
        return Check::ok(NAME, format!("{seconds} s of silence are borne"));
    }
    let found =
        format!("silent answers are cut after {} s{}", answer.took.as_secs(), why(&answer.cut));
    if answer.took > PING {
        let advice = "Streams live by their pings, but long answers without streaming are cut: let it be 900 s, as the gateway's.";
        Check::warn(NAME, found, advice)
    } else {
        let advice = "Let the load balancer and each proxy wait for 900 s: the gateway pings each 10 s only.";
        Check::fail(NAME, found, advice)
    }
}

fn probe(events: u32, pause: u32) -> String {
    format!("/v1/probe?events={events}&pause_ms={pause}")
}
