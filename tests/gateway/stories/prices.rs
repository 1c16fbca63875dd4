//! Prices: what counts when a request ends, and where it comes from.

use serde_json::json;

use crate::support::answers;
use crate::support::database::Database;
use crate::support::gateway::Setup;
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
