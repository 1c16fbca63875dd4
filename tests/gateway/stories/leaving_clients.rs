//! Clients that leave: their upstream connection is freed and their tokens are counted.

use crate::support::answers;
use crate::support::client::Request;
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Gate, Script, Step};
use crate::support::world::{World, plain, streaming};

#[test]
fn a_client_that_leaves_frees_the_upstream_and_leaves_one_row() {
    let world = World::start();
    let events = [answers::start(), answers::delta("Good day")];
    let mut incoming = world.stream(Script::events(&events).step(Step::AwaitLeft));
    assert_eq!(incoming.event().name, "message_start");
    assert_eq!(incoming.event().name, "content_block_delta");
    assert_eq!(world.gateway.status()["live_streams"], 1);
    let id = incoming.request_id();
    drop(incoming);
    world.upstream.exchange(0).wait_left();
    let row = &rows::usage(&world.database, 1)[0];
    rows::assert_columns(
        row,
        &[
            ("request_id", &id),
            ("outcome", "client_aborted"),
            ("input_tokens", "11"),
            ("cache_read_tokens", "7"),
            ("tokens_estimated", "t"),
        ],
    );
    let output: u64 = row["output_tokens"].as_deref().unwrap().parse().unwrap();
    assert!(output >= 1, "text was sent, tokens were not counted: {row:?}");
    until("no live stream is left", || (world.gateway.status()["live_streams"] == 0).then_some(()));
}

#[test]
fn a_client_that_leaves_before_any_event_frees_the_upstream_too() {
    let world = World::start();
    world.upstream.next(Script::silence());
    let socket = streaming().begin_whole(world.address());
    let exchange = world.upstream.exchange(0);
    drop(socket);
    exchange.wait_left();
    let row = &rows::usage(&world.database, 1)[0];
    rows::assert_columns(row, &[("outcome", "client_aborted")]);
}

#[test]
fn an_answer_that_is_made_for_nobody_does_not_hold_up_a_drain() {
    let world = World::with(&[("WORKERS", "1")]);
    world.upstream.next(Script::silence());
    let socket = plain().begin_whole(world.address());
    let exchange = world.upstream.exchange(0);
    drop(socket);
    // The one worker has seen the client leave once it has served another's request.
    assert_eq!(Request::get("/health").send(world.address()).status, 200);
    world.gateway.process.terminate();
    exchange.wait_left();
}

#[test]
fn a_client_that_leaves_in_the_middle_of_its_own_body_harms_nobody() {
    let world = World::start();
    for part in 0..20 {
        drop(plain().begin(world.address(), part));
    }
    assert_eq!(plain().send(world.address()).status, 200);
}

#[test]
fn a_client_that_leaves_while_it_sends_its_request_is_recorded() {
    let world = World::with(&[("WORKERS", "1")]);
    let sending = plain().begin(world.address(), 10);
    // The one worker has seen that client's head once it has served another's request.
    assert_eq!(plain().send(world.address()).status, 200);
    drop(sending);
    let rows = rows::usage(&world.database, 2);
    let outcomes: Vec<_> = rows.iter().map(|row| row["outcome"].as_deref().unwrap()).collect();
    assert!(
        outcomes.contains(&"completed") && outcomes.contains(&"client_aborted"),
        "{outcomes:?}"
    );
}

#[test]
fn what_bedrock_counts_after_the_client_has_left_is_billed() {
    let world = World::with(&[("UPSTREAM_DRAIN_TIMEOUT_MS", "20000"), ("WORKERS", "1")]);
    let (gate, events) = (Gate::default(), answers::whole(9));
    let (first, rest) = events.split_at(3);
    let script = Script::events(first).step(Step::Wait(gate.clone())).more(rest).end();
    let mut incoming = world.stream(script);
    assert_eq!(incoming.event().name, "message_start");
    let id = incoming.request_id();
    drop(incoming);
    // The one worker has seen the client leave once it has served another's request.
    assert_eq!(plain().send(world.address()).status, 200);
    gate.release();
    let row = rows::row(&world.database, &id);
    rows::assert_columns(
        &row,
        &[
            ("outcome", "client_aborted"),
            ("output_tokens", "9"),
            ("tokens_estimated", "f"),
            ("cache_write_1h_tokens", "3"),
        ],
    );
    assert!(row["cost_nanos"].as_deref().unwrap().parse::<i64>().unwrap() > 0);
}
