//! Crashes of actors: contained, restarted, counted; and given up when they do not stop.

use crate::support::answers;
use crate::support::client::{Incoming, until_status};
use crate::support::gateway::Gateway;
use crate::support::in_one_minute;
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Gate, Script};
use crate::support::world::{World, plain, streaming};

const STREAMS: usize = 64;

#[track_caller]
fn until_restarted(gateway: &Gateway, name: &str, restarts: u64) {
    until(&format!("{name} runs again"), || {
        let actor = gateway.actor(name)?;
        (actor["restarts"] == restarts && actor["state"] == "running").then_some(())
    });
}

/// Streams that have begun and wait for the gate.
fn held(world: &World, gate: &Gate, count: usize) -> Vec<Incoming> {
    let events = answers::whole(4);
    let script = Script::events(&events[..3]).wait(gate).more(&events[3..]);
    world.upstream.otherwise(script.end());
    std::thread::scope(|scope| {
        let open = || {
            let mut incoming = streaming().open(world.address());
            assert_eq!(incoming.status(), 200);
            assert_eq!(incoming.event().name, "message_start");
            incoming
        };
        let threads: Vec<_> = (0..count).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// How many of the streams ended whole; the others must end in one error.
#[track_caller]
fn whole_ends(streams: Vec<Incoming>) -> usize {
    let expected = answers::all_as_seen(&answers::whole(4)[1..]);
    let ends = streams.into_iter().map(|mut stream| {
        let mut events = stream.events();
        events.retain(|event| event.name != "ping");
        if events == expected {
            return 1;
        }
        let last = events.pop().expect("a stream ended without a word");
        assert_eq!(last.name, "error", "{}", last.data);
        assert_eq!(events, expected[..events.len()]);
        0
    });
    ends.sum()
}

#[track_caller]
fn crash_under_load(name: &str, all_finish: bool) {
    let (world, gate) = (World::start(), Gate::default());
    let streams = held(&world, &gate, STREAMS);
    let mut ids: Vec<String> = streams.iter().map(Incoming::request_id).collect();
    assert_eq!(world.gateway.crash(name).status, 202);
    until_restarted(&world.gateway, name, 1);
    gate.release();
    let whole = whole_ends(streams);
    if all_finish {
        assert_eq!(whole, STREAMS, "streams broke, though `{name}` carries none");
    }
    let label = format!("ccag_actor_restarts_total{{actor=\"{name}\"}}");
    assert_eq!(world.gateway.metric(&label), Some(1.0));

    ids.push(until_status(&streaming(), world.address(), 200).request_id());
    rows::each_once(&world.database, &ids);
}

#[test]
fn streams_survive_a_crash_of_settings() {
    crash_under_load("settings", true);
}

#[test]
fn streams_survive_a_crash_of_keys() {
    crash_under_load("keys", true);
}

#[test]
fn streams_survive_a_crash_of_the_limiter() {
    crash_under_load("limiter", true);
}

#[test]
fn streams_survive_a_crash_of_endpoints() {
    crash_under_load("endpoints", true);
}

#[test]
fn streams_survive_a_crash_of_usage_and_no_row_is_lost() {
    crash_under_load("usage", true);
}

#[test]
fn streams_survive_a_crash_of_changes() {
    crash_under_load("changes", true);
}

#[test]
fn streams_survive_a_crash_of_the_prober() {
    crash_under_load("prober", true);
}

#[test]
fn streams_survive_a_crash_of_drain() {
    crash_under_load("drain", true);
}

#[test]
fn streams_of_a_worker_end_clearly_when_their_supervisor_crashes() {
    crash_under_load("streams-0", false);
}

#[test]
fn one_crashed_stream_ends_in_an_error_and_leaves_the_others_alone() {
    let (world, gate) = (World::start(), Gate::default());
    let streams = held(&world, &gate, 8);
    assert_eq!(world.gateway.crash("stream").status, 202);
    until("one stream is gone", || (world.gateway.status()["live_streams"] == 7).then_some(()));
    gate.release();
    assert_eq!(whole_ends(streams), 7);
    let rows = rows::usage(&world.database, 8);
    let with = |outcome: &str| {
        let same = |row: &&_| rows::column(row, "outcome") == Some(outcome);
        rows.iter().filter(same).count()
    };
    assert_eq!((with("completed"), with("crashed")), (7, 1));
}

#[test]
fn what_a_key_has_used_survives_a_crash_of_the_limiter() {
    let world = World::start();
    let status = in_one_minute(|attempt| {
        let key = world.add_key(&format!("spent{attempt}"), "requests_per_minute", "1");
        let request = plain().without("x-api-key").x_api_key(&key);
        until_status(&request, world.address(), 200);
        assert_eq!(world.gateway.crash("limiter").status, 202);
        until_restarted(&world.gateway, "limiter", u64::from(attempt) + 1);
        request.send(world.address()).status
    });
    assert_eq!(status, 429);
}

#[test]
fn known_keys_survive_a_crash_of_their_actor_without_a_database() {
    let (world, proxy) = World::behind_proxy();
    assert_eq!(plain().send(world.address()).status, 200);
    proxy.cut();
    assert_eq!(world.gateway.crash("keys").status, 202);
    until_restarted(&world.gateway, "keys", 1);
    assert_eq!(plain().send(world.address()).status, 200);
}

#[test]
fn an_actor_that_keeps_crashing_ends_the_gateway_with_70() {
    let mut world = World::start();
    for restarts in 1..=5 {
        assert_eq!(world.gateway.crash("limiter").status, 202);
        until_restarted(&world.gateway, "limiter", restarts);
    }
    // The last one may end the gateway before it has answered.
    drop(world.gateway.crashing("limiter").try_send(world.address()));
    assert_eq!(world.gateway.process.wait().code(), Some(70));
}

#[test]
fn an_unknown_actor_cannot_be_crashed() {
    let world = World::start();
    assert_eq!(world.gateway.crash("nonesuch").status, 404);
}
