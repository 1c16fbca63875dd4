//! Prices: what counts when a request ends, and where it comes from.

use serde_json::json;

use crate::support::answers;
use crate::support::client::{Reply, Request};
use crate::support::database::Database;
use crate::support::gateway::{ADMIN, Setup};
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::{World, plain};

const SONNET: &str = "anthropic.claude-sonnet-4-5-20250929-v1:0";
const NOTIFY: &str = r#"select pg_notify('ccag_changes', '{"table":"prices"}')"#;

fn insert(source: &str, input: u64) -> String {
    format!(
        "insert into prices (id, model, reach, source, input, output, cache_read, cache_write_5m, \
         cache_write_1h, reason) values (gen_random_uuid(), '{SONNET}', 'geo', '{source}', {input}, \
         0, 0, 0, 0, 'as agreed'); {NOTIFY}"
    )
}

/// The cost of one request of 11 plain prompt tokens.
fn cost(world: &World) -> i64 {
    let reply = world.ask(Script::reply(200, &answers::message()));
    let row = rows::row(&world.database, reply.header("request-id"));
    row["cost_nanos"].as_deref().unwrap().parse().unwrap()
}

#[test]
fn a_request_is_priced_at_its_end_and_keeps_its_price() {
    let world = World::start();
    let first = world.ask(Script::reply(200, &answers::message()));
    let id = first.header("request-id").to_owned();
    // 11 in, 4 out, 7 read, 5 and 3 written, at 3.30 and 16.50 dollars, and so on.
    let row = rows::row(&world.database, &id);
    rows::assert_columns(&row, &[("cost_nanos", "145035"), ("priced", "t")]);
    assert!(row["price_id"].is_none());
    world.database.sql(&insert("override", 1_000_000_000));
    until("the new price counts", || (cost(&world) == 11_000_000).then_some(()));
    let row = rows::row(&world.database, &id);
    rows::assert_columns(&row, &[("cost_nanos", "145035")]);
    let priced = "select count(*) as n from usage join prices on prices.id = usage.price_id";
    assert_ne!(world.database.sql(priced)[0]["n"].as_deref(), Some("0"));
}

fn offer() -> String {
    let entries = [
        ("InputTokenCount", "7"),
        ("OutputTokenCount", "0.000001"),
        ("CacheReadInputTokenCount", "0.000001"),
        ("CacheWriteInputTokenCount", "0.000001"),
        ("CacheWrite1hInputTokenCount", "0.000001"),
    ];
    let (mut products, mut terms) = (json!({}), json!({}));
    for (class, dollars) in entries {
        products[class] = json!({"attributes": {
            "servicename": "Claude Sonnet 4.5 (Amazon Bedrock Edition)",
            "usagetype": format!("USE1-MP:USE1_{class}-Units"),
        }});
        terms[class] = json!({"t": {"priceDimensions": {"d": {"pricePerUnit": {"USD": dollars}}}}});
    }
    json!({"products": products, "terms": {"OnDemand": terms}}).to_string()
}

#[test]
fn one_of_two_instances_reads_the_price_list_for_both() {
    let (database, upstream, list) =
        (Database::create(), Upstream::start(), Upstream::of_another_service());
    list.next(Script::reply(200, &offer()));
    let setup = Setup::new(&database.url(), &upstream.address)
        .env("PRICING_REFRESH_ENABLED", "true")
        .env("PRICE_LIST_URL", &format!("http://{}", list.address));
    let world = World { gateway: setup.start(), setup, upstream, database };
    let _second = world.setup.another().start();
    until("the list's price counts", || (cost(&world) == 77_000).then_some(()));
    let refreshes = world.database.sql("select changed, error from price_refreshes");
    assert_eq!(refreshes[0]["changed"].as_deref(), Some("1"), "{refreshes:?}");
    assert_eq!(
        list.exchange(0).head.start.split(" ").nth(1).unwrap(),
        "/offers/v1.0/aws/AmazonBedrockFoundationModels/current/us-east-1/index.json"
    );
}

#[test]
fn a_list_that_cannot_be_read_leaves_the_prices_as_they_are() {
    let list = Upstream::of_another_service();
    list.next(Script::reply(500, "{}"));
    let url = format!("http://{}", list.address);
    let world = World::with(&[("PRICING_REFRESH_ENABLED", "true"), ("PRICE_LIST_URL", &url)]);
    until("the refresh has failed", || {
        let rows = world.database.sql("select error from price_refreshes where error is not null");
        rows.first()?["error"].clone()
    });
    assert_eq!(cost(&world), 145_035);
    assert_eq!(plain().send(world.address()).status, 200);
}

fn admin(world: &World, method: &'static str, path: &str, body: &str) -> Reply {
    Request::new(method, path).bearer(ADMIN).body(body).send(world.address())
}

const RATES: &str =
    r#"{"input":1000,"output":0,"cache_read":0,"cache_write_5m":0,"cache_write_1h":0}"#;

