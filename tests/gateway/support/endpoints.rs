//! Endpoints of a story: each a Bedrock of its own, made through the admin API.

use serde_json::{Value, json};

use super::client::{Reply, Request};
use super::gateway::{ADMIN, Gateway};
use super::until;
use super::upstream::Upstream;
use super::world::World;

/// A request to the admin API.
pub(crate) fn admin(gateway: &Gateway, method: &'static str, path: &str, body: &Value) -> Reply {
    Request::new(method, path).bearer(ADMIN).body(body.to_string()).send(&gateway.address)
}

/// The id of what is made by a `POST`.
#[track_caller]
pub(crate) fn made(world: &World, path: &str, body: &Value) -> String {
    let reply = admin(&world.gateway, "POST", path, body);
    assert_eq!(reply.status, 201, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

/// Makes an endpoint at `upstream`, in `us-east-1` where `more` does not say else; gives its id.
#[track_caller]
pub(crate) fn endpoint(world: &World, name: &str, upstream: &Upstream, more: &Value) -> String {
    let url = format!("http://{}", upstream.address);
    let mut order =
        json!({ "name": name, "region": "us-east-1", "runtime_url": url, "control_url": url });
    order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let id = made(world, "/admin/endpoints", &order);
    known(&world.gateway, name);
    id
}

/// Waits until a gateway knows an endpoint of this name.
#[track_caller]
pub(crate) fn known(gateway: &Gateway, name: &str) -> Value {
    until(&format!("the endpoint {name} is known"), || health(gateway, name))
}

/// How an endpoint does, where the gateway knows it.
pub(crate) fn health(gateway: &Gateway, name: &str) -> Option<Value> {
    let health = admin(gateway, "GET", "/admin/endpoints/health", &Value::Null).json();
    health["data"].as_array()?.iter().find(|endpoint| endpoint["name"] == name).cloned()
}

/// A team with these endpoints, and a key of it.
#[track_caller]
pub(crate) fn team(world: &World, name: &str, strategy: &str, endpoints: &[&String]) -> String {
    let team = made(world, "/admin/teams", &json!({ "name": name }));
    let key = world.add_key(name, "team_id", &format!("'{team}'"));
    let order = json!({ "strategy": strategy, "endpoints": endpoints });
    let path = format!("/admin/teams/{team}/routing");
    let routed = admin(&world.gateway, "PUT", &path, &order);
    assert_eq!(routed.status, 200, "{}", routed.text());
    key
}

/// Waits until an endpoint's breaker for a model of the stories is in this phase.
#[track_caller]
pub(crate) fn until_phase(gateway: &Gateway, name: &str, phase: &str) {
    until(&format!("{name} is {phase}"), || {
        let health = health(gateway, name)?;
        let models = health["models"].as_array()?;
        models.iter().any(|model| model["breaker"] == phase).then_some(())
    });
}
