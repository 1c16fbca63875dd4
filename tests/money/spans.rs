//! Spans of time of every length and place, narrowed or not: what is read from weeks, days and hours
//! equals what `usage` itself tells.

use ccag::storage::analytics::{
    Dimension, Filter, Grain, active_users, breakdown, heat_map, latency, over_time, ranking,
    servers, tools, totals,
};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::database::Scratch;
use crate::made::generate;

const USER: &str = "00000000-0000-0000-0001-000000000007";

/// A span, from so many days before today up to so many; up to now where there are none.
fn span(from: i64, to: i64) -> Filter {
    let now = Utc::now();
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let end = if to == 0 { now } else { midnight - TimeDelta::days(to) };
    Filter::span(midnight - TimeDelta::days(from), end)
}

/// What narrows a filter, and the same as a condition on `usage`.
fn narrowed(filter: &Filter) -> [(Filter, String); 6] {
    let user = vec![Uuid::parse_str(USER).unwrap()];
    let models = vec!["claude-3".to_owned()];
    let names = |name: &str| vec![name.to_owned()];
    [
        (filter.clone(), String::new()),
        (Filter { users: user.clone(), ..filter.clone() }, format!("and user_id = '{USER}'")),
        (Filter { models: models.clone(), ..filter.clone() }, "and model = 'claude-3'".to_owned()),
        (
            Filter { projects: names("project-7"), ..filter.clone() },
            "and project = 'project-7'".to_owned(),
        ),
        (Filter { projects: names(""), ..filter.clone() }, "and project is null".to_owned()),
        (
            Filter { users: user, models, endpoints: names("endpoint-1"), ..filter.clone() },
            format!("and user_id = '{USER}' and model = 'claude-3' and endpoint = 'endpoint-1'"),
        ),
    ]
}

/// The usage of a span, narrowed.
fn usage(filter: &Filter, condition: &str) -> String {
    let Filter { from, to, .. } = filter;
    format!("from usage where started_at >= '{from}' and started_at < '{to}' {condition}")
}

fn text(parts: &[i64]) -> String {
    parts.iter().map(i64::to_string).collect::<Vec<_>>().join(" ")
}

#[actix::test]
async fn sums_of_every_span_equal_those_of_its_requests() {
    let scratch = Scratch::create().await;
    generate(&scratch, 20_000).await;
    let database = &scratch.database;
    // Seven of them in a row begin on every day of the week.
    let spans = (20..27).map(|from| (from, 0)).chain([(89, 0), (89, 13), (31, 9), (6, 0), (2, 1)]);
    for (from, to) in spans {
        for (filter, condition) in narrowed(&span(from, to)) {
            let of_usage = usage(&filter, &condition);
            let what = format!("{from} to {to} days before {condition}");
            let sums = totals(database, &filter).await.unwrap();
            let expected = format!(
                "select count(*) || ' ' || coalesce(sum(cost_nanos), 0) || ' ' || \
                 coalesce(sum(cache_read_tokens), 0) || ' ' || count(distinct user_id) {of_usage}"
            );
            let told = [sums.requests, sums.cost_nanos, sums.cache_read_tokens, sums.users];
            assert_eq!(text(&told), scratch.text(&expected).await, "{what}");

            let of_heat = heat_map(database, &filter).await.unwrap();
            let steps = over_time(database, &filter, Grain::Week, Some(Dimension::Team), 20).await;
            let steps: i64 = steps.unwrap().iter().map(|point| point.requests).sum();
            let quick = latency(database, &filter, Dimension::Model).await.unwrap();
            let quick: i64 = quick.iter().map(|model| model.requests).sum();
            let heat: i64 = of_heat.iter().map(|cell| cell.requests).sum();
            let expected = [sums.requests, sums.requests, sums.completed];
            assert_eq!([heat, steps, quick], expected, "{what}");
        }
    }
}

