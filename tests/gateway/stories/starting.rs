//! Starting: what is wrong is said at once and in full; and the commands beside `serve`.

use std::net::TcpListener;

use crate::support::database::Database;
use crate::support::gateway::{ADMIN, Setup};
use crate::support::world::{World, plain};

#[test]
fn all_wrong_variables_are_named_at_once() {
    let wrong = [
        ("PROXY_HOST", "not a host"),
        ("PROXY_PORT", "70000"),
        ("LOG_FORMAT", "xml"),
        ("WORKERS", "several"),
        ("STREAM_PING_INTERVAL_MS", "soon"),
        ("UPSTREAM_CONNECT_TIMEOUT_MS", "-1"),
        ("UPSTREAM_FIRST_BYTE_TIMEOUT_MS", "1.5"),
        ("UPSTREAM_IDLE_TIMEOUT_MS", "ten"),
        ("REQUEST_BODY_TIMEOUT_MS", "0x10"),
        ("DRAIN_TIMEOUT_MS", "later"),
        ("MAX_LIVE_STREAMS", "many"),
    ];
    let setup = wrong
        .iter()
        .fold(Setup::new("mysql://nowhere/x", "127.0.0.1:1"), |setup, (name, value)| {
            setup.env(name, value)
        });
    let mut process = setup.run(&["serve"]);
    assert_eq!(process.wait().code(), Some(64));
    let said = process.lines().join("\n");
    for (name, value) in wrong {
        let line = said.lines().find(|line| line.contains(name));
        let line = line.unwrap_or_else(|| panic!("{name} is not named in:\n{said}"));
        assert!(line.contains(value), "{value} is not in: {line}");
    }
    assert!(said.contains("DATABASE_URL"), "{said}");
    assert!(!said.contains(ADMIN), "a secret was shown:\n{said}");
}

#[test]
fn weak_secrets_are_refused_and_not_shown() {
    let setup = Setup::new("postgres://x@127.0.0.1:1/x", "127.0.0.1:1")
        .env("BOOTSTRAP_API_KEY", "sk-ccag-tooshort")
        .env("ADMIN_API_KEY", "hunter2");
    let mut process = setup.run(&["serve"]);
    assert_eq!(process.wait().code(), Some(64));
    let said = process.lines().join("\n");
    for (name, secret) in [("BOOTSTRAP_API_KEY", "tooshort"), ("ADMIN_API_KEY", "hunter2")] {
        assert!(said.contains(name), "{name} is not named in:\n{said}");
        assert!(!said.contains(secret), "{name} is shown in:\n{said}");
    }
}

#[test]
fn the_health_check_tells_a_living_gateway_from_none() {
    let world = World::start();
    let port = world.address().rsplit(':').next().unwrap();
    let check = |port: &str| {
        let setup = world.setup.another().env("PROXY_PORT", port);
        setup.run(&["healthcheck"]).wait().code()
    };
    assert_eq!(check(port), Some(0));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port().to_string();
    drop(closed);
    assert_eq!(check(&port), Some(1));
}

#[test]
fn migrating_again_changes_nothing() {
    let database = Database::create();
    let setup = Setup::new(&database.url(), "127.0.0.1:1");
    assert_eq!(setup.run(&["migrate"]).wait().code(), Some(0));
}

#[test]
fn a_gateway_that_starts_again_keeps_its_first_key() {
    let mut world = World::start();
    world.gateway.process.kill();
    world.gateway = world.setup.start();
    assert_eq!(plain().send(world.address()).status, 200);
    let keys = world.database.sql("select id from api_keys");
    assert_eq!(keys.len(), 1, "{keys:?}");
}

#[test]
fn nothing_secret_is_logged() {
    let world = World::with(&[("RUST_LOG", "trace")]);
    assert_eq!(plain().send(world.address()).status, 200);
    let log = world.gateway.process.lines().join("\n");
    for secret in [ADMIN, crate::support::gateway::KEY, "storiesSecret", "Good day"] {
        assert!(!log.contains(secret), "`{secret}` stands in the log");
    }
}
