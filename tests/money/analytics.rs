//! The sums: kept in the insert's own transaction, equal to what they are sums of, and quick to
//! ask.

use std::time::Instant;

use ccag::domain::histogram::BOUNDS;
use ccag::storage::analytics::{
    Dimension, Filter, Grain, SessionOrder, active_users, agents, breakdown, cache_rate, choices,
    heat_map, latency, over_time, ranking, servers, sessions, tools, totals, unpriced,
};
use ccag::storage::usage::{self, UsageCursor, UsageFilter};
use chrono::{TimeDelta, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::database::Scratch;
use crate::made::{generate, insert, record};

/// How many rows the plan test makes.
const ROWS: &str = "CCAG_USAGE_ROWS";
/// The columns of every table of sums.
const COUNTS: [&str; 14] = [
    "requests",
    "completed",
    "failed",
    "streaming",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "web_searches",
    "cost_nanos",
    "cache_saved_nanos",
    "unpriced",
    "duration_ms",
];
/// The names of the usage table and its partitions.
const USAGE: &str = "^usage(_[0-9]{4}_[0-9]{2})?$";

fn today() -> Filter {
    let now = Utc::now();
    Filter::span(now - TimeDelta::days(1), now + TimeDelta::hours(1))
}

#[actix::test]
async fn sums_follow_each_insert_and_count_nothing_twice() {
    let scratch = Scratch::create().await;
    let now = Utc::now();
    let other = Uuid::from_u128(2);
    let records = [
        record("a", now, &json!({})),
        record("b", now, &json!({"agent_id": "x", "parent_agent_id": null, "tools": ["Read"]})),
        record(
            "c",
            now,
            &json!({"user_id": other, "session_id": null, "outcome": "failed",
            "model_id": null, "profile": null, "cost_nanos": 7, "first_token_ms": null}),
        ),
        // As version N-1 writes it.
        {
            let mut old = record("d", now, &json!({"tools": [], "priced": false}));
            old.as_object_mut().unwrap().remove("model_id");
            old
        },
    ];
    assert_eq!(insert(&scratch, &records[..2]).await, 2);
    assert_eq!(insert(&scratch, &records).await, 2, "the first two are there");
    assert_eq!(insert(&scratch, &records).await, 0);

    let database = &scratch.database;
    let sums = totals(database, &today()).await.unwrap();
    assert_eq!(
        (sums.requests, sums.completed, sums.failed, sums.users, sums.unpriced),
        (4, 3, 1, 2, 1)
    );
    assert_eq!((sums.cost_nanos, sums.tokens(), sums.duration_ms), (307, 40, 3200));
    assert_eq!(sums.cache_rate(), Some(0.875));
    let alone = Filter { users: vec![other], ..today() };
    assert_eq!(totals(database, &alone).await.unwrap().cost_nanos, 7);
    assert_eq!(totals(database, &today().before()).await.unwrap().requests, 0);

    let models = breakdown(database, &today(), Dimension::Model, 10).await.unwrap();
    let costs: Vec<_> = models.iter().map(|g| (g.id.as_str(), g.sums.cost_nanos)).collect();
    assert_eq!(costs, [("claude-opus-5-5", 200), ("opus", 100), ("", 7)]);

    let points = over_time(database, &today(), Grain::Day, Some(Dimension::User), 1).await.unwrap();
    let named = points.iter().find(|p| p.id == Some(Uuid::from_u128(1).to_string())).unwrap();
    let rest = points.iter().find(|p| p.id.is_none()).unwrap();
    assert_eq!((named.cost_nanos, rest.cost_nanos), (300, 7));

    let called = tools(database, &today(), 10).await.unwrap();
    let called: Vec<_> = called.iter().map(|t| (t.tool.as_str(), t.requests)).collect();
    assert_eq!(called, [("Read", 3), ("mcp__github__search", 2)]);
    let servers = servers(database, &today()).await.unwrap();
    assert_eq!((servers[0].server.as_str(), servers[0].requests), ("github", 2));

    let list = sessions(database, &today(), SessionOrder::Latest(None), None, 10).await.unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].requests, list[0].agents, list[0].cost_nanos), (3, 2, 300));
    let tree = agents(database, list[0].user_id, "s".to_owned()).await.unwrap();
    let tree: Vec<_> = tree.iter().map(|a| (a.agent_id.as_str(), a.requests)).collect();
    assert_eq!(tree, [("", 2), ("x", 1)]);
}

