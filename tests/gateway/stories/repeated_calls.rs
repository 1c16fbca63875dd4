//! A client whose patience ends before a long whole answer comes asks the same again: it gets the answer that
//! is on its way, and nothing is bought twice.

use std::thread;

use crate::support::answers;
use crate::support::client::{Reply, Request};
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Gate, Script};
use crate::support::world::{World, plain};

/// A gateway whose one worker has seen that the client of a call has left, which waits for the gate.
fn left_alone(answer: Script) -> (World, Gate) {
    let world = World::with(&[("WORKERS", "1")]);
    let gate = Gate::default();
    world.upstream.next(Script::default().wait(&gate).then(answer));
    let socket = plain().begin_whole(world.address());
    world.upstream.exchange(0);
    drop(socket);
    // Its worker has seen the client leave once it has served another's request.
    assert_eq!(Request::get("/health").send(world.address()).status, 200);
    (world, gate)
}

/// Sends a request apart; gives its reply once the gateway works on it and the gate is open.
fn again(world: &World, request: Request, live: u64, gate: &Gate) -> Reply {
    let address = world.address().to_owned();
    let waiting = thread::spawn(move || request.send(&address));
    until("the request is in work", || {
        (world.gateway.status()["live_streams"] == live || world.upstream.count() > 1).then_some(())
    });
    gate.release();
    waiting.join().unwrap()
}

#[test]
fn the_same_request_again_gets_the_answer_that_is_on_its_way() {
    let (world, gate) = left_alone(Script::reply(200, &answers::message()));
    let reply = again(&world, plain(), 2, &gate);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.text(), answers::as_seen(&answers::message()));
    assert_eq!(world.upstream.count(), 1, "it was bought once");
    let first = rows::usage(&world.database, 2);
    let by = |outcome: &str| {
        first.iter().find(|row| row["outcome"].as_deref() == Some(outcome)).cloned().unwrap()
    };
    rows::assert_columns(&by("client_aborted"), &[("output_tokens", "4"), ("routed", "home")]);
    let joined = by("completed");
    let expected = [("output_tokens", "0"), ("cost_nanos", "0"), ("routed", "joined")];
    rows::assert_columns(&joined, &expected);
    rows::assert_columns(&joined, &[("request_id", &reply.request_id())]);

    assert_eq!(plain().send(world.address()).status, 200);
    assert_eq!(world.upstream.count(), 2, "who asks once more after that gets a new answer");
}

#[test]
fn another_request_or_another_caller_has_a_call_of_its_own() {
    let (world, gate) = left_alone(Script::reply(200, &answers::message()));
    let other = world.add_key("other", "requests_per_minute", "1000");
    let others = plain().without("x-api-key").x_api_key(&other);
    assert_eq!(others.send(world.address()).status, 200);
    assert_eq!(world.upstream.count(), 2);
    let beta = plain().header("anthropic-beta", "context-1m-2025-08-07");
    assert_eq!(beta.send(world.address()).status, 200);
    assert_eq!(world.upstream.count(), 3);
    gate.release();
}

#[test]
fn a_call_that_fails_after_all_leaves_the_next_one_to_itself() {
    let (world, gate) =
        left_alone(Script::refusal(400, "ValidationException", "The request is not valid."));
    let reply = again(&world, plain(), 2, &gate);
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(world.upstream.count(), 2);
}
