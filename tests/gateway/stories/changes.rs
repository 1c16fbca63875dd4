//! Changes in the database reach every running gateway.

use crate::support::client::until_status;
use crate::support::world::{World, plain};

#[test]
fn a_key_made_and_revoked_is_known_to_two_gateways() {
    let world = World::start();
    let second = world.setup.another().start();
    let key = world.add_key("shared", "requests_per_minute", "null");
    let request = plain().without("x-api-key").x_api_key(&key);
    for address in [world.address(), &second.address] {
        until_status(&request, address, 200);
    }
    world.change_key("shared", "revoked_at = now()");
    for address in [world.address(), &second.address] {
        until_status(&request, address, 401).assert_error(401, "authentication_error");
        assert_eq!(plain().send(address).status, 200);
    }
}

#[test]
fn an_expired_key_is_refused() {
    let world = World::start();
    let key = world.add_key("old", "expires_at", "now() - interval '1 second'");
    world.add_key("newer", "requests_per_minute", "null");
    let request = plain().without("x-api-key").x_api_key(&key);
    request.send(world.address()).assert_error(401, "authentication_error");
}

#[test]
fn a_key_expires_without_any_notice() {
    let world = World::start();
    let key = world.add_key("short", "expires_at", "now() + interval '2 seconds'");
    let request = plain().without("x-api-key").x_api_key(&key);
    until_status(&request, world.address(), 401);
}

#[test]
fn a_changed_limit_holds_at_once() {
    let world = World::start();
    let key = world.add_key("tightened", "requests_per_minute", "null");
    let request = plain().without("x-api-key").x_api_key(&key);
    until_status(&request, world.address(), 200);
    world.change_key("tightened", "requests_per_minute = 1");
    until_status(&request, world.address(), 429);
}