#[test]
fn an_admin_overrules_a_price_for_a_reason_and_takes_that_back() {
    let world = World::start();
    let without = format!(r#"{{"model":"{SONNET}","reach":"geo","rates":{RATES},"reason":" "}}"#);
    let refused = admin(&world, "POST", "/admin/prices", &without);
    assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("reason")));
    let order = r#"{"model":"claude-sonnet-4-5","reach":"geo","rates":RATES,"reason":"as agreed"}"#;
    let set = admin(&world, "POST", "/admin/prices", &order.replace("RATES", RATES));
    assert_eq!(set.status, 201, "{}", set.text());
    assert_eq!(set.json()["model"], SONNET);
    until("the override counts", || (cost(&world) == 11_000_000).then_some(()));
    let of_model = format!("/admin/prices?model={SONNET}");
    let listed = admin(&world, "GET", &of_model, "").json();
    let sources: Vec<_> = listed["data"].as_array().unwrap().iter().map(|p| &p["source"]).collect();
    assert_eq!(sources, ["built_in", "override", "built_in"], "{listed}");
    assert_eq!(listed["data"][1]["reason"], "as agreed");
    let path = format!("/admin/prices/{}", set.json()["id"].as_str().unwrap());
    assert_eq!(admin(&world, "DELETE", &path, "").status, 204);
    assert_eq!(admin(&world, "DELETE", &path, "").status, 409);
    until("the list's price counts again", || (cost(&world) == 145_035).then_some(()));
    let history = admin(&world, "GET", "/admin/prices/history", "").json();
    let first = &history["data"][0];
    assert_eq!(
        (&first["changed_by"], first["valid_until"].is_null()),
        (&json!("admin key"), false)
    );
    let actions = "select action from audit where action like 'price.%' order by id";
    let actions = world.database.sql(actions);
    let actions: Vec<_> = actions.iter().map(|row| row["action"].as_deref().unwrap()).collect();
    assert_eq!(actions, ["price.override", "price.end_override"]);
}

#[test]
fn the_contract_multiplies_all_prices_from_then_on() {
    let world = World::start();
    let order = r#"{"multiplier":0.5,"web_search":0.01,"reason":"the contract of 2027"}"#;
    assert_eq!(admin(&world, "PUT", "/admin/prices/terms", order).status, 200);
    until("the contract counts", || (cost(&world) == 72_518).then_some(()));
    let terms = admin(&world, "GET", "/admin/prices/terms", "").json();
    assert_eq!((&terms["multiplier"], &terms["web_search"]), (&json!(0.5), &json!(0.01)));
    let bad = order.replace("0.5", "-1");
    let refused = admin(&world, "PUT", "/admin/prices/terms", &bad);
    assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("multiplier")));
    let history = admin(&world, "GET", "/admin/prices/terms/history", "").json();
    assert_eq!(history["data"].as_array().unwrap().len(), 1, "{history}");
}

#[test]
fn a_model_without_a_price_is_charged_flagged_and_can_be_priced() {
    let world = World::start();
    let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123";
    let body = format!(
        r#"{{"model":"{arn}","max_tokens":64,"messages":[{{"role":"user","content":"Good day"}}]}}"#
    );
    let ask = || {
        let reply = plain().body(body.clone()).send(world.address());
        rows::row(&world.database, reply.header("request-id"))
    };
    let row = ask();
    assert_eq!(row["priced"].as_deref(), Some("f"));
    assert_ne!(row["cost_nanos"].as_deref(), Some("0"));
    until("the metric tells", || {
        world.gateway.metric("ccag_unpriced_requests_total").filter(|n| *n > 0.0)
    });
    let flagged = admin(&world, "GET", "/admin/prices/unpriced", "").json();
    assert_eq!(
        (&flagged["data"][0]["model"], &flagged["data"][0]["requests"]),
        (&json!(arn), &json!(1))
    );
    let order =
        format!(r#"{{"model":"{arn}","reach":"geo","rates":{RATES},"reason":"known now"}}"#);
    assert_eq!(admin(&world, "POST", "/admin/prices", &order).status, 201);
    until("it has a price", || (ask()["cost_nanos"].as_deref() == Some("11000000")).then_some(()));
}

#[test]
fn an_admin_has_the_price_list_read_at_once() {
    let list = Upstream::of_another_service();
    list.next(Script::reply(500, "{}"));
    list.next(Script::reply(200, &offer()));
    let url = format!("http://{}", list.address);
    let world = World::with(&[("PRICING_REFRESH_ENABLED", "true"), ("PRICE_LIST_URL", &url)]);
    let last = || admin(&world, "GET", "/admin/prices/refresh", "").json();
    until("the refresh has failed", || last()["error"].is_string().then_some(()));
    assert_eq!(admin(&world, "POST", "/admin/prices/refresh", "").status, 202);
    until("the list's price counts", || (cost(&world) == 77_000).then_some(()));
    assert_eq!(last()["changed"], 1);
}
