//! A database that is there and fails: it is slow, loses what is sent to it, takes no changes, or comes back
//! after so long a time that the other instances have taken over what this one held.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::client::{Request, until_status};
use crate::support::database::Database;
use crate::support::gateway::{ADMIN, Setup};
use crate::support::load::{assert_all_served_and_counted, load};
use crate::support::money::{COST, Person, assert_blocked, set_budget, spent};
use crate::support::postgres_proxy::PostgresProxy;
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::world::{World, plain};

/// Requests that are served in each part of a story.
const EACH: usize = 20;

/// An order that needs the database.
fn new_team(name: &str) -> Request {
    Request::post("/admin/teams").bearer(ADMIN).body(json!({ "name": name }).to_string())
}

#[test]
fn a_slow_database_slows_no_request_down() {
    let (world, proxy) = World::behind_proxy();
    let fates = load(4, world.address(), |seen| {
        seen.until_more(EACH, "the load runs");
        proxy.delay(Duration::from_millis(250));
        std::thread::scope(|scope| {
            let slow = scope.spawn(|| new_team("slow").send(world.address()).status);
            // Far more than one request of each client, while one change is made.
            seen.until_more(EACH, "requests are served");
            assert_eq!(slow.join().unwrap(), 201, "a slow change is made all the same");
        });
        let born = world.add_key("born", "requests_per_minute", "null");
        let born = plain().without("x-api-key").x_api_key(&born);
        assert_eq!(born.send(world.address()).status, 200, "a new key is looked up");
        proxy.delay(Duration::ZERO);
        seen.until_more(EACH, "all is well again");
    });
    assert_all_served_and_counted(&world.database, &fates);
}

#[test]
fn connections_that_were_lost_without_a_word_are_given_up() {
    let (world, proxy) = World::behind_proxy();
    let fates = load(4, world.address(), |seen| {
        seen.until_more(EACH, "the load runs");
        proxy.lose();
        assert_eq!(new_team("lost").send(world.address()).status, 503);
        seen.until_more(EACH, "requests are served");
        proxy.find();
        until_status(&new_team("found"), world.address(), 201);
        // Who listens only would wait for ever on a connection that is lost.
        let doomed = world.add_key("doomed", "requests_per_minute", "null");
        let doomed = plain().without("x-api-key").x_api_key(&doomed);
        until_status(&doomed, world.address(), 200);
        world.change_key("doomed", "revoked_at = now()");
        until_status(&doomed, world.address(), 401);
    });
    assert_all_served_and_counted(&world.database, &fates);
}

#[test]
fn a_gateway_that_gets_no_word_from_its_database_says_so_and_starts_after_all() {
    let (database, upstream) = (Database::create(), Upstream::start());
    let proxy = PostgresProxy::start(&database);
    proxy.lose();
    let setup = Setup::new(&database.url_through(&proxy.address), &upstream.address);
    let process = setup.run(&["serve"]);
    until("it names the database", || {
        process.lines().iter().any(|line| line.contains("database is away")).then_some(())
    });
    proxy.find();
    until("it starts after all", || process.listening());
}

#[test]
fn a_server_that_takes_no_changes_is_left_for_one_that_does() {
    let world = World::start();
    let sessions = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'";
    let fates = load(4, world.address(), |seen| {
        seen.until_more(EACH, "the load runs");
        // What the gateway connects to from now on is as a standby.
        world.database.outside("alter database {} set default_transaction_read_only = on");
        world.database.outside(sessions);
        until_status(&new_team("early"), world.address(), 503);
        seen.until_more(EACH, "known keys are served");
        let list = Request::get("/admin/keys").bearer(ADMIN).send(world.address());
        assert_eq!(list.status, 200, "what is there can be read: {}", list.text());
        let stranger = format!("sk-ccag-stranger-{}", "0123456789".repeat(4));
        let stranger = plain().without("x-api-key").x_api_key(&stranger);
        until_status(&stranger, world.address(), 401);
        // The sessions that are open stay as they are.
        world.database.outside("alter database {} reset default_transaction_read_only");
        until_status(&new_team("late"), world.address(), 201);
        seen.until_more(EACH, "all is well again");
    });
    assert_all_served_and_counted(&world.database, &fates);
}

#[test]
fn what_was_counted_an_hour_ago_is_written_and_spent_then() {
    let (mut world, proxy) = World::behind_proxy();
    let person = Person::new(&world, "ann");
    until_status(&person.asks(plain()), world.address(), 200);
    rows::usage(&world.database, 1);
    proxy.cut();
    let ids: Vec<String> = (0..5)
        .map(|_| {
            let reply = person.asks(plain()).send(world.address());
            assert_eq!(reply.status, 200, "{}", reply.text());
            reply.request_id()
        })
        .collect();
    world.gateway.process.kill();
    let long_ago = Utc::now() - TimeDelta::days(70);
    age(&world.gateway.process.data_dir().join("journal"), &ids, long_ago);
    proxy.restore();
    world.gateway = world.setup.start();
    for row in rows::each_once(&world.database, &ids) {
        let began = rows::column(&row, "started_at").unwrap();
        assert!(began.starts_with(&long_ago.format("%Y-%m-%d").to_string()), "{began}");
    }
}

/// Has the records of these requests begin and end at another time, and takes the others, which are
/// written already, off the journal.
fn age(journal: &Path, ids: &[String], then: DateTime<Utc>) {
    for entry in fs::read_dir(journal).unwrap() {
        let path = entry.unwrap().path();
        let lines = fs::read_to_string(&path).unwrap();
        let mut aged = String::new();
        for line in lines.lines() {
            let mut record: Value = serde_json::from_str(line).unwrap();
            if ids.iter().any(|id| record["request_id"] == **id) {
                record["started_at"] = json!(then);
                record["ended_at"] = json!(then);
                aged += &format!("{record}\n");
            }
        }
        fs::write(&path, aged).unwrap();
    }
}

#[test]
fn an_instance_that_was_given_up_meanwhile_takes_its_shares_anew() {
    let (world, proxy) = World::behind_proxy();
    let person = Person::new(&world, "ann");
    set_budget(&world, "user", &person.user_id, 10.5 * COST as f64 / 1e9);
    let mut before = 0;
    until("the budget applies", || {
        let reply = person.asks(plain()).send(world.address());
        before += COST;
        reply.head.header("x-ccag-budget-status").map(|_| ())
    });
    until("what was spent is known", || (spent(&world, &person.user_id) == before).then_some(()));
    proxy.cut();
    for _ in 0..3 {
        assert_eq!(person.asks(plain()).send(world.address()).status, 200);
    }
    // What the others do with an instance that they have not heard of for ten minutes.
    world.database.sql("delete from instances; delete from grants");
    proxy.restore();
    let blocked = until("the budget blocks", || {
        let reply = person.asks(plain()).send(world.address());
        (reply.status != 200).then_some(reply)
    });
    assert_blocked(&blocked);
    until("all is settled", || (spent(&world, &person.user_id) >= 10 * COST).then_some(()));
    let spent = spent(&world, &person.user_id);
    assert!(spent <= 12 * COST, "{spent}");
}
