//! `ccag doctor` on a developer's machine, with nothing between it and the gateway, and with what spoils it.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::client::Request;
use crate::support::gateway::{ADMIN, KEY};
use crate::support::machine::Machine;
use crate::support::middlebox::{Middlebox, Spoils};
use crate::support::tls::Authority;
use crate::support::upstream::Script;
use crate::support::world::World;

/// A machine whose Claude Code goes to `url`.
fn machine(url: &str) -> Machine {
    let machine = Machine::new();
    let settings = json!({ "env": { "ANTHROPIC_BASE_URL": url, "ANTHROPIC_AUTH_TOKEN": KEY } });
    let folder = machine.home.path().join(".claude");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("settings.json");
    fs::write(&file, settings.to_string()).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(file, private).unwrap();
    machine
}

struct Told(Value);

impl Told {
    #[track_caller]
    fn by(machine: &Machine, code: i32, arguments: &[&str]) -> Self {
        let arguments: Vec<&str> =
            ["doctor", "--json", "--silence", "2"].iter().chain(arguments).copied().collect();
        let said = machine.run(&arguments, "");
        assert_eq!(said.code, Some(code), "{}{}", said.out, said.err);
        assert!(!said.out.contains(KEY) && !said.err.contains(KEY), "the key is shown");
        Self(serde_json::from_str(&said.out).unwrap())
    }

