//! The disk of the journal takes no more: records wait in memory, and what the disk took of one is none.

use std::fs;
use std::path::Path;

use crate::support::load::{assert_all_served_and_counted, load};
use crate::support::postgres_proxy::PostgresProxy;
use crate::support::rows;
use crate::support::until;
use crate::support::world::{World, plain};

/// What a file of the journal may hold: some records, and a part of one.
const DISK: u64 = 5_000;

/// A gateway with a small disk, whose database is away: records stay where they are.
fn alone() -> (World, PostgresProxy) {
    let (world, proxy) = World::behind_proxy_with(|setup| setup.with_disk(DISK));
    proxy.cut();
    (world, proxy)
}

/// Records that the disk did not take.
fn in_memory(world: &World) -> f64 {
    world.gateway.metric("ccag_usage_unjournaled").unwrap()
}

/// Bytes of the journal.
fn written(journal: &Path) -> u64 {
    let files = fs::read_dir(journal).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}

#[test]
fn records_that_the_disk_does_not_take_reach_postgres_from_memory() {
    let (mut world, proxy) = alone();
    let fates = load(4, world.address(), |_| {
        until("the disk is full", || (in_memory(&world) > 20.0).then_some(()));
    });
    proxy.restore();
    world.gateway.process.terminate();
    assert_eq!(world.gateway.process.wait().code(), Some(0));
    assert_all_served_and_counted(&world.database, &fates);
}

#[test]
fn a_disk_that_was_full_is_used_again() {
    let (world, proxy) = alone();
    let journal = world.gateway.process.data_dir().join("journal");
    let mut ids = Vec::new();
    until("the disk is full", || {
        ids.push(plain().send(world.address()).request_id());
        (in_memory(&world) > 2.0).then_some(())
    });
    world.gateway.process.lift_disk_limit();
    let before = written(&journal);
    ids.push(plain().send(world.address()).request_id());
    assert!(written(&journal) > before, "the next record is not on the disk");
    proxy.restore();
    rows::each_once(&world.database, &ids);
    let aside = journal.join("quarantine.jsonl");
    assert!(!aside.exists(), "a part was read as a whole: {}", fs::read_to_string(aside).unwrap());
}
