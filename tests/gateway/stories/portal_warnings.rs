//! What the overview warns of: it is said while it is so, and not any more afterwards.

use crate::support::browser::Browser;
use crate::support::until;
use crate::support::upstream::Script;
use crate::support::world::{World, plain};

/// Waits until the overview has `text`, or has it no more.
#[track_caller]
fn until_warned(admin: &Browser, text: &str, is_warned: bool) -> String {
    until(&format!("{text}: {is_warned}"), || {
        let page = admin.page("/portal/overview");
        (page.contains(text) == is_warned).then_some(page)
    })
}

#[test]
fn an_endpoint_that_fails_is_named() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let left_alone = "fails for claude-";
    until_warned(&admin, left_alone, false);
    world.upstream.otherwise(Script::refusal(500, "InternalServerException", "broken"));
    until("the breaker opens", || {
        plain().send(world.address());
        let page = admin.page("/portal/overview");
        page.contains(left_alone).then_some(())
    });
    let page = until_warned(&admin, left_alone, true);
    assert!(page.contains("The endpoint “default”") && page.contains("is left alone"), "{page}");
    assert!(page.contains("href=\"/portal/endpoints"), "{page}");
}

#[test]
fn usage_that_waits_for_the_database_is_told_for_as_long_as_it_does() {
    let world = World::start();
    let admin = Browser::admin(world.address());
    let waits = "Usage cannot be written to the database.";
    until_warned(&admin, waits, false);
    let sessions = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{}'";
    world.database.outside("alter database {} set default_transaction_read_only = on");
    world.database.outside(sessions);
    assert_eq!(plain().send(world.address()).status, 200);
    until_warned(&admin, waits, true);
    world.database.outside("alter database {} reset default_transaction_read_only");
    world.database.outside(sessions);
    until_warned(&admin, waits, false);
}
