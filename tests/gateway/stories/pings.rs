//! Silence of Bedrock's is never silence of the gateway's.

use crate::support::answers;
use crate::support::client::Incoming;
use crate::support::upstream::{Gate, Script};
use crate::support::world::World;

fn world() -> World {
    World::with(&[("STREAM_PING_INTERVAL_MS", "50")])
}

#[track_caller]
fn assert_ping(incoming: &mut Incoming) {
    let event = incoming.try_event().unwrap().unwrap();
    assert_eq!(event.name, "ping");
    assert_eq!(event.json()["type"], "ping");
}

#[test]
fn pings_come_before_the_head_of_bedrocks_answer() {
    let (world, gate) = (world(), Gate::default());
    let events = answers::whole(2);
    let mut incoming =
        world.stream(Script::default().wait(&gate).then(Script::events(&events).end()));
    assert_eq!(incoming.status(), 200);
    assert_ping(&mut incoming);
    assert_ping(&mut incoming);
    gate.release();
    for expected in answers::all_as_seen(&events) {
        assert_eq!(incoming.event(), expected);
    }
}

#[test]
fn pings_come_between_the_head_and_the_first_event_and_between_events() {
    let (world, first, second) = (world(), Gate::default(), Gate::default());
    let events = answers::whole(2);
    let script = Script::stream().wait(&first).more(&events[..1]).wait(&second).more(&events[1..]);
    let mut incoming = world.stream(script.end());
    assert_ping(&mut incoming);
    first.release();
    assert_eq!(incoming.event(), answers::all_as_seen(&events)[0]);
    assert_ping(&mut incoming);
    second.release();
    let rest: Vec<_> = incoming.events().into_iter().filter(|event| event.name != "ping").collect();
    assert_eq!(rest, answers::all_as_seen(&events)[1..]);
}

#[test]
fn a_refusal_after_the_first_ping_is_one_error_event() {
    let world = world();
    let refusals = [
        (Script::refusal(429, "ThrottlingException", "x"), "overloaded_error"),
        (Script::refusal(400, "ValidationException", "x"), "invalid_request_error"),
        (Script::stream().exception("serviceUnavailableException").end(), "overloaded_error"),
        (Script::stream().end(), "api_error"),
    ];
    for (refusal, kind) in refusals {
        let gate = Gate::default();
        world.upstream.otherwise(refusal.clone());
        let mut incoming = world.stream(Script::default().wait(&gate).then(refusal));
        assert_eq!(incoming.status(), 200);
        assert_ping(&mut incoming);
        gate.release();
        let last = incoming.event();
        assert_eq!(last.name, "error");
        assert_eq!(last.json()["error"]["type"], kind, "{}", last.data);
        assert_eq!(incoming.events(), []);
    }
}

#[test]
fn pings_do_not_keep_a_dead_stream_alive() {
    let world =
        World::with(&[("STREAM_PING_INTERVAL_MS", "50"), ("UPSTREAM_IDLE_TIMEOUT_MS", "400")]);
    let mut incoming = world.stream(Script::events(&[answers::start()]).then(Script::silence()));
    assert_eq!(incoming.event().name, "message_start");
    assert_ping(&mut incoming);
    assert_eq!(incoming.event().name, "error");
    assert_eq!(incoming.events(), []);
    world.upstream.exchange(0).wait_left();
}
