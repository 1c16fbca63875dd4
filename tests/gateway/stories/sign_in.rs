//! Signing in to the portal by password: who may, how often, and what a session is worth.

use serde_json::json;

use crate::support::browser::{Browser, cookie, form};
use crate::support::client::{Reply, Request};
use crate::support::gateway::ADMIN;
use crate::support::until;
use crate::support::world::World;

const PASSWORD: &str = "correct horse battery";
const NEXT: &str = "tall ships at noon";

fn sign_in(address: &str, name: &str, password: &str) -> Reply {
    form("/portal/sign-in", &[("username", name), ("password", password)]).send(address)
}

fn change(browser: &Browser, current: &str, new: &str) -> Reply {
    let token = browser.token();
    let fields = [
        ("token", token.as_str()),
        ("current_password", current),
        ("new_password", new),
        ("repeated_password", new),
    ];
    browser.send(form("/portal/password", &fields))
}

#[test]
fn the_default_password_opens_nothing_before_it_is_changed() {
    let world = World::start();
    let browser = Browser::by(world.address(), &[("username", "admin"), ("password", "admin")]);
    let page = browser.send(Request::get("/portal/overview"));
    assert_eq!((page.status, page.header("location")), (303, "/portal/password"));
    let refused = browser.send(Request::get("/admin/users"));
    assert_eq!((refused.status, &refused.json()["code"]), (403, &json!("password_change_needed")));
    for (current, new, status) in
        [("wrong", NEXT, 400), ("admin", "short", 400), ("admin", "administrator1", 400)]
    {
        assert_eq!(change(&browser, current, new).status, status, "{current} {new}");
    }
    let changed = change(&browser, "admin", NEXT);
    assert_eq!(
        (changed.status, changed.header("location")),
        (303, "/portal?notice=password-changed")
    );
    assert_eq!(browser.send(Request::get("/admin/users")).status, 200);
    assert_eq!(sign_in(world.address(), "admin", "admin").status, 401);
    assert_eq!(sign_in(world.address(), "admin", NEXT).status, 303);
}

#[test]
fn the_default_password_works_on_this_machine_only() {
    let proxied = World::start();
    let fields = [("username", "admin"), ("password", "admin")];
    let request = form("/portal/sign-in", &fields).header("x-forwarded-for", "127.0.0.1");
    assert_eq!(request.send(proxied.address()).status, 403);
    let open = World::with(&[("PROXY_HOST", "0.0.0.0")]);
    assert_eq!(sign_in(open.address(), "admin", "admin").status, 403);
}

#[test]
fn a_new_password_in_the_environment_takes_effect_and_an_old_one_undoes_nothing() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let browser = Browser::by(world.address(), &[("username", "admin"), ("password", PASSWORD)]);
    assert!(browser.page("/portal/overview").contains("Sign out"));
    assert_eq!(change(&browser, PASSWORD, NEXT).status, 303);
    let again = world.setup.another().start();
    assert_eq!(sign_in(&again.address, "admin", PASSWORD).status, 401);
    assert_eq!(sign_in(&again.address, "admin", NEXT).status, 303);
    let rotated = world.setup.another().env("ADMIN_PASSWORD", "another one of them").start();
    assert_eq!(sign_in(&rotated.address, "admin", "another one of them").status, 303);
}

#[test]
fn passwords_can_be_switched_off_and_the_environment_breaks_the_glass() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let off = Request::new("PATCH", "/admin/settings")
        .bearer(ADMIN)
        .body(r#"{"password_sign_in":false}"#);
    assert_eq!(off.send(world.address()).status, 200);
    until("passwords are off", || {
        (sign_in(world.address(), "admin", PASSWORD).status == 403).then_some(())
    });
    let glass = world.setup.another().env("ADMIN_PASSWORD_ENABLE", "true").start();
    assert_eq!(sign_in(&glass.address, "admin", PASSWORD).status, 303);
}

