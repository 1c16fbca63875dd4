//! Budgets and people of the stories, and what they spend.

use serde_json::{Value, json};

use super::client::{Reply, Request};
use super::gateway::{ADMIN, Gateway};
use super::world::World;

/// What one request of the stories costs that is answered by `answers::message`, in nano-dollars.
pub(crate) const COST: i64 = 145_035;

/// Somebody with a key.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user_id: String,
    pub(crate) key_id: String,
    pub(crate) key: String,
}

impl Person {
    /// A new user with a key that every gateway knows soon.
    #[track_caller]
    pub(crate) fn new(world: &World, name: &str) -> Self {
        let key = world.add_key(name, "requests_per_minute", "null");
        let query = format!("select id, user_id from api_keys where name = '{name}'");
        let row = world.database.sql(&query).remove(0);
        let column = |name: &str| row[name].clone().unwrap();
        let (user_id, key_id) = (column("user_id"), column("id"));
        Self { user_id, key_id, key }
    }

    /// A request with this person's key.
    pub(crate) fn asks(&self, request: Request) -> Request {
        request.without("x-api-key").x_api_key(&self.key)
    }
}

/// A call of the admin API that must succeed; its answer.
#[track_caller]
pub(crate) fn call(gateway: &Gateway, method: &'static str, path: &str, body: &Value) -> Value {
    let reply = admin(method, path, body).send(&gateway.address);
    assert!(matches!(reply.status, 200 | 201 | 204), "{method} {path}: {}", reply.text());
    if reply.body.is_empty() { Value::Null } else { reply.json() }
}

/// A call of the admin API.
pub(crate) fn admin(method: &'static str, path: &str, body: &Value) -> Request {
    let request = Request::new(method, path).bearer(ADMIN);
    if body.is_null() { request } else { request.body(body.to_string()) }
}

/// Sets a budget, and gives its id.
#[track_caller]
pub(crate) fn set_budget(world: &World, target: &str, subject: &str, dollars: f64) -> String {
    let budget = json!({
        "target": target, "subject_id": subject, "period": "daily", "amount_usd": dollars,
    });
    let made = call(&world.gateway, "POST", "/admin/budgets", &budget);
    made["id"].as_str().unwrap().to_owned()
}

/// What a user has spent today by the rows in Postgres, in nano-dollars.
pub(crate) fn spent(world: &World, user_id: &str) -> i64 {
    let query = format!(
        "select coalesce(sum(nanos), 0) as nanos from spend \
         where scope = 'user' and subject_id = '{user_id}'"
    );
    world.database.sql(&query)[0]["nanos"].as_deref().unwrap().parse().unwrap()
}

/// Asserts that a reply is the refusal of a spent budget.
#[track_caller]
pub(crate) fn assert_blocked(reply: &Reply) {
    reply.assert_error(429, "billing_error");
    assert_eq!(reply.header("x-should-retry"), "false");
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=86_400).contains(&seconds), "{seconds}");
}
