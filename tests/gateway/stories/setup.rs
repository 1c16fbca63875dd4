//! The setup scripts, run in a clean home as a developer runs them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::{Request, until_status};
use crate::support::gateway::{ADMIN, KEY};
use crate::support::world::{World, plain};

/// A home in which only `tools` can be found.
struct Home {
    folder: TempDir,
    tools: PathBuf,
}

struct Said {
    is_done: bool,
    text: String,
}

const ALWAYS: [&str; 14] = [
    "sh", "sed", "cat", "cp", "mv", "rm", "mkdir", "dirname", "tr", "curl", "env", "grep", "echo",
    "printf",
];

impl Home {
    /// `None` where the merging tool is not installed here.
    fn with(tool: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let tools = folder.path().join("tools");
        fs::create_dir(&tools).unwrap();
        let found = ALWAYS.iter().chain([&tool]).filter(|name| {
            let place = which(name);
            place.as_ref().is_some_and(|place| symlink(place, tools.join(name)).is_ok())
        });
        let has_tool = found.filter(|name| **name == tool).count() == 1;
        has_tool.then_some(Self { folder, tools })
    }

    fn run(&self, script: &str, arguments: &[&str], key: &str) -> Said {
        let project = self.folder.path().join("project");
        fs::create_dir_all(&project).unwrap();
        let file = self.folder.path().join("setup.sh");
        fs::write(&file, script).unwrap();
        let output = Command::new("sh")
            .arg(&file)
            .args(arguments)
            .env_clear()
            .env("PATH", &self.tools)
            .env("HOME", self.folder.path())
            .env("CCAG_API_KEY", key)
            .current_dir(project)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        Said { is_done: output.status.success(), text: String::from_utf8(text).unwrap() }
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join(".claude/settings.json")
    }
}

