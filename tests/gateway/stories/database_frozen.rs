//! A PostgreSQL server whose processes stand still, or which is stopped and started again: it answers
//! nothing, and its connections stay open or end.

use serde_json::json;

use crate::support::client::{Request, until_status};
use crate::support::gateway::ADMIN;
use crate::support::load::{assert_all_served_and_counted, load};
use crate::support::money::{Person, call};
use crate::support::postgres::Postgres;
use crate::support::until;
use crate::support::world::{World, plain};

/// Requests that are served in each part of a story.
const EACH: usize = 20;

/// Somebody whose requests are limited, as the gateway knows.
fn limited(world: &World) -> Person {
    let person = Person::new(world, "limited");
    let limits = json!({ "limits": { "requests_per_minute": 100_000 } });
    call(&world.gateway, "PATCH", &format!("/admin/users/{}", person.user_id), &limits);
    until("the limits are known", || {
        let reply = person.asks(plain()).send(world.address());
        reply.head.header("anthropic-ratelimit-requests-limit").map(|_| ())
    });
    person
}

/// A request with a key that nobody has.
fn stranger() -> Request {
    let key = format!("sk-ccag-stranger-{}", "0123456789".repeat(4));
    plain().without("x-api-key").x_api_key(&key)
}

/// What the database is needed for is refused with 503, and nobody is left waiting; requests are sent at
/// once, since each may take its time.
fn assert_refused_in_time(world: &World) {
    let list = Request::get("/admin/keys").bearer(ADMIN);
    let team = Request::post("/admin/teams").bearer(ADMIN).body(r#"{"name":"tools"}"#);
    std::thread::scope(|scope| {
        let sent = [stranger(), list, team].map(|request| {
            scope.spawn(move || (request.send(world.address()).status, format!("{request:?}")))
        });
        for thread in sent {
            let (status, request) = thread.join().unwrap();
            assert_eq!(status, 503, "{request}");
        }
    });
}

/// Has the gateway open all the connections that it may have.
fn warm_up(world: &World) {
    let list = Request::get("/admin/keys").bearer(ADMIN);
    until("the pool is full", || {
        std::thread::scope(|scope| {
            (0..16).for_each(|_| drop(scope.spawn(|| list.send(world.address()))));
        });
        let sessions = "select count(*) as n from pg_stat_activity \
                        where datname = current_database() and application_name = 'ccag'";
        let sessions = world.database.sql(sessions).remove(0)["n"].clone();
        // One more listens.
        (sessions.unwrap().parse::<u32>().unwrap() > 8).then_some(())
    });
}

/// Load over `trouble`, in which everybody known is served; afterwards everything is as it was.
fn assert_known_keys_go_on(world: &World, trouble: impl FnOnce(&dyn Fn())) {
    let person = limited(world);
    warm_up(world);
    let fates = load(4, world.address(), |seen| {
        seen.until_more(EACH, "the load runs");
        trouble(&|| {
            seen.until_more(EACH, "known keys are served");
            let known = person.asks(plain());
            assert_eq!(known.send(world.address()).status, 200, "limits are not decided");
            assert_refused_in_time(world);
            (0..5).for_each(|_| assert_eq!(known.send(world.address()).status, 200));
            seen.until_more(EACH, "known keys are served all the time");
            assert_eq!(Request::get("/ready").send(world.address()).status, 200);
        });
        let team = Request::post("/admin/teams").bearer(ADMIN).body(r#"{"name":"tools"}"#);
        until_status(&team, world.address(), 201);
        seen.until_more(EACH, "all is well again");
    });
    assert_all_served_and_counted(&world.database, &fates);
    until_status(&stranger(), world.address(), 401);
}

#[test]
fn known_keys_go_on_while_postgres_stands_still() {
    let postgres = Postgres::start("frozen");
    let world = World::on(&postgres);
    assert_known_keys_go_on(&world, |meanwhile| {
        let frozen = postgres.freeze();
        meanwhile();
        drop(frozen);
    });
}

#[test]
fn known_keys_go_on_while_postgres_is_stopped_and_started_again() {
    let mut postgres = Postgres::start("stopped");
    let world = World::on(&postgres);
    assert_known_keys_go_on(&world, |meanwhile| {
        postgres.stop();
        meanwhile();
        postgres.start_again();
    });
}
