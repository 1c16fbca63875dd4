//! Nothing takes longer than it may: each deadline ends what it is for, with an error that says so.

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use crate::support::answers;
use crate::support::client::Request;
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Script, Step};
use crate::support::world::{World, plain, streaming};

/// A request that fails by its deadline, and the row that tells so.
#[track_caller]
fn assert_out_of_time(world: &World, request: &Request) {
    let reply = request.send(world.address());
    reply.assert_error(504, "timeout_error");
    let row = rows::row(&world.database, &reply.request_id());
    rows::assert_columns(&row, &[("outcome", "failed"), ("error_type", "timeout_error")]);
}

#[test]
fn a_whole_request_has_its_time() {
    let world = World::with(&[("UPSTREAM_TOTAL_TIMEOUT_MS", "600")]);
    let each = Duration::from_millis(50);
    let mut script = Script::events(&answers::whole(0)[..2]);
    for _ in 0..40 {
        script = script.step(Step::Think(each)).more(&[answers::delta("more")]);
    }
    let mut incoming = world.stream(script.step(Step::AwaitLeft));
    let events = incoming.events();
    assert_eq!(events[0].name, "message_start");
    let last = events.last().unwrap();
    assert_eq!(last.json()["error"]["type"], "timeout_error", "{}", last.data);
    assert!((3..40).contains(&events.len()), "{} events came in time", events.len());
    world.upstream.exchange(0).wait_left();
    let row = rows::row(&world.database, &incoming.request_id());
    rows::assert_columns(&row, &[("outcome", "failed"), ("input_tokens", "11")]);

    world.upstream.next(Script::silence());
    assert_out_of_time(&world, &plain());
}

#[test]
fn a_stream_that_never_pauses_has_its_time_too() {
    let world = World::with(&[("UPSTREAM_TOTAL_TIMEOUT_MS", "600")]);
    let piece = answers::chunk_frame(&answers::delta(&"x".repeat(16 * 1024)));
    let script = Script::events(&answers::whole(0)[..2]).step(Step::Flood(piece, 1_000_000));
    let mut incoming = world.stream(script);
    let mut last = incoming.event();
    while let Some(event) = incoming.try_event().unwrap() {
        last = event;
    }
    assert_eq!(last.json()["error"]["type"], "timeout_error", "{}", last.data);
    world.upstream.exchange(0).wait_left();
}

#[test]
fn an_answer_has_to_begin_in_time() {
    let world = World::with(&[("UPSTREAM_FIRST_BYTE_TIMEOUT_MS", "300")]);
    for script in [Script::silence(), Script::stream().step(Step::AwaitLeft)] {
        world.upstream.otherwise(script);
        assert_out_of_time(&world, &streaming());
        assert_out_of_time(&world, &plain());
    }
}

#[test]
fn a_connection_has_to_be_made_in_time() {
    let full = TcpListener::bind("127.0.0.1:0").unwrap();
    let _waiting = crowd(&full);
    let bedrock = format!("http://{}", full.local_addr().unwrap());
    let world = World::with(&[
        ("UPSTREAM_CONNECT_TIMEOUT_MS", "300"),
        ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock),
    ]);
    let reply = plain().send(world.address());
    reply.assert_error(529, "overloaded_error");
    let row = rows::row(&world.database, &reply.request_id());
    rows::assert_columns(&row, &[("outcome", "failed")]);
}

/// Connections that fill a listener which takes none: the kernel drops what comes after them, as a network
/// does that leads nowhere.
pub(super) fn crowd(listener: &TcpListener) -> Vec<TcpStream> {
    let address = listener.local_addr().unwrap();
    SockRef::from(listener).listen(0).unwrap();
    let patience = Duration::from_millis(200);
    let connect = || TcpStream::connect_timeout(&address, patience).ok();
    std::iter::from_fn(connect).collect()
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_left() {
    let world = World::with(&[("CLIENT_STALL_TIMEOUT_MS", "400")]);
    let piece = answers::chunk_frame(&answers::delta(&"x".repeat(64 * 1024)));
    let script = Script::events(&answers::whole(0)[..2]).step(Step::Flood(piece, 1_000_000));
    world.upstream.next(script);
    let socket = streaming().begin_whole(world.address());
    world.upstream.exchange(0).wait_left();
    let row = &rows::usage(&world.database, 1)[0];
    rows::assert_columns(row, &[("outcome", "client_aborted"), ("input_tokens", "11")]);
    assert_eq!(world.gateway.status()["live_streams"], 0);
    // Nor does its connection stay.
    let client = socket.local_addr().unwrap();
    until("the connection is gone", || {
        (!is_open(world.address(), &client.to_string())).then_some(())
    });
    assert_eq!(plain().send(world.address()).status, 200);
}

/// Whether the kernel has a live connection between these two, as `from` has it.
fn is_open(from: &str, to: &str) -> bool {
    let hex = |address: &str| {
        let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
        format!(":{port:04X}")
    };
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().skip(1).any(|line| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        // 01 is a connection that is established.
        columns[1].ends_with(&hex(from)) && columns[2].ends_with(&hex(to)) && columns[3] == "01"
    })
}
