//! A gateway that is told to stop finishes what it began.

use crate::support::answers;
use crate::support::client::{Request, until_status};
use crate::support::rows;
use crate::support::upstream::{Gate, Script};
use crate::support::world::{World, plain, streaming};

#[test]
fn running_streams_finish_and_new_work_is_refused() {
    let (mut world, gate) = (World::start(), Gate::default());
    let events = answers::whole(3);
    let script = Script::events(&events[..2]).wait(&gate).more(&events[2..]);
    let mut incoming = world.stream(script.end());
    assert_eq!(incoming.event().name, "message_start");
    world.gateway.process.terminate();
    until_status(&Request::get("/ready"), world.address(), 503);
    assert_eq!(Request::get("/health").send(world.address()).status, 200);
    if let Ok(reply) = plain().try_send(world.address()) {
        reply.assert_error(503, "api_error");
        assert_eq!(reply.header("retry-after"), "1");
    }
    assert!(world.gateway.process.is_running());
    gate.release();
    assert_eq!(incoming.events(), answers::all_as_seen(&events)[1..]);
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    let id = &incoming.request_id();
    rows::assert_columns(&rows::row(&world.database, id), &[("outcome", "completed")]);
}

#[test]
fn a_stream_that_does_not_finish_in_time_ends_in_an_error_and_is_counted() {
    let mut world = World::with(&[("DRAIN_TIMEOUT_MS", "300")]);
    let mut incoming = world.stream(Script::events(&[answers::start()]).then(Script::silence()));
    assert_eq!(incoming.event().name, "message_start");
    world.gateway.process.terminate();
    assert_eq!(incoming.event().name, "error");
    assert_eq!(incoming.events(), []);
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    let row = &rows::usage(&world.database, 1)[0];
    rows::assert_columns(row, &[("input_tokens", "11"), ("outcome", "failed")]);
}

#[test]
fn an_idle_gateway_ends_at_once() {
    let mut world = World::start();
    assert_eq!(streaming().open(world.address()).events().len(), 7);
    world.gateway.process.terminate();
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    rows::usage(&world.database, 1);
}
