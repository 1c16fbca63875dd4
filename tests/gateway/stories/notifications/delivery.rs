//! That each notification goes once, later where it must, and at some point no more.

use std::collections::HashSet;

use serde_json::json;

use super::{HERE, active, admin, delivery, get, happen, post};
use crate::support::rows;
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::{World, plain};

const MANY: usize = 60;

#[test]
fn two_gateways_deliver_each_notification_once() {
    let (world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    active(&world, &receiver, &["health"]);
    let _second = world.setup.another().start();
    for number in 0..MANY {
        happen(&world, "health", &number.to_string());
    }
    until("all are delivered", || {
        let delivered = "select 1 from notification_deliveries where state = 'delivered'";
        (world.database.sql(delivered).len() == MANY).then_some(())
    });
    let told = (1..=MANY).map(|number| receiver.exchange(number));
    let ids: HashSet<String> =
        told.map(|exchange| exchange.head.header("webhook-id").unwrap().to_owned()).collect();
    assert_eq!((ids.len(), receiver.count()), (MANY, MANY + 1));
    let attempts = "select 1 from notification_deliveries where attempts <> 1";
    assert!(world.database.sql(attempts).is_empty());
}

#[test]
fn what_a_killed_gateway_was_delivering_another_delivers() {
    let (mut world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    active(&world, &receiver, &["health"]);
    receiver.next(Script::silence());
    happen(&world, "health", "x");
    let cut = receiver.exchange(1);
    world.gateway.process.kill();
    let row = delivery(&world, "x", "pending");
    assert!(row["claim"].is_some(), "{row:?}");
    assert_eq!(row["waits"].as_deref(), Some("t"), "nobody else takes it while the claim holds");
    world.gateway = world.setup.start();
    world.database.sql("update notification_deliveries set due_at = now()");
    let row = delivery(&world, "x", "delivered");
    assert_eq!(row["attempts"].as_deref(), Some("2"));
    let again = receiver.exchange(2);
    assert_eq!(again.head.header("webhook-id"), cut.head.header("webhook-id"));
    assert_eq!(again.body, cut.body);
}

#[test]
fn what_fails_is_tried_later_then_parked_and_tried_again_when_an_admin_says_so() {
    let (world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    active(&world, &receiver, &["health"]);
    receiver.otherwise(Script::reply(503, "{}"));
    happen(&world, "health", "x");
    let failed = until("an attempt has failed", || {
        let row = delivery(&world, "x", "pending");
        row["error"].is_some().then_some(row)
    });
    assert!(failed["error"].as_deref().unwrap().contains("answers 503"), "{failed:?}");
    assert_eq!(failed["waits"].as_deref(), Some("t"));
    assert!(failed["claim"].is_none());
    // The last attempt but one has failed, and the wait is over.
    world.database.sql("update notification_deliveries set attempts = 11, due_at = now()");
    let parked = delivery(&world, "x", "parked");
    assert_eq!(parked["attempts"].as_deref(), Some("12"));
    let log = get(&world, "/admin/notifications/deliveries?state=parked");
    let path =
        format!("/admin/notifications/deliveries/{}", log["data"][0]["id"].as_str().unwrap());
    receiver.otherwise(Script::reply(200, "{}"));
    assert_eq!(post(&world, &path, "retry")["state"], "pending");
    delivery(&world, "x", "delivered");
    assert_eq!(admin(&world, "POST", &format!("{path}/retry"), &json!({})).status, 409);
}

#[test]
fn a_destination_that_is_taken_away_gets_nothing_more() {
    let (world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    let (path, _) = active(&world, &receiver, &["health"]);
    receiver.otherwise(Script::reply(503, "{}"));
    happen(&world, "health", "x");
    until("an attempt has failed", || delivery(&world, "x", "pending")["error"].clone());
    let calls = receiver.count();
    assert_eq!(admin(&world, "DELETE", &path, &json!({})).status, 204);
    world.database.sql("update notification_deliveries set due_at = now()");
    let row = delivery(&world, "x", "parked");
    assert!(row["error"].as_deref().unwrap().contains("no longer active"), "{row:?}");
    assert_eq!(receiver.count(), calls);
}

#[test]
fn a_model_without_a_price_is_told_once_by_two_gateways() {
    let (world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    active(&world, &receiver, &["health"]);
    let second = world.setup.another().start();
    let arn = "arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/abc123";
    let request = plain().body(format!(
        r#"{{"model":"{arn}","max_tokens":64,"messages":[{{"role":"user","content":"Good day"}}]}}"#
    ));
    for address in [world.address(), &second.address, world.address()] {
        assert_eq!(request.send(address).status, 200);
    }
    rows::usage(&world.database, 3);
    let told = receiver.exchange(1).json();
    assert_eq!((&told["type"], &told["category"]), (&json!("model_unpriced"), &json!("health")));
    assert_eq!(told["detail"]["profile"], arn);
    until("it is delivered", || {
        let rows = world.database.sql("select state from notification_deliveries");
        assert!(rows.len() <= 1, "{rows:?}");
        (rows.first()?["state"].as_deref() == Some("delivered")).then_some(())
    });
    let told = get(&world, "/admin/notifications");
    assert_eq!(told["data"].as_array().unwrap().len(), 1, "{told}");
}

#[test]
fn prices_that_cannot_be_refreshed_are_told() {
    let (receiver, list) = (Upstream::of_another_service(), Upstream::of_another_service());
    list.otherwise(Script::reply(500, "{}"));
    let (hook, list) = (super::hook(&receiver), format!("http://{}", list.address));
    let _world = World::with(&[
        HERE,
        ("BUDGET_NOTIFICATION_URL", &hook),
        ("PRICING_REFRESH_ENABLED", "true"),
        ("PRICE_LIST_URL", &list),
    ]);
    let told = receiver.exchange(0);
    assert_eq!(told.json()["type"], "price_refresh_failed");
    assert_eq!(told.head.header("webhook-signature"), None);
}

#[test]
fn a_crash_of_the_notifier_keeps_nothing_from_being_told() {
    let receiver = Upstream::of_another_service();
    let world = World::with(&[HERE]);
    active(&world, &receiver, &["health"]);
    assert_eq!(world.gateway.crash("notifier").status, 202);
    until("the notifier is there again", || {
        let actor = world.gateway.actor("notifier")?;
        (actor["state"] == "running" && actor["restarts"] == 1).then_some(())
    });
    happen(&world, "health", "x");
    delivery(&world, "x", "delivered");
}
