//! Limits that several instances share, and what becomes of them when something breaks.

use serde_json::json;

use crate::support::answers;
use crate::support::client::{Incoming, until_status};
use crate::support::gateway::Gateway;
use crate::support::in_one_minute;
use crate::support::money::{COST, Person, call, set_budget, spent};
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Gate, Script};
use crate::support::world::{World, plain, streaming};

#[test]
fn a_limit_is_exact_over_two_instances() {
    const LIMIT: usize = 200;
    let world = World::start();
    let second = world.setup.another().start();
    let passed = in_one_minute(|attempt| {
        let limit = LIMIT.to_string();
        let key = world.add_key(&format!("shared{attempt}"), "requests_per_minute", &limit);
        let request = plain().without("x-api-key").x_api_key(&key);
        let mut passed = 0;
        for address in [world.address(), &second.address] {
            until_status(&request, address, 200);
            passed += 1;
        }
        let ask = |address: &str| {
            std::iter::from_fn(|| (request.send(address).status == 200).then_some(())).count()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|n| {
                    let address = if n % 4 == 0 { world.address() } else { &second.address };
                    scope.spawn(move || ask(address))
                })
                .collect();
            passed + threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        })
    });
    assert!((LIMIT - LIMIT / 100..=LIMIT).contains(&passed), "{passed} of {LIMIT}");
}

#[test]
fn tokens_are_limited_by_what_requests_really_take() {
    // Each answer counts 11 + 5 + 3 tokens of its prompt and 4 of its output.
    let world = World::start();
    let (passed, reply, first) = in_one_minute(|attempt| {
        let key = world.add_key(&format!("tokens{attempt}"), "tokens_per_minute", "100");
        let request = plain().without("x-api-key").x_api_key(&key);
        let first = until_status(&request, world.address(), 200);
        let mut passed = 1;
        loop {
            let reply = request.send(world.address());
            if reply.status != 200 {
                break (passed, reply, first);
            }
            passed += 1;
        }
    });
    assert_eq!(passed, 5);
    reply.assert_error(429, "rate_limit_error");
    let seconds: u64 = reply.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(first.header("anthropic-ratelimit-tokens-limit"), "100");
    assert!(first.header("anthropic-ratelimit-tokens-reset").ends_with('Z'));
}

/// A stream that has begun and waits for the gate.
#[track_caller]
fn held(world: &World, gateway: &Gateway, person: &Person, gate: &Gate) -> Incoming {
    let events = answers::whole(1);
    world.upstream.next(Script::events(&events[..1]).wait(gate).more(&events[1..]).end());
    let mut stream = until("a stream is let in", || {
        let stream = person.asks(streaming()).open(&gateway.address);
        (stream.status() == 200).then_some(stream)
    });
    assert_eq!(stream.event().name, "message_start");
    stream
}

/// Somebody who may have this many streams at once, as all these gateways know.
#[track_caller]
fn limited(world: &World, gateways: &[&Gateway], streams: u32) -> Person {
    let person = Person::new(world, "streaming");
    let limits = json!({ "requests_per_minute": 100_000, "concurrent_streams": streams });
    let path = format!("/admin/users/{}", person.user_id);
    call(&world.gateway, "PATCH", &path, &json!({ "limits": limits }));
    for gateway in gateways {
        until("the limits are known", || {
            let reply = person.asks(plain()).send(&gateway.address);
            reply.head.header("anthropic-ratelimit-requests-limit").map(|_| ())
        });
    }
    person
}

/// Waits until both gateways refuse another stream.
#[track_caller]
fn until_full(person: &Person, gateways: [&Gateway; 2]) {
    for gateway in gateways {
        let reply = until_status(&person.asks(streaming()), &gateway.address, 429);
        reply.assert_error(429, "rate_limit_error");
        assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
    }
}

#[test]
fn streams_at_the_same_time_are_counted_over_all_instances_and_crashes() {
    let world = World::start();
    let second = world.setup.another().start();
    let person = limited(&world, &[&world.gateway, &second], 2);
    let gate = Gate::default();
    let mut streams =
        [held(&world, &world.gateway, &person, &gate), held(&world, &second, &person, &gate)];
    until_full(&person, [&world.gateway, &second]);
    assert_eq!(world.gateway.crash("limiter").status, 202);
    until_full(&person, [&world.gateway, &second]);
    gate.release();
    streams.iter_mut().for_each(|stream| drop(stream.events()));
    for address in [world.address(), &second.address] {
        until_status(&person.asks(streaming()), address, 200);
    }
}

#[test]
fn what_a_killed_instance_held_is_free_again() {
    let mut world = World::start();
    let second = world.setup.another().start();
    let person = limited(&world, &[&world.gateway, &second], 1);
    let gate = Gate::default();
    let _stream = held(&world, &world.gateway, &person, &gate);
    until_status(&person.asks(streaming()), &second.address, 429);
    world.gateway.process.kill();
    gate.release();
    until_status(&person.asks(streaming()), &second.address, 200);
}

#[test]
fn without_its_database_a_gateway_goes_on_counts_and_settles_later() {
    let (world, proxy) = World::behind_proxy();
    let person = Person::new(&world, "ann");
    set_budget(&world, "user", &person.user_id, 10.5 * COST as f64 / 1e9);
    let mut before = 0;
    until("the budget applies", || {
        before += 1;
        let reply = person.asks(plain()).send(world.address());
        reply.head.header("x-ccag-budget-status").map(|_| ())
    });
    proxy.cut();
    let mut passed = 0;
    let blocked = until("the budget blocks all the same", || {
        let reply = person.asks(plain()).send(world.address());
        passed += usize::from(reply.status == 200);
        (reply.status != 200).then_some(reply)
    });
    crate::support::money::assert_blocked(&blocked);
    assert!(passed > 0, "nothing was served without the database");
    proxy.restore();
    until("all is settled", || (spent(&world, &person.user_id) >= 10 * COST).then_some(()));
    // What was asked before the budget applied need not have been in the sums when they were cut off.
    assert!(spent(&world, &person.user_id) <= (11 + before) * COST);
    until("the database is asked again", || {
        let reply = person.asks(plain()).send(world.address());
        (reply.error_type() == "billing_error").then_some(())
    });
}

#[test]
fn a_gateway_that_fails_closed_serves_nothing_that_it_cannot_check() {
    let (world, proxy) = World::behind_proxy();
    let person = limited(&world, &[&world.gateway], 1);
    call(&world.gateway, "PATCH", "/admin/settings", &json!({ "limits_fail_open": false }));
    until("the setting is known", || {
        let stored = world.database.sql("select 1 from settings where name = 'limits_fail_open'");
        (!stored.is_empty()).then_some(())
    });
    until_status(&person.asks(plain()), world.address(), 200);
    proxy.cut();
    let reply = until_status(&person.asks(plain()), world.address(), 503);
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(plain().send(world.address()).status, 200, "who has no limits is not concerned");
    proxy.restore();
    let reply = until_status(&person.asks(plain()), world.address(), 200);
    rows::row(&world.database, reply.header("request-id"));
}
