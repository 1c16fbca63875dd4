//! Managing a gateway from the command line, as an admin does from a machine of their own.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use ccag::cli::nouns::{NOUNS, Place};
use serde_json::{Value, json};

use crate::support::client::Request;
use crate::support::gateway::KEY;
use crate::support::machine::Machine;
use crate::support::world::World;

#[test]
fn an_admin_signs_in_manages_and_signs_out() {
    let world = World::start();
    let machine = Machine::new();
    machine.fails(&["keys", "list"], 2, "ccag login");
    machine.sign_in(&world);
    let kept = machine.kept();
    assert_eq!(kept.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(machine.done(&["whoami"]).contains("admin key"));

    machine.done(&[
        "teams",
        "create",
        "tools",
        "--models",
        "claude-opus-5",
        "--requests-per-minute",
        "9",
    ]);
    let ann =
        machine.json(&["users", "create", "ann", "--email", "ann@example.com", "--team", "tools"]);
    assert_eq!((&ann["team_name"], &ann["role"]), (&json!("tools"), &json!("member")));
    let key = machine.json(&["keys", "create", "laptop", "--user", "ann@example.com"]);
    assert!(key["secret"].as_str().unwrap().starts_with("sk-ccag-"));
    let table = machine.done(&["keys", "list", "--user", "ann"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].contains("NAME") && lines[1].contains("laptop"), "{table}");
    assert_eq!(machine.json(&["keys", "revoke", "laptop"])["state"], "revoked");
    let edited = machine.json(&["users", "edit", "ann", "--team", "none", "--active", "false"]);
    assert_eq!((&edited["team_id"], &edited["active"]), (&Value::Null, &json!(false)));
    machine.done(&["users", "delete", "ann"]);
    machine.done(&["config", "set", "--set", "default_requests_per_minute=7"]);
    assert_eq!(machine.json(&["config", "show"])["default_requests_per_minute"], 7);
    machine.done(&["config", "set", "--set", "default_requests_per_minute=none"]);
    assert!(machine.done(&["audit", "list", "--action", "user"]).contains("user.delete"));
    assert!(machine.done(&["audit", "export", "--format", "csv"]).starts_with("\"id\""));
    assert!(machine.done(&["status"]).contains("ACTORS"));

    machine.done(&["logout"]);
    machine.fails(&["keys", "list"], 2, "ccag login");
}

#[test]
fn exit_codes_tell_why_nothing_was_done() {
    let world = World::start();
    let machine = Machine::new();
    let url = machine.sign_in(&world);
    machine.fails(&["users", "show", "nobody"], 3, "nobody");
    machine.fails(&["users", "create", "a", "--email", "b"], 3, "email");
    machine.fails(&["users", "edit", "admin", "--active", "maybe"], 2, "true or false");
    machine.fails(&["users", "list", "--colour", "red"], 2, "--colour");
    machine.fails(&["--url", "ftp://x", "users", "list"], 2, "https://");
    machine.fails(&["--url", "http://127.0.0.1:1", "users", "list"], 4, "ccag login");
    let wrong = machine.run(&["login", &url, "--admin-key"], &format!("{KEY}\n"));
    assert_eq!(wrong.code, Some(0), "an API key tells who it is: {}", wrong.err);
    machine.fails(&["users", "list"], 4, "inference only");
    let wrong = machine.run(&["login", "http://127.0.0.1:1", "--admin-key"], "x\n");
    assert_eq!(wrong.code, Some(1), "{}", wrong.err);
}

#[test]
fn lists_go_on_to_their_end() {
    let world = World::start();
    let machine = Machine::new();
    machine.sign_in(&world);
    world.database.sql(
        "insert into users (id, name) select gen_random_uuid(), 'user ' || n
         from generate_series(1, 230) n",
    );
    let some = machine.json(&["users", "list", "--limit", "3"]);
    assert_eq!(some.as_array().unwrap().len(), 3);
    let all = machine.json(&["users", "list", "--all"]);
    assert_eq!(all.as_array().unwrap().len(), 231);
    assert_eq!(machine.json(&["users", "show", "user 7"])["name"], "user 7");
}

#[test]
fn completions_know_the_nouns() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = machine.done(&["completions", shell]);
        for noun in NOUNS {
            assert!(script.contains(noun.name), "{shell}: {}", noun.name);
        }
        assert!(script.contains("rotate") && script.contains("no-message"), "{shell}");
    }
    let script = machine.home.path().join("completions");
    fs::write(&script, machine.done(&["completions", "bash"])).unwrap();
    let complete = r#"source "$0"; COMP_WORDS=(ccag scim cr); COMP_CWORD=2
        _ccag ccag cr scim; printf '%s\n' "${COMPREPLY[@]}""#;
    let bash = Command::new("bash").args(["-c", complete]).arg(&script).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&bash.stdout).trim(), "create-token", "{bash:?}");
}

#[test]
fn every_noun_shows_json() {
    let world = World::start();
    let machine = Machine::new();
    machine.sign_in(&world);
    let mut shown = 0;
    for (noun, verb) in NOUNS.iter().flat_map(|noun| noun.verbs.iter().map(move |v| (noun, v))) {
        let is_whole = verb.arguments.iter().all(|argument| !argument.is_positional);
        if verb.is_list() && is_whole {
            let answer = machine.json(&[noun.name, verb.name]);
            assert!(answer.is_array(), "{} {}: {answer}", noun.name, verb.name);
            shown += 1;
        }
    }
    assert!(shown >= 10, "{shown}");
    for command in [&["status"][..], &["whoami"], &["config", "show"]] {
        assert!(machine.json(command).is_object(), "{command:?}");
    }
}

/// Each verb is a route of the API, with arguments that the route has.
#[test]
fn every_verb_is_a_call_that_the_api_has() {
    let world = World::start();
    let api = Request::get("/openapi.json").send(world.address()).json();
    for (noun, verb) in NOUNS.iter().flat_map(|noun| noun.verbs.iter().map(move |v| (noun, v))) {
        let what = format!("{} {}", noun.name, verb.name);
        if verb.path == "/admin/audit/integrity" {
            continue;
        }
        let call = &api["paths"][verb.path][verb.method.to_lowercase()];
        assert!(call.is_object(), "{what}: no {} {}", verb.method, verb.path);
        let parameters = call["parameters"].as_array().into_iter().flatten();
        let parameters: BTreeSet<&str> = parameters.filter_map(|p| p["name"].as_str()).collect();
        let order = &call["requestBody"]["content"]["application/json"]["schema"]["$ref"];
        let order = order.as_str().map(|name| name.trim_start_matches('#'));
        let properties = order.and_then(|at| api.pointer(at)).map(|order| &order["properties"]);
        for argument in verb.arguments {
            let first = argument.field.split('.').next().unwrap();
            let is_known = match argument.place {
                Place::Path => verb.path.contains(&format!("{{{first}}}")),
                Place::Query => parameters.contains(first),
                Place::Body => {
                    first == "*" || properties.is_some_and(|known| known.get(first).is_some())
                }
            };
            assert!(is_known, "{what}: the API has no {}", argument.field);
        }
    }
}
