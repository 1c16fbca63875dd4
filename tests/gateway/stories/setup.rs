//! The setup scripts, run in a clean home as a developer runs them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::browser::{Browser, form};
use crate::support::client::{Request, until_status};
use crate::support::gateway::{ADMIN, KEY};
use crate::support::world::{World, plain};

const PASSWORD: &str = "tall ships at noon";

/// A home in which only `tools` can be found.
struct Home {
    folder: TempDir,
    tools: PathBuf,
}

struct Said {
    is_done: bool,
    text: String,
}

const ALWAYS: [&str; 20] = [
    "sh", "sed", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "dirname", "tr", "curl", "env", "grep",
    "echo", "printf", "printenv", "chmod", "tail", "date", "sleep",
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
        let file = self.folder.path().join("setup.sh");
        fs::write(&file, script).unwrap();
        let mut command = self.command(&file, arguments);
        let output = command.env("CCAG_API_KEY", key).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        Said { is_done: output.status.success(), text: String::from_utf8(text).unwrap() }
    }

    /// A script as it is run here.
    fn command(&self, file: &Path, arguments: &[&str]) -> Command {
        let project = self.folder.path().join("project");
        fs::create_dir_all(&project).unwrap();
        let mut command = Command::new("sh");
        command.arg(file).args(arguments).env_clear().env("PATH", &self.tools);
        command.env("HOME", self.folder.path()).current_dir(project).stdin(Stdio::null());
        command
    }

    /// Signs in by the script, as `browser` confirms.
    #[track_caller]
    fn sign_in(&self, script: &str, browser: &Browser) {
        let file = self.folder.path().join("setup.sh");
        fs::write(&file, script).unwrap();
        let mut command = self.command(&file, &["--sso"]);
        let mut running = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(running.stderr.take().unwrap()).lines();
        let line =
            lines.by_ref().map(Result::unwrap).find(|line| line.contains("confirm the code"));
        let code =
            line.expect("a code").trim_end_matches('.').rsplit(' ').next().unwrap().to_owned();
        let token = browser.token();
        let fields = [("token", token.as_str()), ("user_code", &code), ("decision", "approve")];
        assert_eq!(browser.send(form("/device", &fields)).status, 200);
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        assert!(running.wait().unwrap().success(), "{rest:?}");
    }

    fn helper(&self) -> PathBuf {
        self.folder.path().join(".config/ccag/claude-token")
    }

    /// What the helper prints, or why it prints nothing.
    fn token(&self) -> Result<String, String> {
        let output = self.command(&self.helper(), &[]).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() {
            Ok(text(output.stdout).trim_end().to_owned())
        } else {
            assert!(output.stdout.is_empty());
            Err(text(output.stderr))
        }
    }

    /// Makes the kept token one that has ended; gives the file's lines.
    fn expire(&self) -> Vec<String> {
        let kept = self.helper().with_extension("kept");
        let text = fs::read_to_string(&kept).unwrap();
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        fs::write(&kept, format!("{}\n0\n{}\n", lines[0], lines[2])).unwrap();
        lines
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
    let world =
        World::with(&[("PUBLIC_URL", "http://gateway.example"), ("ADMIN_PASSWORD", PASSWORD)]);
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
fn a_sign_in_needs_no_key_is_renewed_and_is_undone() {
    let (world, script) = world_with_script();
    let browser = Browser::by(world.address(), &[("username", "admin"), ("password", PASSWORD)]);
    let homes: Vec<Home> =
        ["jq", "python3", "node", "perl"].into_iter().filter_map(Home::with).collect();
    assert!(!homes.is_empty(), "no tool to merge with is installed");
    std::thread::scope(|scope| {
        for home in &homes {
            scope.spawn(|| signs_in(home, &world, &script, &browser));
        }
    });
    let sessions = "select surface from client_sessions where ended_at is null";
    assert!(world.database.sql(sessions).is_empty(), "an undo signs out");
}

fn signs_in(home: &Home, world: &World, script: &str, browser: &Browser) {
    let before = json!({
        "permissions": { "deny": ["WebSearch"] }, "apiKeyHelper": "old-helper",
        "env": { "ANTHROPIC_AUTH_TOKEN": "old", "OTHER": "1" },
    });
    fs::create_dir(home.folder.path().join(".claude")).unwrap();
    fs::write(home.settings(), before.to_string()).unwrap();
    home.sign_in(script, browser);
    let now = read(&home.settings());
    assert_eq!(now["apiKeyHelper"], home.helper().display().to_string());
    assert_eq!(now["env"]["ANTHROPIC_BASE_URL"], format!("http://{}", world.address()));
    assert_eq!(
        (&now["env"]["OTHER"], &now["env"]["ANTHROPIC_AUTH_TOKEN"]),
        (&json!("1"), &Value::Null)
    );
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let kept = home.helper().with_extension("kept");
    assert_eq!((mode(&home.helper()), mode(&kept)), (0o700, 0o600));
    let first = home.token().unwrap();
    let models =
        |token: &str| Request::get("/v1/models").bearer(token).send(world.address()).status;
    assert_eq!(models(&first), 200);
    assert_eq!(home.token().unwrap(), first, "it is good for a while");
    assert!(!fs::read_to_string(home.settings()).unwrap().contains(&first));
    let lines = home.expire();
    let second = home.token().unwrap();
    assert_eq!(models(&second), 200);
    assert_ne!(home.expire()[2], lines[2], "a refresh token is good once");
    home.token().unwrap();
    // An API key instead, and back.
    assert!(home.run(script, &[], KEY).is_done);
    let keyed = read(&home.settings());
    assert_eq!(
        (&keyed["env"]["ANTHROPIC_AUTH_TOKEN"], &keyed["apiKeyHelper"]),
        (&json!(KEY), &Value::Null)
    );
    let refresh = home.expire()[2].clone();
    assert_eq!(form("/oauth/revoke", &[("token", &refresh)]).send(world.address()).status, 200);
    let why = home.token().unwrap_err();
    assert!(why.contains("has ended") && why.contains("--login"), "{why}");
    let said = home.run(script, &["--undo"], "");
    assert!(said.is_done, "{}", said.text);
    assert_eq!(read(&home.settings()), before);
    assert!(!home.helper().exists() && !kept.exists());
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
