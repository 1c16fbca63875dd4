//! `ccag login` by a browser: it is confirmed, used, renewed and ended.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Child;

use serde_json::{Value, json};

use crate::support::browser::{Browser, form};
use crate::support::client::Request;
use crate::support::machine::Machine;
use crate::support::world::World;

const PASSWORD: &str = "tall ships at noon";

/// The code that a running `ccag login` shows.
fn code(child: &mut Child) -> String {
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut words = lines.map_while(Result::ok);
    let line = words.find(|line| line.contains("confirm the code")).expect("a code is shown");
    line.trim_end_matches('.').rsplit(' ').next().unwrap().to_owned()
}

fn decide(browser: &Browser, code: &str, decision: &str) {
    let token = browser.token();
    let fields = [("token", token.as_str()), ("user_code", code), ("decision", decision)];
    assert_eq!(browser.send(form("/device", &fields)).status, 200);
}

fn kept(machine: &Machine) -> Value {
    serde_json::from_str(&fs::read_to_string(machine.kept()).unwrap()).unwrap()
}

/// Makes the kept access token one that has ended.
fn expire(machine: &Machine) {
    let mut now = kept(machine);
    now["expires_at"] = json!("2020-01-01T00:00:00Z");
    fs::write(machine.kept(), now.to_string()).unwrap();
}

#[test]
fn a_sign_in_by_browser_is_used_renewed_and_ended() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let browser = Browser::by(world.address(), &[("username", "admin"), ("password", PASSWORD)]);
    let (machine, url) = (Machine::new(), format!("http://{}", world.address()));
    let mut login = machine.begin(&["login", &url]);
    decide(&browser, &code(&mut login), "approve");
    let output = login.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && said.contains("as admin (admin)"), "{said}");
    assert_eq!(machine.json(&["whoami"])["name"], "admin");
    assert!(machine.done(&["users", "list"]).contains("admin"));

    let first = kept(&machine);
    expire(&machine);
    assert_eq!(machine.json(&["whoami"])["name"], "admin");
    let second = kept(&machine);
    assert_ne!(first["refresh_token"], second["refresh_token"], "a refresh token is good once");

    let sessions = browser.send(Request::get("/admin/client-sessions")).json();
    let id = sessions["data"][0]["id"].as_str().unwrap();
    let ended = browser.json(Request::new("DELETE", &format!("/admin/client-sessions/{id}")));
    assert_eq!(ended.status, 204);
    crate::support::until("the sign-in is over", || {
        let said = machine.run(&["whoami"], "");
        (said.code == Some(4)).then(|| assert!(said.err.contains("Sign in again"), "{}", said.err))
    });
    expire(&machine);
    machine.fails(&["whoami"], 4, &format!("run `ccag login {url}`"));
}

#[test]
fn a_sign_in_that_is_denied_keeps_nothing() {
    let world = World::with(&[("ADMIN_PASSWORD", PASSWORD)]);
    let browser = Browser::by(world.address(), &[("username", "admin"), ("password", PASSWORD)]);
    let (machine, url) = (Machine::new(), format!("http://{}", world.address()));
    let mut login = machine.begin(&["login", &url]);
    decide(&browser, &code(&mut login), "deny");
    assert_eq!(login.wait().unwrap().code(), Some(4));
    assert!(!machine.kept().exists());
}
