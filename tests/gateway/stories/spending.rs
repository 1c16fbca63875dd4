//! What was used and what it cost, as admins and members ask for it.

use serde_json::{Value, json};

use crate::support::browser::Browser;
use crate::support::client::{Reply, Request};
use crate::support::gateway::ADMIN;
use crate::support::rows;
use crate::support::world::{World, plain};

fn get(world: &World, path: &str) -> Reply {
    Request::get(path).bearer(ADMIN).send(world.address())
}

/// Three requests of the admin's key, the last of which is refused, and one of another user's.
fn world() -> World {
    let world = World::start();
    for project in ["=HYPERLINK(1)", "a,\"b\""] {
        let request = plain().header("x-ccag-project", project);
        assert_eq!(request.send(world.address()).status, 200);
    }
    assert_eq!(plain().body("{").send(world.address()).status, 400);
    let other = world.add_key("other", "models", "null");
    let asked = || plain().without("x-api-key").x_api_key(&other).try_send(world.address());
    crate::support::until("the other key is known", || (asked().ok()?.status == 200).then_some(()));
    let of_other = "select 1 from usage join api_keys k on k.id = key_id where k.name = 'other'";
    crate::support::until("all is written", || {
        let other = !world.database.sql(of_other).is_empty();
        (other && world.database.sql("select 1 from usage").len() == 4).then_some(())
    });
    world
}

fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap_or_else(|| panic!("{page}"));
    data.iter().map(|row| row["request_id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn requests_are_listed_page_by_page_and_by_what_they_were() {
    let world = world();
    let all = ids(&get(&world, "/admin/usage").json());
    assert_eq!(all.len(), 4);
    let (mut seen, mut path) = (Vec::new(), "/admin/usage?limit=1".to_owned());
    loop {
        let page = get(&world, &path).json();
        seen.extend(ids(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/admin/usage?limit=1&cursor={next}");
    }
    assert_eq!(seen, all, "pages join to the list");
    let rejected = get(&world, "/admin/usage?outcomes=rejected").json();
    assert_eq!(rejected["data"][0]["status"], 400, "{rejected}");
    assert!(rejected["data"][0]["reason"].is_string(), "{rejected}");
    let one = get(&world, &format!("/admin/usage?requests={}", all[2])).json();
    assert_eq!(ids(&one), [all[2].clone()]);
    let key = world.database.sql("select id, user_id from api_keys where name = 'other'");
    let of_key = format!("/admin/usage?keys={}", key[0]["id"].as_deref().unwrap());
    let of_key = get(&world, &of_key).json();
    assert_eq!(of_key["data"][0]["user_name"], "owner of other", "{of_key}");
    assert_eq!(
        ids(&get(&world, "/admin/usage?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z").json())
            .len(),
        0
    );
    for (query, field) in
        [("cursor=x", "cursor"), ("outcomes=well", "outcomes"), ("users=x", "users")]
    {
        let refused = get(&world, &format!("/admin/usage?{query}"));
        assert_eq!((refused.status, &refused.json()["field"]), (400, &json!(field)), "{query}");
    }
}

#[test]
fn an_export_has_every_request_and_no_formula() {
    let world = world();
    let export = get(&world, "/admin/usage/export?format=csv");
    assert_eq!(export.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(export.header("content-disposition"), "attachment; filename=\"usage.csv\"");
    let text = export.text();
    assert_eq!(text.lines().count(), 5, "{text}");
    assert!(text.starts_with("\"request_id\",\"started_at\""), "{text}");
    assert!(text.contains(",\"'=HYPERLINK(1)\","), "{text}");
    assert!(text.contains(",\"a,\"\"b\"\"\","), "{text}");
    assert!(text.contains("\"0.000145035\""), "{text}");
    let lines = get(&world, "/admin/usage/export?outcomes=completed").text();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_long_export_comes_whole_and_in_order() {
    let world = World::start();
    world.database.sql(
        "select usage_ensure_partition(now()), usage_ensure_partition(now() - interval '1 day');
         insert into usage (request_id, started_at, ended_at, streaming, input_tokens, output_tokens,
             cache_read_tokens, cache_write_5m_tokens, cache_write_1h_tokens, tokens_estimated,
             cost_nanos, priced, outcome, status)
         select 'req_' || lpad(n::text, 5, '0'), now() - n / 7 * interval '1 second', now(), false,
             0, 0, 0, 0, 0, false, 0, true, 'completed', 200 from generate_series(1, 2500) n",
    );
    let lines = get(&world, "/admin/usage/export").text();
    let order: Vec<(String, String)> = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap().to_owned();
            (text("started_at"), text("request_id"))
        })
        .collect();
    assert_eq!(order.len(), 2500);
    assert!(order.windows(2).all(|pair| pair[0] > pair[1]), "latest first, each once");
}

#[test]
fn sums_are_told_by_the_same_filters() {
    let world = world();
    let totals = get(&world, "/admin/analytics/totals").json();
    assert_eq!(
        (&totals["current"]["requests"], &totals["current"]["users"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(totals["current"]["cost_nanos"], 3 * 145_035);
    assert_eq!(totals["previous"]["requests"], 0);
    let users = get(&world, "/admin/analytics/breakdown?by=user").json();
    let costs: Vec<_> =
        users["data"].as_array().unwrap().iter().map(|g| &g["cost_nanos"]).collect();
    assert_eq!(costs, [&json!(2 * 145_035), &json!(145_035)], "{users}");
    let series = get(&world, "/admin/analytics/series?by=model&grain=day").json();
    assert_eq!(series["grain"], "day");
    assert!(!series["data"].as_array().unwrap().is_empty(), "{series}");
    let choices = get(&world, "/admin/analytics/choices").json();
    assert_eq!(choices["users"].as_array().unwrap().len(), 2, "{choices}");
    for (path, field) in [
        ("breakdown", "by"),
        ("breakdown?by=colour", "by"),
        ("series?grain=minute", "grain"),
        ("latency?by=user", "by"),
        ("tools?limit=1001", "limit"),
    ] {
        let refused = get(&world, &format!("/admin/analytics/{path}"));
        assert_eq!((refused.status, &refused.json()["field"]), (400, &json!(field)), "{path}");
    }
    for path in ["latency", "cache", "active-users", "hours", "tools", "servers", "sessions"] {
        let reply = get(&world, &format!("/admin/analytics/{path}"));
        assert!(reply.json()["data"].is_array(), "{path}: {}", reply.text());
    }
}

#[test]
fn a_member_sees_their_own_and_nobody_elses() {
    let world = world();
    let secret = "a".repeat(43);
    world.database.sql(&format!(
        "insert into portal_sessions (id, secret_hash, user_id, signed_in_by)
         select gen_random_uuid(), sha256('{secret}'), id, 'password' from users
         where name = 'owner of other'"
    ));
    let member =
        Browser { address: world.address().to_owned(), cookie: format!("ccag_session={secret}") };
    let own = member.send(Request::get("/admin/usage")).json();
    assert_eq!(ids(&own).len(), 1, "{own}");
    let totals = member.send(Request::get("/admin/analytics/totals")).json();
    assert_eq!(totals["current"]["requests"], 1);
    let export = member.send(Request::get("/admin/usage/export")).text();
    assert_eq!(export.lines().count(), 1, "{export}");
    let admin = world.database.sql("select id from users where role = 'admin'");
    let other = admin[0]["id"].as_deref().unwrap();
    for path in
        [format!("/admin/usage?users={other}"), format!("/admin/analytics/totals?users={other}")]
    {
        assert_eq!(member.send(Request::get(&path)).status, 403, "{path}");
    }
    let _ = rows::usage(&world.database, 4);
}
