//! Load on two instances while one is killed and the database goes away: each success that a client
//! saw has one row, and what is spent is the sum of the rows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::support::database::Database;
use crate::support::gateway::Setup;
use crate::support::money::{Person, set_budget, spent};
use crate::support::postgres_proxy::PostgresProxy;
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::Upstream;
use crate::support::world::{World, plain, streaming};

/// Successes that are seen before, between and after what goes wrong.
const EACH: usize = 25;

#[test]
fn successes_equal_rows_over_a_kill_and_a_loss_of_the_database() {
    let (database, upstream) = (Database::create(), Upstream::start());
    let proxy = PostgresProxy::start(&database);
    let setup = Setup::new(&database.url_through(&proxy.address), &upstream.address);
    let mut world = World { gateway: setup.start(), setup, upstream, database };
    let second = world.setup.another().start();
    let person = Person::new(&world, "soaked");
    set_budget(&world, "user", &person.user_id, 1_000.0);
    let addresses = Arc::new(Mutex::new([world.gateway.address.clone(), second.address.clone()]));
    let (seen, over) = (Mutex::new(Vec::new()), AtomicBool::new(false));
    let work = |number: usize| {
        while !over.load(Ordering::SeqCst) {
            let address = addresses.lock().unwrap()[number % 2].clone();
            if let Some(id) = success(&person, number.is_multiple_of(3), &address) {
                seen.lock().unwrap().push(id);
            }
        }
    };
    let until_more = |what: &str| {
        let before = seen.lock().unwrap().len();
        until(what, || (seen.lock().unwrap().len() >= before + EACH).then_some(()));
    };
    std::thread::scope(|scope| {
        (0..8).for_each(|number| drop(scope.spawn(move || work(number))));
        until_more("the load runs");
        world.gateway.process.kill();
        until_more("the second instance goes on");
        world.gateway = world.setup.start();
        addresses.lock().unwrap()[0].clone_from(&world.gateway.address);
        until_more("both instances serve");
        proxy.cut();
        until_more("both go on without the database");
        proxy.restore();
        until_more("all is well again");
        over.store(true, Ordering::SeqCst);
    });
    let seen = seen.into_inner().unwrap();
    let rows = rows::each_once(&world.database, &seen);
    rows.iter().for_each(|row| rows::assert_columns(row, &[("outcome", "completed")]));
    let sum = |query: &str| world.database.sql(query)[0]["sum"].clone();
    let owner = format!("user_id = '{}'", person.user_id);
    until("what is spent is the sum of the rows", || {
        let sum = sum(&format!("select sum(cost_nanos) as sum from usage where {owner}"));
        (sum == Some(spent(&world, &person.user_id).to_string())).then_some(())
    });
    let others = format!(
        "select count(*) as sum from usage where {owner} and outcome = 'completed' and status = 200"
    );
    let completed: usize = sum(&others).unwrap().parse().unwrap();
    // A kill may cut the last bytes of an answer that was recorded already.
    assert!((seen.len()..=seen.len() + 8).contains(&completed), "{completed} of {}", seen.len());
}

/// The id of a request that was seen to end well.
fn success(person: &Person, stream: bool, address: &str) -> Option<String> {
    if !stream {
        let reply = person.asks(plain()).try_send(address).ok()?;
        return (reply.status == 200).then(|| reply.request_id());
    }
    let mut incoming = person.asks(streaming()).try_open(address).ok()?;
    let id = (incoming.status() == 200).then(|| incoming.request_id())?;
    let events = incoming.try_events().ok()?;
    (events.last()?.name == "message_stop").then_some(id)
}