#[actix::test]
async fn each_condition_of_a_filter_holds_and_all_hold_together() {
    let scratch = Scratch::create().await;
    let [user, team, key] = [1, 9, 5].map(Uuid::from_u128);
    let chosen = json!({"key_id": key, "project": "p", "session_id": "one"});
    let records = [
        record("a", Utc::now(), &chosen),
        record(
            "b",
            Utc::now(),
            &json!({"user_id": team, "team_id": user, "model_id": "m",
            "endpoint": "e", "session_id": "two"}),
        ),
    ];
    assert_eq!(insert(&scratch, &records).await, 2);
    let texts = |text: &str| vec![text.to_owned()];
    let all = Filter {
        users: vec![user],
        teams: vec![team],
        keys: vec![key],
        models: texts("claude-opus-5-5"),
        endpoints: texts("default"),
        projects: texts("p"),
        ..today()
    };
    let alone = [
        Filter { users: all.users.clone(), ..today() },
        Filter { teams: all.teams.clone(), ..today() },
        Filter { keys: all.keys.clone(), ..today() },
        Filter { models: all.models.clone(), ..today() },
        Filter { endpoints: all.endpoints.clone(), ..today() },
        Filter { projects: all.projects.clone(), ..today() },
    ];
    for filter in alone.iter().chain([&all]) {
        let sums = totals(&scratch.database, filter).await.unwrap();
        assert_eq!(sums.requests, 1, "{filter:?}");
    }
    let none = Filter { projects: texts("q"), ..all.clone() };
    assert_eq!(totals(&scratch.database, &none).await.unwrap().requests, 0);
    let list =
        sessions(&scratch.database, &all, SessionOrder::Latest(None), None, 10).await.unwrap();
    assert_eq!(list.iter().map(|s| s.session_id.as_str()).collect::<Vec<_>>(), ["one"]);
}

#[actix::test]
async fn pages_of_sessions_join_to_the_list() {
    let scratch = Scratch::create().await;
    // Two of them end at the same moment.
    let ends = [("a", 1), ("b", 2), ("c", 2), ("d", 3)];
    let now = Utc::now();
    let records = ends.map(|(id, seconds)| {
        record(id, now - TimeDelta::seconds(seconds), &json!({"session_id": id}))
    });
    assert_eq!(insert(&scratch, &records).await, 4);
    let filter = Filter { users: vec![Uuid::from_u128(1)], ..today() };
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = sessions(&scratch.database, &filter, SessionOrder::Latest(after), None, 1)
            .await
            .unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.last_at, last.session_id.clone()));
        seen.extend(page.iter().map(|session| session.session_id.clone()));
    }
    assert_eq!(seen, ["a", "c", "b", "d"]);
}

#[actix::test]
async fn sums_equal_what_they_are_sums_of() {
    let scratch = Scratch::create().await;
    generate(&scratch, 20_000).await;
    for sum in ["sum(requests)", "sum(cost_nanos)"] {
        let [activity, hourly] =
            ["usage_activity", "usage_hourly"].map(|table| format!("select {sum} from {table}"));
        assert_eq!(scratch.text(&activity).await, scratch.text(&hourly).await, "{sum}");
    }
    let coarse = [
        "usage_daily_models",
        "usage_daily_projects",
        "usage_daily_people",
        "usage_hourly_models",
        "usage_hourly_projects",
        "usage_weekly",
        "usage_weekly_people",
    ];
    for table in coarse {
        for sum in COUNTS {
            let [coarse, fine] =
                [table, "usage_daily"].map(|table| format!("select sum({sum}) from {table}"));
            assert_eq!(scratch.text(&coarse).await, scratch.text(&fine).await, "{table} {sum}");
        }
    }
    for (table, bucket) in ["usage_daily_models", "usage_daily_projects", "usage_weekly"]
        .into_iter()
        .flat_map(|t| (1..=16).map(move |b| (t, b)))
    {
        let [coarse, fine] = [table, "usage_daily"].map(|table| {
            format!(
                "select sum(latency[{bucket}]) || ' ' || sum(first_token[{bucket}]) from {table}"
            )
        });
        assert_eq!(scratch.text(&coarse).await, scratch.text(&fine).await, "{table} {bucket}");
    }
    let [coarse, fine] = ["usage_weekly_tools", "usage_tools"]
        .map(|table| format!("select sum(requests) || ' ' || count(distinct tool) from {table}"));
    assert_eq!(scratch.text(&coarse).await, scratch.text(&fine).await);
    for table in ["usage_hourly", "usage_daily"] {
        for (sum, of) in [
            ("sum(requests)", "count(*)"),
            ("sum(cost_nanos)", "sum(cost_nanos)"),
            ("sum(cache_write_1h_tokens)", "sum(cache_write_1h_tokens)"),
            (
                "(select sum(n) from usage_hourly, unnest(latency) as n)",
                "count(*) filter (where outcome = 'completed')",
            ),
        ] {
            let summed = scratch.text(&format!("select {sum} from {table}")).await;
            assert_eq!(summed, scratch.text(&format!("select {of} from usage")).await, "{sum}");
        }
    }
    let hours =
        "select count(*) from usage_hourly where starts_at <> date_trunc('hour', starts_at)";
    assert_eq!(scratch.text(hours).await, "0");
}

#[actix::test]
async fn the_database_counts_latencies_in_the_same_buckets() {
    let scratch = Scratch::create().await;
    for (number, bound) in BOUNDS.iter().enumerate() {
        for (value, bucket) in [(bound - 1, number + 1), (*bound, number + 2)] {
            let query = format!("select usage_bucket({value})");
            assert_eq!(scratch.text(&query).await, bucket.to_string(), "{value} ms");
        }
    }
}

