//! From a draft to an active destination, and what is never called.

use serde_json::{Value, json};

use super::{
    DESTINATIONS, HERE, active, admin, assert_signed, delivery, draft, get, happen, hook, post,
};
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::World;

#[test]
fn a_destination_is_drafted_tried_and_then_told() {
    let (world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    let (path, secret) = draft(&world, "webhook", &hook(&receiver), &["health"]);
    assert!(secret.starts_with("whsec_"));
    let untried = admin(&world, "POST", &format!("{path}/activate"), &json!({}));
    assert_eq!((untried.status, &untried.json()["code"]), (409, &json!("not_tested")));
    receiver.next(Script::reply(500, "{\"not\":\"today\"}"));
    let test = post(&world, &path, "test");
    assert_eq!(test["delivered"], false);
    assert!(test["error"].as_str().unwrap().contains("answers 500"), "{test}");
    assert_eq!(admin(&world, "POST", &format!("{path}/activate"), &json!({})).status, 409);
    let test = post(&world, &path, "test");
    assert_eq!((&test["delivered"], &test["receipt"]), (&json!(true), &json!("200")));
    assert_eq!(post(&world, &path, "activate")["state"], "active");
    assert_signed(&receiver.exchange(1), &secret);
    assert_eq!(receiver.exchange(1).json()["type"], "test");

    happen(&world, "budget", "not wanted");
    happen(&world, "health", "wanted");
    let row = delivery(&world, "wanted", "delivered");
    let told = receiver.exchange(2);
    assert_signed(&told, &secret);
    assert_eq!(told.head.start, "POST /hook?token=hunter2 HTTP/1.1");
    assert_eq!(told.head.header("webhook-id"), row["notification_id"].as_deref());
    assert_eq!(told.json()["key"], "wanted");
    until("the other is skipped", || {
        let skipped = get(&world, "/admin/notifications?category=budget");
        (skipped["data"][0]["state"] == "skipped").then_some(())
    });
    let log = get(&world, "/admin/notifications/deliveries?state=delivered");
    let logged = &log["data"][0];
    assert_eq!((&logged["destination"], &logged["receipt"]), (&json!("ops"), &json!("200")));
    assert_eq!(log["data"].as_array().unwrap().len(), 1, "{log}");
    // Neither the address nor the secret is told to anybody.
    let audit = world.database.sql("select before::text || after::text as text from audit");
    let mut texts: Vec<String> = audit.into_iter().filter_map(|mut r| r.remove("text")?).collect();
    texts.push(get(&world, DESTINATIONS).to_string());
    texts.extend(world.gateway.process.lines());
    for text in texts {
        assert!(!text.contains("hunter2") && !text.contains(&secret), "{text}");
    }
    let sealed = "select 1 from notification_destinations where position('hunter2' in \
        encode(sealed, 'escape')) > 0 or target like '%hunter2%'";
    assert!(world.database.sql(sealed).is_empty());
}

#[test]
fn an_active_destination_is_replaced_by_a_draft_that_was_tried() {
    let world = World::with(&[HERE]);
    let (old, new) = (Upstream::of_another_service(), Upstream::of_another_service());
    let (path, _) = active(&world, &old, &["health"]);
    let moved = json!({ "target": hook(&new) });
    let refused = admin(&world, "PATCH", &path, &moved);
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("not_a_draft")));
    let id = path.rsplit('/').next().unwrap();
    let order = json!({
        "name": "ops", "kind": "webhook", "target": hook(&new), "categories": ["health"],
    });
    let taken = admin(&world, "POST", DESTINATIONS, &order);
    assert_eq!((taken.status, &taken.json()["code"]), (409, &json!("name_taken")));
    let mut order = order;
    order["replaces"] = json!(id);
    let made = admin(&world, "POST", DESTINATIONS, &order);
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    let second = format!("{DESTINATIONS}/{}", made["id"].as_str().unwrap());
    happen(&world, "health", "meanwhile");
    delivery(&world, "meanwhile", "delivered");
    assert_eq!(old.count(), 2, "the old one is told until the new one is active");
    post(&world, &second, "test");
    post(&world, &second, "activate");
    assert_eq!(admin(&world, "GET", &path, &Value::Null).status, 404);
    happen(&world, "health", "afterwards");
    delivery(&world, "afterwards", "delivered");
    assert_eq!((old.count(), new.count()), (2, 2));
}

#[test]
fn a_new_secret_signs_at_once_and_the_old_one_along() {
    let (world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    let (path, old) = active(&world, &receiver, &["health"]);
    let new = post(&world, &path, "rotate")["secret"].as_str().unwrap().to_owned();
    assert_ne!(old, new);
    happen(&world, "health", "x");
    delivery(&world, "x", "delivered");
    let told = receiver.exchange(1);
    assert_signed(&told, &new);
    assert_signed(&told, &old);
}

#[test]
fn addresses_inside_are_not_called_and_redirects_not_followed() {
    let receiver = Upstream::of_another_service();
    let world = World::start();
    let (path, _) = draft(&world, "webhook", &hook(&receiver), &["health"]);
    let test = post(&world, &path, "test");
    assert!(test["error"].as_str().unwrap().contains("not public"), "{test}");
    assert_eq!(receiver.count(), 0);
    for target in ["http://hooks.example.com/", "https://u:p@example.com/", "file:///etc/passwd"] {
        let order = json!({
            "name": "x", "kind": "webhook", "target": target, "categories": ["health"],
        });
        let refused = admin(&world, "POST", DESTINATIONS, &order);
        assert_eq!((refused.status, &refused.json()["field"]), (400, &json!("target")), "{target}");
    }
    let world = World::with(&[HERE]);
    let (path, _) = draft(&world, "webhook", &hook(&receiver), &["health"]);
    let inside = format!("http://{}/inside", receiver.address);
    receiver.next(Script::reply_with(302, &[("location", &inside)], ""));
    let test = post(&world, &path, "test");
    assert!(test["error"].as_str().unwrap().contains("answers 302"), "{test}");
    assert_eq!(receiver.count(), 1);
}

#[test]
fn the_destination_of_the_environment_is_told_while_no_other_is() {
    let (first, second) = (Upstream::of_another_service(), Upstream::of_another_service());
    let secret = "a-secret-that-both-sides-know";
    let url = hook(&first);
    let world = World::with(&[
        HERE,
        ("BUDGET_NOTIFICATION_URL", &url),
        ("BUDGET_NOTIFICATION_SECRET", secret),
    ]);
    assert_eq!(get(&world, "/admin/notifications/fallback")["kind"], "webhook");
    happen(&world, "budget", "first");
    let row = delivery(&world, "first", "delivered");
    assert_eq!(row["destination"].as_deref(), Some("BUDGET_NOTIFICATION_URL"));
    assert_signed(&first.exchange(0), secret);
    active(&world, &second, &["budget"]);
    happen(&world, "budget", "second");
    delivery(&world, "second", "delivered");
    assert_eq!((first.count(), second.count()), (1, 2));
}
