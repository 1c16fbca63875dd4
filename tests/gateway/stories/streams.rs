//! Streams that go well: every event, unchanged, as soon as it is there.

use crate::support::answers;
use crate::support::upstream::{Gate, Script, Step};
use crate::support::world::{World, streaming};

#[test]
fn a_stream_is_bedrocks_own_events_with_the_clients_model() {
    let world = World::start();
    let events = answers::whole(20);
    let mut incoming = world.stream(Script::events(&events).end());
    assert_eq!(incoming.status(), 200);
    let kind = incoming.head.header("content-type").unwrap();
    assert!(kind.starts_with("text/event-stream"), "{kind}");
    assert!(incoming.head.header("request-id").is_some());
    assert_eq!(incoming.events(), answers::all_as_seen(&events));
}

#[test]
fn each_event_arrives_before_the_next_is_sent() {
    let world = World::start();
    let events = answers::whole(3);
    let gates: Vec<Gate> = events.iter().map(|_| Gate::default()).collect();
    let script = events
        .iter()
        .zip(&gates)
        .fold(Script::stream(), |script, (event, gate)| script.wait(gate).more(&[event]));
    world.upstream.next(script.end());
    gates[0].release();
    let mut incoming = streaming().open(world.address());
    for (number, expected) in answers::all_as_seen(&events).into_iter().enumerate() {
        gates[number].release();
        assert_eq!(incoming.event(), expected);
    }
    assert_eq!(incoming.events(), []);
}

#[test]
fn events_of_unknown_kinds_and_odd_spelling_pass_untouched() {
    let world = World::start();
    let odd = [
        r#"{"type":"message_start", "message" : {"id":"x","model":"claude-sonnet-4-5-20250929","usage":{}} }"#,
        r#"{"index":0,"type":"content_block_delta","delta":{"type":"signature_delta","signature":"A\/b+\u00e9="}}"#,
        r#"{"type":"brand_new_event","model":"left-alone","deep":{"model":"left-alone"},"n":1.0e2}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\\n\n \"amazon-bedrock-invocationMetrics\":{}, é 😀"}}"#,
        r#"{"type":"message_stop"}"#,
    ]
    .map(|event| event.replace("\\n\n", "\\\\n\\n"));
    let mut incoming = world.stream(Script::events(&odd).end());
    assert_eq!(incoming.events(), answers::all_as_seen(&odd));
}

#[test]
fn metrics_go_wherever_they_stand() {
    let world = World::start();
    let mut events = answers::whole(1);
    let stop = events.len() - 1;
    events[stop] =
        r#"{"amazon-bedrock-invocationMetrics":{"inputTokenCount":1},"type":"message_stop"}"#
            .to_owned();
    let mut incoming = world.stream(Script::events(&events).end());
    let seen = incoming.events();
    assert_eq!(seen[stop].name, "message_stop");
    assert_eq!(seen[stop].data, r#"{"type":"message_stop"}"#);
    assert_eq!(seen.len(), events.len());
}

/// Each event is cut at another byte, so that one stream has every cut that a frame can have.
#[test]
fn a_stream_cut_at_every_byte_of_a_frame_reads_the_same() {
    let world = World::start();
    let length = answers::chunk_frame(&answers::delta("cut 000")).len();
    let mut events = answers::whole(0);
    let deltas = (0..length).map(|at| answers::delta(&format!("cut {at:03}")));
    events.splice(2..2, deltas);
    let (mut script, mut open) = (Script::stream(), Vec::new());
    for (number, event) in events.iter().enumerate() {
        let frame = answers::chunk_frame(event);
        let (before, after) = frame.split_at(number.saturating_sub(2).min(frame.len()));
        open.extend_from_slice(before);
        let chunk = std::mem::replace(&mut open, after.to_vec());
        if !chunk.is_empty() {
            script = script.step(Step::Chunk(chunk));
        }
    }
    let mut incoming = world.stream(script.step(Step::Chunk(open)).end());
    assert_eq!(incoming.events(), answers::all_as_seen(&events));
}

#[test]
fn a_stream_sent_byte_by_byte_reads_the_same() {
    let world = World::start();
    let events = answers::whole(2);
    let bytes: Vec<u8> = events.iter().flat_map(|e| answers::chunk_frame(e)).collect();
    let in_chunks =
        bytes.iter().fold(Script::stream(), |script, byte| script.step(Step::Chunk(vec![*byte])));
    let mut incoming = world.stream(in_chunks.end());
    assert_eq!(incoming.events(), answers::all_as_seen(&events));

    let mut incoming = world.stream(Script::events(&events).end().in_single_bytes());
    assert_eq!(incoming.events(), answers::all_as_seen(&events));
}

#[test]
fn many_streams_at_once_do_not_mix() {
    let world = World::start();
    let all: Vec<Vec<String>> = (1..=40).map(answers::whole).collect();
    for events in &all {
        world.upstream.next(Script::events(events).end());
    }
    let mut seen: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = all
            .iter()
            .map(|_| scope.spawn(|| streaming().open(world.address()).events()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    seen.sort_by_key(Vec::len);
    let expected: Vec<_> = all.iter().map(|events| answers::all_as_seen(events)).collect();
    assert_eq!(seen, expected);
}
