//! Streams that break: one typed error, a proper end, and never the look of a whole answer.

use crate::support::answers;
use crate::support::rows;
use crate::support::upstream::{Gate, Script, Step};
use crate::support::world::World;

/// Ends a stream whose first events the client has seen already.
type Break = fn(Script) -> Script;

fn half_frame() -> Vec<u8> {
    let mut frame = answers::chunk_frame(&answers::delta("never whole"));
    frame.truncate(frame.len() / 2);
    frame
}

fn corrupt_frame() -> Vec<u8> {
    let mut frame = answers::chunk_frame(&answers::delta("corrupt"));
    let middle = frame.len() / 2;
    frame[middle] ^= 1;
    frame
}

const BREAKS: [(&str, Break, &str); 16] = [
    ("a clean end", |s| s.end(), "api_error"),
    ("a closed connection", |s| s.then_close(), "api_error"),
    ("a half-closed connection", |s| s.step(Step::HalfClose).step(Step::AwaitLeft), "api_error"),
    ("a reset", |s| s.step(Step::Reset), "api_error"),
    ("half a frame", |s| s.step(Step::Chunk(half_frame())).end(), "api_error"),
    ("half a frame, then closed", |s| s.step(Step::Chunk(half_frame())).then_close(), "api_error"),
    ("half a chunk", |s| s.step(Step::Raw(b"fff\r\nabc".to_vec())).then_close(), "api_error"),
    ("half a chunk size", |s| s.step(Step::Raw(b"f".to_vec())).then_close(), "api_error"),
    ("a corrupt checksum", |s| s.step(Step::Chunk(corrupt_frame())).end(), "api_error"),
    ("silence", |s| s.step(Step::AwaitLeft), "timeout_error"),
    ("throttling", |s| s.exception("throttlingException").end(), "overloaded_error"),
    ("unavailability", |s| s.exception("serviceUnavailableException").end(), "overloaded_error"),
    ("an internal error", |s| s.exception("internalServerException").end(), "api_error"),
    ("a model's error", |s| s.exception("modelStreamErrorException").end(), "api_error"),
    ("a model's timeout", |s| s.exception("modelTimeoutException").end(), "timeout_error"),
    ("an unknown exception", |s| s.exception("brandNewException").end(), "api_error"),
];

#[test]
fn a_broken_stream_ends_in_exactly_one_error() {
    let world = World::with(&[("UPSTREAM_IDLE_TIMEOUT_MS", "300")]);
    let before = [answers::start(), answers::delta("Good"), answers::delta(" day")];
    for (number, (what, ending, kind)) in BREAKS.into_iter().enumerate() {
        let gate = Gate::default();
        let mut incoming = world.stream(ending(Script::events(&before).wait(&gate)));
        assert_eq!(incoming.status(), 200, "{what}");
        for expected in answers::all_as_seen(&before) {
            assert_eq!(incoming.event(), expected, "{what}");
        }
        gate.release();
        let last = incoming.event();
        assert_eq!(last.name, "error", "{what}");
        let json = last.json();
        assert_eq!(json["type"], "error", "{what}: {json}");
        assert_eq!(json["error"]["type"], kind, "{what}: {json}");
        assert!(json["error"]["message"].is_string(), "{what}: {json}");
        assert_eq!(incoming.events(), [], "{what}");

        let row = &rows::usage(&world.database, number + 1)[number];
        rows::assert_columns(
            row,
            &[
                ("request_id", &incoming.request_id()),
                ("outcome", "failed"),
                ("error_type", kind),
                ("input_tokens", "11"),
                ("cache_read_tokens", "7"),
                ("cache_write_5m_tokens", "5"),
                ("cache_write_1h_tokens", "3"),
            ],
        );
    }
    assert_eq!(world.gateway.status()["live_streams"], 0);
}

#[test]
fn a_stream_that_lacks_only_its_last_event_is_broken() {
    let world = World::start();
    let mut events = answers::whole(3);
    events.pop();
    let mut incoming = world.stream(Script::events(&events).end());
    let mut seen = incoming.events();
    assert_eq!(seen.pop().unwrap().name, "error");
    assert_eq!(seen, answers::all_as_seen(&events));
}

#[test]
fn a_whole_answer_stays_whole_whatever_the_connection_does_after_it() {
    let world = World::start();
    let events = answers::whole(3);
    for ending in [
        Script::events(&events).then_close(),
        Script::events(&events).step(Step::Raw(b"ff".to_vec())).then_close(),
        Script::events(&events).step(Step::HalfClose).step(Step::AwaitLeft),
    ] {
        let mut incoming = world.stream(ending);
        assert_eq!(incoming.events(), answers::all_as_seen(&events));
    }
    for row in rows::usage(&world.database, 3) {
        rows::assert_columns(&row, &[("outcome", "completed")]);
    }
}
