//! The database goes away and comes back.

use crate::support::client::{Request, until_status};
use crate::support::database::Database;
use crate::support::gateway::Setup;
use crate::support::postgres_proxy::PostgresProxy;
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::world::{World, plain, streaming};

#[test]
fn known_keys_go_on_and_their_rows_come_later() {
    let (world, proxy) = World::behind_proxy();
    assert_eq!(plain().send(world.address()).status, 200);
    rows::usage(&world.database, 1);
    proxy.cut();
    for _ in 0..10 {
        let mut incoming = streaming().open(world.address());
        assert_eq!(incoming.events().last().unwrap().name, "message_stop");
        assert_eq!(plain().send(world.address()).status, 200);
        assert_eq!(Request::get("/ready").send(world.address()).status, 200);
    }
    assert_eq!(rows::usage(&world.database, 1).len(), 1, "the proxy is not cut");
    proxy.restore();
    for row in rows::usage(&world.database, 21) {
        rows::assert_columns(&row, &[("outcome", "completed")]);
    }
    assert_eq!(plain().send(world.address()).status, 200);
    rows::usage(&world.database, 22);
}

#[test]
fn rows_survive_a_kill_while_the_database_is_away() {
    let (mut world, proxy) = World::behind_proxy();
    assert_eq!(plain().send(world.address()).status, 200);
    rows::usage(&world.database, 1);
    proxy.cut();
    for _ in 0..5 {
        assert_eq!(plain().send(world.address()).status, 200);
    }
    world.gateway.process.kill();
    proxy.restore();
    world.gateway = world.setup.start();
    rows::usage(&world.database, 6);
}

#[test]
fn rows_survive_a_crash_of_their_actor_while_the_database_is_away() {
    let (world, proxy) = World::behind_proxy();
    let ask = || {
        let reply = plain().send(world.address());
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.request_id()
    };
    ask();
    proxy.cut();
    let mut ids: Vec<String> = (0..5).map(|_| ask()).collect();
    assert_eq!(world.gateway.crash("usage").status, 202);
    ids.extend((0..5).map(|_| ask()));
    proxy.restore();
    rows::each_once(&world.database, &ids);
}

#[test]
fn changes_made_meanwhile_are_seen_afterwards() {
    let (world, proxy) = World::behind_proxy();
    let doomed = world.add_key("doomed", "requests_per_minute", "null");
    let doomed = plain().without("x-api-key").x_api_key(&doomed);
    until_status(&doomed, world.address(), 200);
    proxy.cut();
    world.change_key("doomed", "revoked_at = now()");
    let born = world.add_key("born", "requests_per_minute", "null");
    let born = plain().without("x-api-key").x_api_key(&born);
    assert_ne!(born.send(world.address()).status, 200);
    proxy.restore();
    until_status(&doomed, world.address(), 401);
    until_status(&born, world.address(), 200);
}

#[test]
fn a_gateway_that_starts_without_its_database_says_so() {
    let (database, upstream) = (Database::create(), Upstream::start());
    let proxy = PostgresProxy::start(&database);
    proxy.cut();
    let setup = Setup::new(&database.url_through(&proxy.address), &upstream.address);
    let mut process = setup.run(&["serve"]);
    let said = |process: &crate::support::gateway::Process| {
        process.lines().iter().any(|line| line.to_lowercase().contains("database"))
    };
    until("it names the database", || said(&process).then_some(()));
    if process.is_running() {
        proxy.restore();
        until("it starts after all", || process.listening());
    } else {
        let code = process.wait().code();
        assert!(code.is_some_and(|code| code != 0), "{code:?}");
    }
}