#[test]
fn guessing_is_bounded_and_strangers_do_not_lock_the_admin_out() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD), ("TRUSTED_PROXIES", "127.0.0.1")]);
    let first = sign_in(world.address(), "admin", PASSWORD);
    let known = cookie(&first, "ccag_known_browser").expect("the browser is known from now on");
    let from = |address: &str, password: &str| {
        form("/portal/sign-in", &[("username", "admin"), ("password", password)])
            .header("x-forwarded-for", address)
    };
    let tries = |address: &str| {
        (0..).take_while(|_| from(address, "wrong").send(world.address()).status == 401).count()
    };
    assert_eq!(tries("192.0.2.1"), 20, "an address is bounded");
    let refused = from("192.0.2.1", PASSWORD).send(world.address());
    assert_eq!(refused.status, 429);
    for other in 2..7 {
        tries(&format!("192.0.2.{other}"));
    }
    assert_eq!(
        from("192.0.2.99", PASSWORD).send(world.address()).status,
        429,
        "the account is bounded"
    );
    let back = from("192.0.2.1", PASSWORD).header("cookie", &known).send(world.address());
    assert_eq!(back.status, 303, "a known browser has a count of its own");
}

#[test]
fn a_session_is_one_on_every_instance_and_ends_on_every_instance() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let second = world.setup.another().start();
    let fields = [("username", "admin"), ("password", PASSWORD)];
    let browser = Browser::by(world.address(), &fields);
    let elsewhere = Browser { address: second.address.clone(), ..browser.clone() };
    assert!(elsewhere.page("/portal/overview").contains("Sign out"));
    let other = Browser::by(world.address(), &fields);
    let listed = browser.send(Request::get("/admin/sessions")).json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2, "{listed}");
    assert!(!listed.to_string().contains(browser.cookie.split_once('=').unwrap().1));
    let id = listed["data"][1]["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/sessions/{id}");
    assert_eq!(other.send(Request::new("DELETE", &path)).status, 403, "without the form token");
    assert_eq!(other.json(Request::new("DELETE", &path)).status, 204);
    assert_eq!(elsewhere.send(Request::get("/portal/overview")).status, 303);
    let token = other.token();
    assert_eq!(other.send(form("/portal/sign-out", &[("token", &token)])).status, 303);
    assert_eq!(other.send(Request::get("/portal/overview")).status, 303);
}

#[test]
fn an_idle_session_and_one_of_an_inactive_user_are_over() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let fields = [("username", "admin"), ("password", PASSWORD)];
    let browser = Browser::by(world.address(), &fields);
    world.database.sql("update portal_sessions set last_seen_at = now() - interval '9 hours'");
    assert_eq!(browser.send(Request::get("/portal/overview")).status, 303);
    let browser = Browser::by(world.address(), &fields);
    world.database.sql("update portal_sessions set created_at = now() - interval '8 days'");
    assert_eq!(browser.send(Request::get("/portal/overview")).status, 303);
    let browser = Browser::by(world.address(), &fields);
    world.database.sql("update users set active = false");
    assert_eq!(browser.send(Request::get("/portal/overview")).status, 303);
    assert_eq!(sign_in(world.address(), "admin", PASSWORD).status, 401);
}

#[test]
fn signing_in_again_ends_the_session_before_and_both_stand_in_the_audit_log() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let fields = [("username", "admin"), ("password", PASSWORD)];
    let browser = Browser::by(world.address(), &fields);
    let again = browser.send(form("/portal/sign-in", &fields));
    assert_ne!(cookie(&again, "ccag_session").unwrap(), browser.cookie);
    assert_eq!(browser.send(Request::get("/portal/overview")).status, 303);
    let rows = world
        .database
        .sql("select action, coalesce(after::text, '') as after from audit order by id");
    let actions: Vec<_> = rows.iter().filter_map(|row| row["action"].as_deref()).collect();
    assert_eq!(actions, ["password.configure", "session.begin", "session.begin", "session.end"]);
    let secret = browser.cookie.split_once('=').unwrap().1;
    assert!(rows.iter().all(|row| !row["after"].as_deref().unwrap().contains(secret)));
}
