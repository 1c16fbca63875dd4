//! The gateway itself: is it there, does it take the credential, which models does it offer, does it count.

use std::time::Duration;

use serde_json::{Value, json};

use super::machine::Machine;
use super::report::Check;
use super::wire::{Answer, Wire};

const DEADLINE: Duration = Duration::from_secs(20);
/// Claude Code gives the list of models up after this time.
const PATIENCE: Duration = Duration::from_secs(3);
/// Variables of Claude Code that name models.
const NAMING_MODELS: [&str; 6] = [
    "ANTHROPIC_MODEL",
    "ANTHROPIC_DEFAULT_OPUS_MODEL",
    "ANTHROPIC_DEFAULT_SONNET_MODEL",
    "ANTHROPIC_DEFAULT_HAIKU_MODEL",
    "ANTHROPIC_SMALL_FAST_MODEL",
    "CLAUDE_CODE_SUBAGENT_MODEL",
];
/// What Claude Code itself makes a model's id of.
const ALIASES: [&str; 5] = ["default", "opus", "sonnet", "haiku", "opusplan"];

/// Whether a gateway answers at all.
pub(super) async fn health(wire: &Wire) -> Check {
    const NAME: &str = "health";
    let answer = match wire.call("GET", "/health", None, DEADLINE).await {
        Ok(answer) => answer,
        Err(error) => return Check::fail(NAME, error, "Check that the gateway runs."),
    };
    let is_well = answer.status == 200 && answer.json().get("status") == Some(&json!("ok"));
    let took = format!("answers within {} ms", answer.took.as_millis());
    if !is_well {
        let advice = if answer.status.is_redirection() {
            "Name the address that it redirects to: Claude Code follows no redirect to another one."
        } else {
            "See what answers there: a load balancer without healthy targets, or another server."
        };
        return Check::fail(NAME, answer.told(), advice);
    }
    match wire.call("GET", "/ready", None, DEADLINE).await {
        Ok(ready) if ready.status == 200 => Check::ok(NAME, took),
        Ok(_) => Check::warn(
            NAME,
            format!("{took}, but takes no new work"),
            "It is just ending: try again.",
        ),
        Err(error) => Check::warn(NAME, format!("{took}, and then not: {error}"), "Try again."),
    }
}

/// Whether the credential opens the inference API, and the models it may use.
pub(super) async fn models(wire: &Wire, machine: &Machine) -> (Vec<Check>, Vec<String>) {
    let answer = match wire.call("GET", "/v1/models?limit=1000", None, DEADLINE).await {
        Ok(answer) => answer,
        Err(error) => {
            let check = Check::fail(
                "sign-in",
                error,
                "Check what is between this machine and the gateway.",
            );
            return (vec![check], Vec::new());
        }
    };
    let place = wire.credential().map(|credential| credential.place.as_str()).unwrap_or_default();
    if answer.status != 200 {
        return (vec![refused(&answer, place)], Vec::new());
    }
    let mut checks = vec![Check::ok("sign-in", format!("taken: {place}"))];
    let list = answer.json();
    let entries = list.get("data").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let id = |entry: &Value| entry.get("id").and_then(Value::as_str).map(str::to_owned);
    let ids: Vec<String> = entries.iter().filter_map(id).collect();
    checks.push(if ids.is_empty() {
        let advice = "An admin allows models to the key, the team and the endpoints.";
        Check::fail("models", "none is offered to this credential", advice)
    } else if answer.took > PATIENCE {
        let found = format!("{}, after {} ms", ids.len(), answer.took.as_millis());
        Check::warn("models", found, "Claude Code waits for 3 s and then shows its own list.")
    } else {
        Check::ok("models", format!("{}: {}", ids.len(), ids.join(", ")))
    });
    for name in NAMING_MODELS {
        let Some(found) = machine.variable(name).pop() else { continue };
        let id = found.value.trim_end_matches("[1m]");
        if ALIASES.contains(&id) || ids.iter().any(|known| known == id) {
            continue;
        }
        let path = format!("/v1/models/{}", encoded(id));
        let known = wire.call("GET", &path, None, DEADLINE).await;
        if !known.is_ok_and(|known| known.status == 200) {
            let text = format!("{name} is {id} (in {}), which is not offered here", found.place);
            checks.push(Check::fail("models", text, "Take it out, or name one of the list."));
        }
    }
    (checks, ids)
}

fn encoded(id: &str) -> String {
    percent_encoding::utf8_percent_encode(id, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn refused(answer: &Answer, place: &str) -> Check {
    let advice = match answer.status.as_u16() {
        401 => {
            "Make a new key or sign in again; a setup token from the portal's Connect page does both."
        }
        403 if answer.is_of_gateway() => "Ask an admin of the gateway.",
        _ if !answer.is_of_gateway() => {
            "Something before the gateway refuses: a WAF, a proxy, a VPN."
        }
        _ => "See the gateway's log under the request id.",
    };
    Check::fail("sign-in", format!("{} (with {place})", answer.told()), advice)
}

/// Whether tokens are counted.
pub(super) async fn count_tokens(wire: &Wire, model: &str) -> Check {
    const NAME: &str = "count_tokens";
    let body = json!({ "model": model, "messages": [{ "role": "user", "content": "Good day" }] });
    let body = Some(body.to_string().into_bytes());
    match wire.call("POST", "/v1/messages/count_tokens", body, DEADLINE).await {
        Ok(answer) if answer.status == 200 => {
            let tokens = answer.json().get("input_tokens").and_then(Value::as_u64);
            Check::ok(NAME, format!("{} tokens by {model}", tokens.unwrap_or_default()))
        }
        Ok(answer) => Check::warn(
            NAME,
            answer.told(),
            "Claude Code then estimates. Where Bedrock refuses, allow bedrock:CountTokens to the gateway.",
        ),
        Err(error) => {
            Check::fail(NAME, error, "Check what is between this machine and the gateway.")
        }
    }
}
