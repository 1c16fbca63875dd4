//! Notifications: where they go, that each goes once, and what becomes of those that cannot.

mod aws;
mod delivery;
mod destinations;

use aws_lc_rs::hmac;
use base64_simd::STANDARD;
use serde_json::{Value, json};

use crate::support::client::{Reply, Request};
use crate::support::database::Row;
use crate::support::gateway::ADMIN;
use crate::support::until;
use crate::support::upstream::{Exchange, Upstream};
use crate::support::world::World;

const DESTINATIONS: &str = "/admin/notifications/destinations";
/// Receivers of the stories lie on this machine.
const HERE: (&str, &str) = ("NOTIFICATION_ALLOWED_NETWORKS", "127.0.0.0/8");

fn admin(world: &World, method: &'static str, path: &str, body: &Value) -> Reply {
    let request = Request::new(method, path).bearer(ADMIN);
    match method {
        "GET" | "DELETE" => request.send(world.address()),
        _ => request.body(body.to_string()).send(world.address()),
    }
}

fn get(world: &World, path: &str) -> Value {
    admin(world, "GET", path, &Value::Null).json()
}

fn hook(receiver: &Upstream) -> String {
    format!("http://{}/hook?token=hunter2", receiver.address)
}

/// Drafts a destination; returns its path and its secret.
#[track_caller]
fn draft(world: &World, kind: &str, target: &str, categories: &[&str]) -> (String, String) {
    let order = json!({ "name": "ops", "kind": kind, "target": target, "categories": categories });
    let made = admin(world, "POST", DESTINATIONS, &order);
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let path = format!("{DESTINATIONS}/{}", made["id"].as_str().unwrap());
    (path, made["secret"].as_str().unwrap_or_default().to_owned())
}

/// A destination that is told; its path and its secret. The receiver has seen its test.
#[track_caller]
fn active(world: &World, receiver: &Upstream, categories: &[&str]) -> (String, String) {
    let (path, secret) = draft(world, "webhook", &hook(receiver), categories);
    let test = post(world, &path, "test");
    assert_eq!(test["delivered"], true, "{test}");
    assert_eq!(post(world, &path, "activate")["state"], "active");
    (path, secret)
}

#[track_caller]
fn post(world: &World, path: &str, order: &str) -> Value {
    let reply = admin(world, "POST", &format!("{path}/{order}"), &json!({}));
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.json()
}

/// Has something happen.
fn happen(world: &World, category: &str, key: &str) {
    world.database.sql(&format!(
        "insert into notifications (id, key, category, type, severity, payload) values
         (gen_random_uuid(), '{key}', '{category}', 'happened', 'warning',
          '{{\"source\":\"ccag\",\"type\":\"happened\",\"category\":\"{category}\",\"key\":\"{key}\"}}')"
    ));
}

/// The delivery of a notification, once it is in this state.
#[track_caller]
fn delivery(world: &World, key: &str, state: &str) -> Row {
    until(&format!("the delivery of {key} is {state}"), || {
        let statement = format!(
            "select d.*, due_at > now() as waits from notification_deliveries d \
             join notifications n on n.id = notification_id where key = '{key}' and d.state = '{state}'"
        );
        world.database.sql(&statement).pop()
    })
}

/// Asserts that a webhook's request is signed by this secret, as Standard Webhooks has it.
#[track_caller]
fn assert_signed(exchange: &Exchange, secret: &str) {
    let header = |name: &str| exchange.head.header(name).unwrap_or_else(|| panic!("no {name}"));
    let body = std::str::from_utf8(&exchange.body).unwrap();
    let signed = format!("{}.{}.{body}", header("webhook-id"), header("webhook-timestamp"));
    let key = match secret.strip_prefix("whsec_") {
        Some(secret) => STANDARD.decode_to_vec(secret).unwrap(),
        None => secret.as_bytes().to_vec(),
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
    let signature = STANDARD.encode_to_string(hmac::sign(&key, signed.as_bytes()));
    let given: Vec<&str> = header("webhook-signature").split(' ').collect();
    assert!(given.contains(&format!("v1,{signature}").as_str()), "{given:?}");
}