#[actix::test]
async fn no_page_scans_usage() {
    let rows = std::env::var(ROWS).map_or(30_000, |rows| rows.parse().unwrap());
    let scratch = Scratch::create().await;
    let began = Instant::now();
    generate(&scratch, rows).await;
    eprintln!("{rows} rows made in {:.0?}", began.elapsed());
    let sums = scratch
        .text("select (select count(*) from usage_hourly) || ' hourly, ' || (select count(*) from usage_daily) || ' daily'")
        .await;
    eprintln!("{sums}");
    let before = scratch.sequential_scans(USAGE).await;
    let pool = scratch.pool();
    let database = &pool;
    let now = Utc::now();
    let month = Filter::span(now - TimeDelta::days(30), now);
    let quarter = Filter::span(now - TimeDelta::days(90), now);
    let day = Filter::span(now - TimeDelta::days(1), now);

    macro_rules! timed {
        ($what:literal, $query:expr) => {{
            let _ = $query.await.unwrap();
            let mut best = std::time::Duration::MAX;
            for _ in 0..3 {
                let began = Instant::now();
                let _ = $query.await.unwrap();
                best = best.min(began.elapsed());
            }
            eprintln!("{:6.1} ms  {}", best.as_secs_f64() * 1000.0, $what);
        }};
    }
    let (model, endpoint, user, team) =
        (Dimension::Model, Dimension::Endpoint, Dimension::User, Dimension::Team);
    timed!("totals, 90 days", totals(database, &quarter));
    timed!(
        "spend by team over time, 90 days",
        over_time(database, &quarter, Grain::Day, Some(team), 8)
    );
    timed!(
        "spend by user over time, 30 days",
        over_time(database, &month, Grain::Day, Some(user), 8)
    );
    timed!("spend by hour, 1 day", over_time(database, &day, Grain::Hour, Some(model), 8));
    timed!("by user, 30 days", breakdown(database, &month, user, 100));
    timed!("by user, 90 days", breakdown(database, &quarter, user, 100));
    timed!("by model, 90 days", breakdown(database, &quarter, model, 100));
    timed!("by model without users, 90 days", ranking(database, &quarter, model, 100));
    timed!("by endpoint, 90 days", breakdown(database, &quarter, endpoint, 100));
    timed!("latency by model, 30 days", latency(database, &month, model));
    timed!("latency by model, 90 days", latency(database, &quarter, model));
    timed!("cache rate, 90 days", cache_rate(database, &quarter, Grain::Day));
    timed!("active users, 90 days", active_users(database, &quarter, Grain::Day));
    timed!("heat map, 30 days", heat_map(database, &month));
    let one_model = Filter { models: vec!["claude-3".to_owned()], ..day.clone() };
    timed!("heat map of one model, 1 day", heat_map(database, &one_model));
    timed!("tools, 30 days", tools(database, &month, 50));
    timed!("MCP servers, 30 days", servers(database, &month));
    timed!("sessions, 30 days", sessions(database, &month, SessionOrder::Latest(None), None, 50));
    timed!("choices of the filter, 30 days", choices(database, &month));
    timed!("models without a price, 30 days", unpriced(database, &month));
    let requests = |of: &Filter| UsageFilter {
        of: of.clone(),
        requests: vec![],
        sessions: vec![],
        outcomes: vec![],
    };
    timed!("requests, 30 days", usage::list(database, &requests(&month), None, 51));
    let middle = UsageCursor { started_at: now - TimeDelta::days(15), request_id: "x".to_owned() };
    timed!(
        "requests, a part of an export",
        usage::list(database, &requests(&quarter), Some(middle.clone()), 1000)
    );
    let failed = UsageFilter { outcomes: vec!["failed".to_owned()], ..requests(&month) };
    timed!("failed requests, 30 days", usage::list(database, &failed, None, 51));
    let one = UsageFilter { requests: vec!["req_17".to_owned()], ..requests(&quarter) };
    timed!("one request by its id, 90 days", usage::list(database, &one, None, 51));
    let session = UsageFilter { sessions: vec!["session-7-0".to_owned()], ..requests(&quarter) };
    timed!("requests of a session, 90 days", usage::list(database, &session, None, 51));
    let mine = Filter {
        users: vec![Uuid::parse_str("00000000-0000-0000-0001-000000000007").unwrap()],
        ..month.clone()
    };
    timed!("a member's requests, 30 days", usage::list(database, &requests(&mine), None, 51));
    timed!("a member's totals, 30 days", totals(database, &mine));
    timed!("a member's days, 30 days", over_time(database, &mine, Grain::Day, Some(model), 8));
    timed!("a member's sessions", sessions(database, &mine, SessionOrder::Latest(None), None, 50));
    drop(pool);
    assert_eq!(scratch.sequential_scans(USAGE).await, before, "something read all of usage");
}
