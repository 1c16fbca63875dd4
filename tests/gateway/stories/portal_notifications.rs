//! The pages of notifications: from a draft to a destination that is told, with its secret shown once,
//! and the log with what was given up.

use crate::support::browser::Browser;
use crate::support::client::Reply;
use crate::support::until;
use crate::support::upstream::{Script, Upstream};
use crate::support::world::World;

/// Receivers of the stories lie on this machine.
const HERE: (&str, &str) = ("NOTIFICATION_ALLOWED_NETWORKS", "127.0.0.0/8");
const HOSTILE: &str = "ops <script>alert(1)</script>\"&";

/// The secret that a page shows.
fn secret(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let text = reply.text();
    let (_, rest) = text.split_once("id=\"secret\">").expect("a secret");
    rest.split('<').next().unwrap().to_owned()
}

/// The address of a destination on the page that shows its secret.
fn address(reply: &Reply) -> String {
    let text = reply.text();
    let (_, rest) = text.split_once("class=\"button\" href=\"/portal/notifications/").unwrap();
    format!("/portal/notifications/{}", rest.split('"').next().unwrap())
}

#[test]
fn a_destination_is_drafted_tried_made_active_and_its_log_is_read() {
    let (world, receiver) = (World::with(&[HERE]), Upstream::of_another_service());
    let admin = Browser::admin(world.address());
    let hook = format!("http://{}/hook?token=hunter2", receiver.address);
    let fields =
        |target: &'static str| [("name", HOSTILE), ("kind", "webhook"), ("target", target)];
    let wrong = admin.submit("/portal/notifications/new", &fields("nowhere"));
    assert!(
        wrong.status == 400 && wrong.text().contains("id=\"target_error\""),
        "{}",
        wrong.text()
    );
    let without = [("name", HOSTILE), ("kind", "webhook"), ("target", hook.as_str())];
    let wrong = admin.submit("/portal/notifications/new", &without);
    assert!(
        wrong.status == 400 && wrong.text().contains("id=\"categories_error\""),
        "{}",
        wrong.text()
    );

    let order = [&without[..], &[("categories", "health"), ("categories", "budget")]].concat();
    let made = admin.submit("/portal/notifications/new", &order);
    let (shown, path) = (secret(&made), address(&made));
    assert!(shown.starts_with("whsec_"), "{shown}");
    let page = admin.page(&path);
    assert!(!page.contains(&shown) && !page.contains("hunter2"), "shown once: {page}");
    assert!(page.contains("not tried yet") && !page.contains("/activate"), "{page}");
    assert!(page.contains("alert(1)") && !page.contains("<script>alert"), "{page}");

    receiver.next(Script::reply(500, "{\"not\":\"today\"}"));
    let test = admin.submit(&format!("{path}/test"), &[]);
    assert_eq!(test.header("location"), format!("{path}?notice=test-failed"));
    let page = admin.page(&path);
    assert!(page.contains("answers 500") && !page.contains("/activate"), "{page}");
    let test = admin.submit(&format!("{path}/test"), &[]);
    assert_eq!(test.header("location"), format!("{path}?notice=test-arrived"));
    let active = admin.submit(&format!("{path}/activate"), &[]);
    assert_eq!(active.header("location"), format!("{path}?notice=activated"));
    let changed =
        admin.submit(&format!("{path}/change"), &[("name", "ops"), ("categories", "health")]);
    assert_eq!(changed.header("location"), format!("{path}?notice=saved"));
    let rotated = secret(&admin.submit(&format!("{path}/rotate"), &[]));
    assert!(rotated.starts_with("whsec_") && rotated != shown);
    assert!(admin.page("/portal/notifications").contains("<bdi>ops</bdi>"));
    assert!(!admin.page("/portal/notifications").contains(&rotated));

    world.database.sql(
        "insert into notifications (id, key, category, type, severity, payload) values
         (gen_random_uuid(), 'k', 'health', 'endpoint_unhealthy', 'high', '{\"type\":\"x\"}')",
    );
    let log = until("it is delivered", || {
        let log = admin.page("/portal/notifications/log?state=delivered");
        log.contains("endpoint unhealthy").then_some(log)
    });
    assert!(!log.contains("Try again"), "{log}");
    world.database.sql(
        "update notification_deliveries set state = 'parked', error = 'gone <b>away</b>', ended_at = now()",
    );
    let log = admin.page("/portal/notifications/log?state=parked");
    assert!(log.contains("gone &#60;b&#62;away") || log.contains("gone &lt;b&gt;away"), "{log}");
    assert!(admin.page("/portal/overview").contains("could not be delivered"));
    let (_, rest) = log.split_once("name=\"id\" value=\"").expect("a button");
    let id = rest.split('"').next().unwrap();
    let retried = admin.submit("/portal/notifications/retry", &[("id", id)]);
    assert_eq!(retried.header("location"), "/portal/notifications/log?notice=retried");
    until("it arrives once more", || {
        admin
            .page("/portal/notifications/log?state=delivered")
            .contains("endpoint unhealthy")
            .then_some(())
    });
    assert!(!admin.page("/portal/overview").contains("could not be delivered"));

    let replacing =
        format!("/portal/notifications/new?replaces={}", path.rsplit('/').next().unwrap());
    assert!(admin.page(&replacing).contains("takes the place of"));
    let idle = admin.submit(&format!("{path}/deactivate"), &[]);
    assert_eq!(idle.header("location"), format!("{path}?notice=deactivated"));
    let gone = admin.submit(&format!("{path}/delete"), &[]);
    assert_eq!(gone.header("location"), "/portal/notifications?notice=deleted");
    assert!(admin.page("/portal/notifications").contains("There is no destination yet"));
    let log = admin.page("/portal/notifications/log");
    assert!(log.contains("<bdi class=\"name\">ops</bdi>"), "it is named still: {log}");
    assert!(!log.contains(&path), "it has no page any more: {log}");
}