#[actix::test]
async fn groups_of_a_span_equal_those_of_its_requests() {
    let scratch = Scratch::create().await;
    generate(&scratch, 20_000).await;
    let database = &scratch.database;
    for (filter, condition) in narrowed(&span(38, 0)) {
        let of_usage = usage(&filter, &condition);
        for (dimension, column) in [
            (Dimension::User, "user_id"),
            (Dimension::Team, "team_id"),
            (Dimension::Key, "key_id"),
            (Dimension::Model, "model"),
            (Dimension::Endpoint, "endpoint"),
            (Dimension::Project, "project"),
        ] {
            let groups = breakdown(database, &filter, dimension, 3).await.unwrap();
            let told: Vec<_> = groups
                .iter()
                .map(|group| {
                    let none = ["", "00000000-0000-0000-0000-000000000000"];
                    let id = if none.contains(&group.id.as_str()) { "none" } else { &group.id };
                    let last: DateTime<Utc> = group.last_at;
                    format!(
                        "{id} {} {}",
                        text(&[group.sums.cost_nanos, group.sums.users]),
                        last.date_naive()
                    )
                })
                .collect();
            let expected = format!(
                "select coalesce(string_agg(coalesce({column}::text, 'none') || ' ' || cost || ' ' || users \
                 || ' ' || last, ', ' order by cost desc, requests desc, {column}), '') from (select {column}, \
                 sum(cost_nanos) as cost, count(*) as requests, count(distinct user_id) as users, \
                 max(started_at at time zone 'UTC')::date as last {of_usage} group by 1 \
                 order by 2 desc, 3 desc, 1 limit 3) g"
            );
            assert_eq!(told.join(", "), scratch.text(&expected).await, "{dimension:?} {condition}");
            let without_users = ranking(database, &filter, dimension, 3).await.unwrap();
            let ids = |groups: &[ccag::storage::analytics::Group]| -> Vec<(String, DateTime<Utc>)> {
                groups.iter().map(|group| (group.id.clone(), group.last_at)).collect()
            };
            assert_eq!(ids(&without_users), ids(&groups), "{dimension:?} {condition}");
        }
    }
}

#[actix::test]
async fn tools_and_people_of_a_span_equal_those_of_its_requests() {
    let scratch = Scratch::create().await;
    generate(&scratch, 20_000).await;
    let database = &scratch.database;
    for from in [10, 38, 89] {
        for (filter, condition) in narrowed(&span(from, 0)).into_iter().take(2) {
            let of_usage = usage(&filter, &condition);
            let told = tools(database, &filter, 50).await.unwrap();
            let told: Vec<_> = told
                .iter()
                .map(|t| format!("{} {}", t.tool, text(&[t.requests, t.users])))
                .collect();
            let rows = of_usage.replace("from usage", "from usage, unnest(tools) as tool");
            let expected = format!(
                "select string_agg(tool || ' ' || requests || ' ' || users, ', ' order by requests desc, tool) \
                 from (select tool, count(*) as requests, count(distinct user_id) as users {rows} group by 1) t"
            );
            assert_eq!(told.join(", "), scratch.text(&expected).await, "{from} {condition}");
            let of_servers: i64 =
                servers(database, &filter).await.unwrap().iter().map(|s| s.requests).sum();
            let expected = format!("select count(*) {rows} and tool like 'mcp%'");
            assert_eq!(of_servers.to_string(), scratch.text(&expected).await, "{from} {condition}");

            for grain in [Grain::Hour, Grain::Day, Grain::Week, Grain::Month] {
                let told = active_users(database, &filter, grain).await.unwrap();
                let told: Vec<_> =
                    told.iter().map(|step| text(&[step.users, step.first_seen])).collect();
                let expected = format!(
                    "with steps as (select distinct date_trunc('{}', started_at, 'UTC') as step, user_id \
                     {of_usage}), firsts as (select user_id, min(step) as step from steps group by 1) \
                     select string_agg(users || ' ' || seen, ', ' order by step) from (select step, \
                     count(*) as users, (select count(*) from firsts where firsts.step = steps.step) as seen \
                     from steps group by 1) s",
                    grain.name()
                );
                assert_eq!(
                    told.join(", "),
                    scratch.text(&expected).await,
                    "{from} {grain:?} {condition}"
                );
            }
        }
    }
}
