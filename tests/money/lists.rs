//! The lists of the control plane with many rows: each page is read by an index, whatever it is searched
//! for and sorted by.

use std::time::{Duration, Instant};

use ccag::domain::budget::Target;
use ccag::storage::analytics::{Filter, SessionOrder, sessions};
use ccag::storage::{Order, audit, budgets, keys, notifications::log, teams, users};
use chrono::{TimeDelta, Utc};
use uuid::Uuid;

use crate::database::Scratch;

/// How many rows each list has.
const ROWS: &str = "CCAG_LIST_ROWS";
const LISTS: &str = include_str!("../fixtures/rows/lists.sql");
/// The relations whose scans are counted.
const TABLES: &str = "^(users|teams|api_keys|budgets|audit|usage_sessions|notifications|notification_deliveries|spend)$";
/// Rows of a page, and one more.
const PAGE: i64 = 51;

#[actix::test]
async fn no_list_reads_its_table() {
    let rows: i64 = std::env::var(ROWS).map_or(20_000, |rows| rows.parse().unwrap());
    let scratch = Scratch::create().await;
    let client = scratch.client().await;
    client.batch_execute(&LISTS.replace(":rows", &rows.to_string())).await.unwrap();
    client.batch_execute("vacuum analyze").await.unwrap();
    drop(client);
    let before = scratch.sequential_scans(TABLES).await;
    let pool = scratch.pool();

    macro_rules! timed {
        ($what:literal, $query:expr) => {{
            let mut best = Duration::MAX;
            let mut found = 0;
            for _ in 0..3 {
                let began = Instant::now();
                found = $query.await.unwrap();
                best = best.min(began.elapsed());
            }
            eprintln!("{:6.1} ms  {found:3} rows  {}", best.as_secs_f64() * 1000.0, $what);
            found
        }};
    }
    macro_rules! list {
        ($what:literal, $list:path, $filter:expr) => {
            timed!($what, {
                let filter = $filter;
                pool.run(async move |mut connection| {
                    Ok($list(&mut connection, &filter, PAGE).await?.len())
                })
            })
        };
    }
    let by_name = || Order::Name(None);
    let text = |text: &str| Some(text.to_owned());

    let of = users::Filter::default;
    list!("users, newest first", users::list, of());
    list!("users, by name", users::list, users::Filter { order: by_name(), ..of() });
    let found =
        list!("users, searched", users::list, users::Filter { search: text("USER 777 "), ..of() });
    assert_eq!(found, 1);
    let sorted = users::Filter { search: text("c4ca4238a0"), order: by_name(), ..of() };
    assert_eq!(list!("users, searched, by name", users::list, sorted.clone()), 1);
    list!("users, nobody found", users::list, users::Filter { search: text("nobody"), ..of() });
    for (order, name) in [(Order::default(), "newest first"), (by_name(), "by name")] {
        eprintln!("teams, {name}:");
        for search in [None, Some("team 777 "), Some("nothing")] {
            timed!("teams", {
                let order = order.clone();
                pool.run(async move |mut connection| {
                    Ok(teams::list(&mut connection, search, &order, PAGE).await?.len())
                })
            });
        }
    }
    let of = || keys::Filter { live: Some(true), ..keys::Filter::default() };
    list!("keys, newest first", keys::list, of());
    list!("keys, by name", keys::list, keys::Filter { order: by_name(), ..of() });
    list!("keys, searched", keys::list, keys::Filter { search: text("key 777 "), ..of() });
    let of = budgets::Which::default;
    list!("budgets, newest first", budgets::list, of());
    list!("budgets, by name", budgets::list, budgets::Which { order: by_name(), ..of() });
    list!("budgets, searched", budgets::list, budgets::Which { search: text("user 777 "), ..of() });
    let of_users = budgets::Which { target: Some(Target::User), order: by_name(), ..of() };
    list!("budgets of users, by name", budgets::list, of_users.clone());

    for (search, action) in [(None, None), (Some("key 777 "), None), (None, Some("key"))] {
        timed!(
            "audit",
            pool.run(async move |mut connection| {
                let filter = audit::Filter {
                    search: search.map(str::to_owned),
                    action: action.map(str::to_owned),
                    ..audit::Filter::default()
                };
                Ok(audit::list(&mut connection, &filter, None, PAGE).await?.len())
            })
        );
    }
    let destination = Some(Uuid::from_u128(7));
    for (state, destination_id) in [(None, None), (Some("parked"), None), (None, destination)] {
        timed!(
            "deliveries",
            pool.run(async move |mut connection| {
                let filter = log::Filter { state, destination_id, notification_id: None };
                Ok(log::list(&mut connection, &filter, None, PAGE).await?.len())
            })
        );
    }
    timed!(
        "deliveries that go wrong",
        pool.run(async |mut connection| {
            let troubles = log::troubles(&mut connection, Utc::now() - TimeDelta::days(7)).await?;
            Ok(usize::try_from(troubles.parked).unwrap())
        })
    );

    let year = Filter::span(Utc::now() - TimeDelta::days(400), Utc::now());
    for search in [None, Some("project-c4ca"), Some("user 77 "), Some("nothing of the kind")] {
        for (order, name) in
            [(SessionOrder::Latest(None), "latest"), (SessionOrder::Dearest(None), "dearest")]
        {
            let began = Instant::now();
            let found = sessions(&pool, &year, order, search, 51).await.unwrap().len();
            let took = began.elapsed().as_secs_f64() * 1000.0;
            eprintln!("{took:6.1} ms  {found:3} rows  sessions, {name}, {search:?}");
        }
    }
    drop(pool);
    assert_eq!(scratch.sequential_scans(TABLES).await, before, "something read all of a table");
}