fn which(name: &str) -> Option<PathBuf> {
    if name == "python3" {
        // What the path has may be a shim that needs more than itself.
        let asked = Command::new(name).args(["-c", "import sys; print(sys.executable)"]).output();
        let said = String::from_utf8(asked.ok()?.stdout).ok()?;
        return Some(PathBuf::from(said.trim())).filter(|place| place.is_file());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|place| place.is_file())
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn script(world: &World) -> String {
    let reply = Request::get("/setup").send(world.address());
    assert_eq!(reply.status, 200, "{}", reply.text());
    reply.text()
}

fn token(world: &World) -> String {
    let users = world.database.sql("select id from users where role = 'admin'");
    let order = json!({ "name": "laptop", "user_id": users[0]["id"] }).to_string();
    let made = Request::post("/admin/setup-tokens").bearer(ADMIN).body(order).send(world.address());
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["secret"].as_str().unwrap().to_owned()
}

/// A gateway that knows its address only once it listens: the script's is put there by hand.
fn world_with_script() -> (World, String) {
    let world = World::with(&[("PUBLIC_URL", "http://gateway.example")]);
    let script = script(&world);
    assert!(script.contains("url='http://gateway.example'"), "{script}");
    let here = format!("http://{}", world.address());
    let script = script.replace("http://gateway.example", &here);
    (world, script)
}

#[test]
fn a_token_becomes_a_key_in_settings_that_keep_all_else() {
    let (world, script) = world_with_script();
    let mut ran = 0;
    for tool in ["jq", "python3", "node", "perl"] {
        let Some(home) = Home::with(tool) else { continue };
        ran += 1;
        let before = json!({
            "permissions": { "deny": ["WebSearch"] }, "name": "ünïcode",
            "env": { "ANTHROPIC_BASE_URL": "https://elsewhere.example", "OTHER": "1" },
        });
        fs::create_dir(home.folder.path().join(".claude")).unwrap();
        fs::write(home.settings(), before.to_string()).unwrap();
        let token = token(&world);
        let said = home.run(&script, &["--token", &token], "");
        assert!(said.is_done, "{tool}: {}", said.text);
        assert!(!said.text.contains("sk-ccag-"), "{tool}: the key is shown");
        let now = read(&home.settings());
        let key = now["env"]["ANTHROPIC_AUTH_TOKEN"].as_str().unwrap();
        let with = plain().without("x-api-key").bearer(key);
        until_status(&with, world.address(), 200);
        assert_eq!(now["env"]["ANTHROPIC_BASE_URL"], format!("http://{}", world.address()));
        assert_eq!(
            (&now["env"]["OTHER"], &now["permissions"]),
            (&json!("1"), &before["permissions"])
        );
        assert_eq!(now["name"], before["name"], "{tool}");
        assert_eq!(home.settings().metadata().unwrap().permissions().mode() & 0o077, 0);
        // Once more, and what changed since stays.
        assert!(home.run(&script, &[], KEY).is_done);
        let mut changed = read(&home.settings());
        assert_eq!(changed["env"]["ANTHROPIC_AUTH_TOKEN"], KEY);
        changed["model"] = json!("opus");
        fs::write(home.settings(), changed.to_string()).unwrap();
        let said = home.run(&script, &["--undo"], "");
        assert!(said.is_done, "{tool}: {}", said.text);
        let mut expected = before.clone();
        expected["model"] = json!("opus");
        assert_eq!(read(&home.settings()), expected, "{tool}");
        assert!(!home.run(&script, &["--undo"], "").is_done, "{tool}: undone twice");
        // The token is used up.
        let again = home.run(&script, &["--token", &token], "");
        assert!(!again.is_done && again.text.contains("used"), "{tool}: {}", again.text);
    }
    assert!(ran > 0, "no tool to merge with is installed");
}

#[test]
fn a_project_keeps_its_key_out_of_the_shared_file_and_an_undo_leaves_nothing() {
    let (_world, script) = world_with_script();
    let home = Home::with("python3").or_else(|| Home::with("perl")).unwrap();
    assert!(home.run(&script, &["--scope", "project"], KEY).is_done);
    let folder = home.folder.path().join("project/.claude");
    let local = folder.join("settings.local.json");
    assert_eq!(read(&local)["env"]["ANTHROPIC_AUTH_TOKEN"], KEY);
    assert!(!folder.join("settings.json").exists() && !home.settings().exists());
    assert!(home.run(&script, &["--scope", "project", "--undo"], "").is_done);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn what_is_wrong_leaves_the_settings_as_they_are() {
    let (world, script) = world_with_script();
    let home = Home::with("python3").or_else(|| Home::with("perl")).unwrap();
    fs::create_dir(home.folder.path().join(".claude")).unwrap();
    fs::write(home.settings(), "{ not json").unwrap();
    let said = home.run(&script, &[], KEY);
    assert!(!said.is_done && said.text.contains("not JSON"), "{}", said.text);
    assert_eq!(fs::read_to_string(home.settings()).unwrap(), "{ not json");
    fs::write(home.settings(), "{}").unwrap();
    for (arguments, key, word) in [
        (vec![], "", "API key is needed"),
        (vec![], "sk-ccag-'; touch x; '", "characters"),
        (vec!["--token", "$(touch x)"], "", "characters"),
        (vec!["--scope", "world"], KEY, "user or project"),
        (vec!["--colour"], KEY, "--colour"),
    ] {
        let said = home.run(&script, &arguments, key);
        assert!(!said.is_done && said.text.contains(word), "{arguments:?}: {}", said.text);
        assert_eq!(fs::read_to_string(home.settings()).unwrap(), "{}");
    }
    world.database.sql(
        "insert into setup_tokens (id, token_hash, user_id, key_name, expires_at)
        select gen_random_uuid(), sha256('x'), id, 'k', now() from users limit 1",
    );
    for bad in ["", "st-ccag-x", KEY] {
        let order = json!({ "token": bad }).to_string();
        let reply = Request::post("/setup/redeem").body(order).send(world.address());
        assert_eq!((reply.status, &reply.json()["code"]), (401, &json!("unauthenticated")));
    }
    assert_eq!(Request::get("/setup/redeem").send(world.address()).status, 405);
}

#[test]
fn scripts_name_no_address_that_a_client_makes_up() {
    let world = World::start();
    let get = |host: &str| Request::get("/setup").header("host", host);
    let local = get(world.address()).send(world.address());
    assert!(local.text().contains(&format!("url='http://{}'", world.address())));
    for host in ["evil.test", "evil.test:80", "127.0.0.1'; touch x; ':80", "localhost:80'"] {
        let reply = get(host).header("x-forwarded-host", "evil.test").send(world.address());
        assert!(matches!(reply.status, 400 | 404), "{host}: {}", reply.status);
        assert!(!reply.text().contains("touch"), "{}", reply.text());
    }
    let windows = Request::get("/setup.ps1").header("host", world.address());
    let windows = windows.send(world.address());
    assert_eq!(windows.header("content-type"), "text/plain; charset=utf-8");
    assert!(windows.text().contains(&format!("$Url = 'http://{}'", world.address())));
}
