//! Clients that do not read: Bedrock is not read either, and nothing is lost.

use crate::support::answers;
use crate::support::until;
use crate::support::upstream::{Script, Step};
use crate::support::world::World;

const MEGABYTE: u64 = 1024 * 1024;
/// Size of each piece of text, in bytes.
const PIECE: usize = 64 * 1024;
/// Pieces of the answer: far more than all buffers of the kernel hold.
const PIECES: usize = 800;
/// More than the four kernel buffers between Bedrock and the client, and less than the answer.
const BUFFERS: u64 = 40 * MEGABYTE;

#[test]
fn a_client_that_does_not_read_stops_the_upstream_and_loses_nothing() {
    let world = World::start();
    let piece = answers::delta(&"x".repeat(PIECE));
    let events = answers::whole(0);
    let script = Script::events(&events[..2])
        .step(Step::Flood(answers::chunk_frame(&piece), PIECES))
        .more(&events[2..])
        .end();
    let before = world.gateway.resident();
    let mut incoming = world.stream(script);
    let exchange = world.upstream.exchange(0);
    until("the gateway stops reading", || exchange.stalled().then_some(()));
    assert!(exchange.written() < BUFFERS, "{} bytes are gone", exchange.written());
    let grown = world.gateway.resident().saturating_sub(before);
    assert!(grown < BUFFERS, "{} MiB more memory", grown / MEGABYTE);

    let expected = answers::as_seen(&piece);
    let (head, tail) = (answers::all_as_seen(&events[..2]), answers::all_as_seen(&events[2..]));
    for event in head {
        assert_eq!(incoming.event(), event);
    }
    for number in 0..PIECES {
        assert!(incoming.event().data == expected, "piece {number} is not intact");
    }
    for event in tail {
        assert_eq!(incoming.event(), event);
    }
    assert_eq!(incoming.events(), []);
}
