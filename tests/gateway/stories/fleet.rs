//! Several gateways on one database behind a balancer: one is killed, all are replaced one by one.

use std::time::Duration;

use crate::support::balancer::Balancer;
use crate::support::load::{Fate, assert_all_served_and_counted, assert_counted, load_of, served};
use crate::support::upstream::Script;
use crate::support::world::{World, streaming};

const CLIENTS: usize = 8;
/// Requests that are served in each part of a story.
const EACH: usize = 40;
/// How long a stream takes: far less than the drain.
const STREAM: Duration = Duration::from_millis(250);

#[test]
fn a_kill_breaks_what_ran_there_and_nothing_else() {
    let mut world = World::start();
    world.upstream.otherwise(Script::lasting(STREAM / 5));
    let second = world.setup.another().start();
    let balancer = Balancer::start([world.address(), &second.address]);
    let fates = load_of(&[streaming()], CLIENTS, &balancer.address, |seen| {
        seen.until_more(EACH, "both serve");
        world.gateway.process.kill();
        seen.until_more(EACH, "the other one goes on");
        balancer.remove(&world.gateway.address);
        world.gateway = world.setup.start();
        balancer.add(&world.gateway.address);
        seen.until_more(EACH, "both serve again");
    });
    let cut = fates.iter().filter(|fate| **fate == Fate::Cut).count();
    assert!(cut <= CLIENTS, "{cut} were cut, each client had one request");
    assert_eq!(served(&fates).len() + cut, fates.len(), "nothing was refused");
    // A kill may cut the last bytes of an answer that was recorded already.
    assert_counted(&world.database, &fates, cut);
}

#[test]
fn a_rolling_restart_breaks_no_stream_and_loses_no_row() {
    let mut world = World::start();
    world.upstream.otherwise(Script::lasting(STREAM));
    let mut others = vec![world.setup.another().start()];
    let balancer = Balancer::start([world.address(), &others[0].address]);
    let fates = load_of(&[streaming()], CLIENTS, &balancer.address, |seen| {
        seen.until_more(EACH, "both serve");
        for _ in 0..2 {
            // As an orchestrator does it: a new one, no new connections to the old one, its end.
            let new = world.setup.another().start();
            balancer.add(&new.address);
            others.push(new);
            let old = std::mem::replace(&mut world.gateway, others.remove(0));
            balancer.remove(&old.address);
            let mut old = old.process;
            old.terminate();
            assert_eq!(old.wait().code(), Some(0));
            let left = std::fs::read_dir(old.data_dir().join("journal")).unwrap().count();
            assert_eq!(left, 0, "its records are all in Postgres");
        }
        seen.until_more(EACH, "both new ones serve");
    });
    assert_all_served_and_counted(&world.database, &fates);
}