    /// (verdict, what was found) of each check of this name.
    fn of(&self, name: &str) -> Vec<(String, String)> {
        let checks = self.0["checks"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        checks
            .filter(|check| check["name"] == name)
            .map(|check| (text(&check["verdict"]), text(&check["found"])))
            .collect()
    }

    #[track_caller]
    fn has(&self, name: &str, verdict: &str, word: &str) {
        let found = self.of(name);
        let fits = |(is, text): &(String, String)| is == verdict && text.contains(word);
        assert!(found.iter().any(fits), "{name}: {found:?}");
    }
}

#[test]
fn a_good_deployment_passes_every_check() {
    let world = World::start();
    world.upstream.next(Script::reply(200, r#"{"inputTokens":42}"#));
    let machine = machine(&format!("http://{}", world.address()));
    let told = Told::by(&machine, 0, &["--model", "claude-sonnet-4-5"]);
    for name in [
        "base URL",
        "credential",
        "DNS",
        "connection",
        "TLS",
        "health",
        "sign-in",
        "models",
        "count_tokens",
        "message",
        "WAF",
        "version",
        "streaming",
        "idle timeout",
    ] {
        let found = told.of(name);
        assert!(found.iter().all(|(verdict, _)| verdict == "ok"), "{name}: {found:?}");
        assert_eq!(found.len(), 1, "{name}: {found:?}");
    }
    assert_eq!(told.0["verdict"], "ok");
    let spent = world.upstream.count();
    let told = Told::by(&machine, 0, &["--no-message", "--model", "claude-sonnet-4-5"]);
    assert!(told.of("message").is_empty());
    assert_eq!(world.upstream.count(), spent, "nothing was asked of Bedrock");
    let text = machine.done(&["doctor", "--no-message", "--silence", "1"]);
    assert!(text.contains("0 failed") && text.contains("idle timeout"), "{text}");
}

#[test]
fn what_stands_between_is_found_out() {
    let world = World::start();
    let buffering = Middlebox::before(world.address(), Spoils::Buffers);
    let told = Told::by(&machine(&format!("http://{}", buffering.address)), 1, &["--no-message"]);
    told.has("streaming", "fail", "buffers");
    told.has("WAF", "ok", "1 MB");

    let cutting = Middlebox::before(world.address(), Spoils::Cuts(Duration::from_secs(1)));
    let told = Told::by(&machine(&format!("http://{}", cutting.address)), 1, &["--no-message"]);
    told.has("idle timeout", "fail", "cut after 1 s");
    told.has("streaming", "ok", "6 events");

    let blocking = Middlebox::before(world.address(), Spoils::Blocks(8 * 1024));
    let told = Told::by(&machine(&format!("http://{}", blocking.address)), 1, &["--no-message"]);
    told.has("WAF", "ok", "plain text, paths");
    for word in ["with SQL", "with a script", "with 16 KB", "with 1 MB"] {
        told.has("WAF", "fail", word);
    }
    told.has("WAF", "fail", "before the gateway");
}

#[test]
fn what_is_wrong_on_the_machine_is_told() {
    let world = World::start();
    let url = format!("http://{}", world.address());
    let wrong = machine(&url).env("ANTHROPIC_API_KEY", "old").env("CLAUDE_CODE_USE_BEDROCK", "1");
    let wrong = wrong.env("HTTP_PROXY", "http://proxy:3128").env("ANTHROPIC_MODEL", "claude-one");
    let told = Told::by(&wrong, 1, &["--no-message"]);
    told.has("credential", "warn", "ANTHROPIC_AUTH_TOKEN");
    told.has("provider", "fail", "past the gateway");
    told.has("proxy", "warn", "HTTP_PROXY");
    told.has("models", "fail", "claude-one");

    let unknown = Machine::new().env("ANTHROPIC_BASE_URL", &url);
    Told::by(&unknown, 1, &[]).has("sign-in", "fail", "no API key");
    let revoked = unknown.env("CCAG_API_KEY", "sk-ccag-unknown");
    Told::by(&revoked, 1, &[]).has("sign-in", "fail", "401");
    let away = machine("http://127.0.0.1:1");
    Told::by(&away, 1, &[]).has("connection", "fail", "127.0.0.1:1");
    let helped = Machine::new();
    fs::create_dir(helped.home.path().join(".claude")).unwrap();
    let settings =
        json!({ "apiKeyHelper": format!("echo {KEY}"), "env": { "ANTHROPIC_BASE_URL": url } });
    fs::write(helped.home.path().join(".claude/settings.json"), settings.to_string()).unwrap();
    Told::by(&helped, 0, &["--no-message"]).has("sign-in", "ok", "apiKeyHelper");
    Machine::new().fails(&["doctor"], 2, "no gateway is named");
}

#[test]
fn certificates_are_judged_as_claude_code_judges_them() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let issued = authority.issue();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(path("cert.pem"), &issued.chain).unwrap();
    fs::write(path("key.pem"), &issued.key).unwrap();
    fs::write(path("ca.pem"), authority.pem()).unwrap();
    let world = World::with(&[
        ("TLS_CERT", &path("cert.pem")),
        ("TLS_KEY", &path("key.pem")),
        ("TLS_PORT", "0"),
    ]);
    let address = world.gateway.process.said("Listening with TLS.").unwrap();
    let url = format!("https://{address}");
    let told = Told::by(&machine(&url), 1, &["--no-message"]);
    told.has("TLS", "fail", "whom this machine trusts");
    assert!(told.of("health").is_empty(), "no key goes to whom nobody vouches for");
    let trusting = machine(&url).env("NODE_EXTRA_CA_CERTS", &path("ca.pem"));
    let told = Told::by(&trusting, 0, &["--no-message"]);
    told.has("TLS", "ok", "TLS 1.3");
    told.has("streaming", "ok", "6 events");
}

#[test]
fn probes_are_bounded_and_need_a_credential() {
    let world = World::start();
    let probe = |query: &str| Request::get(&format!("/v1/probe?{query}"));
    probe("events=1&pause_ms=0").send(world.address()).assert_error(401, "authentication_error");
    for query in
        ["events=0&pause_ms=1", "events=21&pause_ms=1", "events=2&pause_ms=600001", "events=2"]
    {
        let refused = probe(query).x_api_key(KEY).send(world.address());
        refused.assert_error(400, "invalid_request_error");
    }
    let mut events = probe("events=3&pause_ms=1").x_api_key(KEY).open(world.address());
    assert_eq!(events.head.header("content-type"), Some("text/event-stream"));
    assert_eq!(events.events().len(), 3);
    let running: Vec<_> = (0..16)
        .filter_map(|_| {
            let open = probe("events=2&pause_ms=600000").x_api_key(KEY).open(world.address());
            (open.status() == 200).then_some(open)
        })
        .collect();
    assert!(running.len() <= 16 && running.len() >= 8, "{}", running.len());
    let refused = (0..64).any(|_| {
        let next = probe("events=2&pause_ms=600000").x_api_key(KEY).open(world.address());
        next.status() == 429
    });
    assert!(refused, "probes are not bounded");
    assert_ne!(ADMIN, KEY);
}
