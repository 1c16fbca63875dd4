//! The process dies at once: no usage that a client saw end is lost, none is doubled.

use std::sync::Mutex;

use crate::support::client::Request;
use crate::support::rows;
use crate::support::until;
use crate::support::world::{World, plain, streaming};

/// Requests whose end was seen before the process is killed.
const SEEN: usize = 80;

#[test]
fn every_end_that_a_client_saw_has_its_row_after_a_kill() {
    let mut world = World::start();
    let seen = Mutex::new(Vec::new());
    let address = world.gateway.address.clone();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let (seen, address) = (&seen, &address);
            scope.spawn(move || {
                while let Some(id) = one(number % 2 == 0, address) {
                    seen.lock().unwrap().push(id);
                }
            });
        }
        until("enough requests have ended", || (seen.lock().unwrap().len() >= SEEN).then_some(()));
        world.gateway.process.kill();
    });
    let seen = seen.into_inner().unwrap();

    world.gateway = world.setup.start();
    for row in rows::each_once(&world.database, &seen) {
        rows::assert_columns(&row, &[("outcome", "completed")]);
    }
    let after = plain().send(world.address()).request_id();
    rows::each_once(&world.database, &[after]);
}

/// The id of a request that was seen to end well; `None` once the gateway is gone.
fn one(stream: bool, address: &str) -> Option<String> {
    if !stream {
        let reply = plain().try_send(address).ok()?;
        return Some(reply.request_id());
    }
    let mut incoming = Request::try_open(&streaming(), address).ok()?;
    let events = incoming.try_events().ok()?;
    assert_eq!(events.last()?.name, "message_stop");
    Some(incoming.request_id())
}
