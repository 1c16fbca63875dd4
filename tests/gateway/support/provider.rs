//! A real OpenID provider (`tests/oidc/provider.mjs`), with a browser before it that needs no screen, and a
//! lever for each way in which providers misbehave.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::browser::{Browser, cookie};
use super::client::{Reply, Request};
use super::until;
use super::world::World;

/// Where the gateways of these stories say that they are; nobody goes there.
pub(crate) const PUBLIC_URL: &str = "http://127.0.0.1:9";
/// What the provider calls the gateway: dots, as Google's have them.
pub(crate) const CLIENT: &str = "ccag.apps.example";
const SECRET: &str = "a secret with: signs & spaces";

/// A provider that runs; ends with the value.
pub(crate) struct Provider {
    child: Child,
    // Closed, it would end the provider at its next word.
    _output: BufReader<ChildStdout>,
    pub(crate) issuer: String,
    control: String,
}

impl Provider {
    /// Starts one; `None` where npm or node are not there.
    pub(crate) fn start() -> Option<Self> {
        let folder = installed()?;
        let mut child = Command::new("node")
            .arg(folder.join("provider.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).expect("the provider says where it listens");
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Some(Self { child, _output: output, issuer: text("issuer"), control: text("control") })
    }

    /// Pulls a lever.
    #[track_caller]
    fn pull(&self, lever: &str, with: &Value) -> Value {
        let reply = Request::post(lever).body(with.to_string()).send(&self.control);
        assert_eq!(reply.status, 200, "{lever}: {}", reply.text());
        reply.json()
    }

    /// Has the next ID tokens misbehave so.
    pub(crate) fn twist(&self, how: &str) {
        self.pull("/twist", &json!({ "how": how }));
    }

    /// Takes a new key in the place of the old one.
    pub(crate) fn rotate(&self) {
        self.pull("/rotate", &json!({}));
    }

    /// What the provider says of somebody.
    pub(crate) fn account(&self, claims: &Value) {
        self.pull("/account", claims);
    }

    /// An ID token with these claims.
    pub(crate) fn mint(&self, claims: &Value) -> String {
        self.pull("/mint", claims)["token"].as_str().unwrap().to_owned()
    }

    /// Signs in at the provider's page, and gives the path that the browser is sent back to.
    pub(crate) fn browse(&self, url: &str, login: &str) -> String {
        let back = self.pull("/browse", &json!({ "url": url, "login": login }));
        let back = back["url"].as_str().unwrap().to_owned();
        back.strip_prefix(PUBLIC_URL).unwrap_or_else(|| panic!("sent to {back}")).to_owned()
    }

    /// The environment that has a gateway use this provider.
    pub(crate) fn environment(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("PUBLIC_URL", PUBLIC_URL),
            ("OIDC_ISSUER", &self.issuer),
            ("OIDC_CLIENT_ID", CLIENT),
            ("OIDC_CLIENT_SECRET", SECRET),
            ("OIDC_NAME", "Example Ltd"),
        ]
    }

    /// A world whose gateway uses this provider, and further variables.
    #[track_caller]
    pub(crate) fn world(&self, further: &[(&str, &str)]) -> World {
        let environment: Vec<_> =
            self.environment().into_iter().chain(further.iter().copied()).collect();
        let world = World::with(&environment);
        until("the provider is offered", || button(world.address()).map(drop));
        world
    }

    /// Begins a sign-in: the cookie and the provider's page.
    #[track_caller]
    pub(crate) fn begin(&self, address: &str, next: &str) -> (String, String) {
        let button = until("the provider is offered", || button(address));
        let path = button.split('?').next().unwrap();
        let reply = until("the provider is reached", || {
            let reply = Request::get(&format!("{path}?next={next}")).send(address);
            (reply.status == 303).then_some(reply)
        });
        let begun = cookie(&reply, "ccag_sign_in").expect("what was begun");
        assert!(reply.header("location").starts_with(&self.issuer));
        (begun, reply.header("location").to_owned())
    }

    /// Signs somebody in from begin to end, and gives the gateway's last reply.
    #[track_caller]
    pub(crate) fn sign_in(&self, address: &str, login: &str) -> Reply {
        let (begun, url) = self.begin(address, "%2Fportal%2Foverview");
        let back = self.browse(&url, login);
        Request::get(&back).header("cookie", &begun).send(address)
    }

    /// A browser in which somebody is signed in.
    #[track_caller]
    pub(crate) fn browser(&self, address: &str, login: &str) -> Browser {
        let reply = self.sign_in(address, login);
        assert_eq!(reply.status, 303, "{}", reply.text());
        let cookie = cookie(&reply, "ccag_session").expect("a session's cookie");
        Browser { address: address.to_owned(), cookie }
    }
}

/// Where the button of the first provider leads.
pub(crate) fn button(address: &str) -> Option<String> {
    let page = Request::get("/portal/sign-in").send(address).text();
    let (_, rest) = page.split_once("class=\"button\" href=\"")?;
    rest.split('"').next().map(str::to_owned)
}

impl Drop for Provider {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The folder that the provider is installed in.
fn installed() -> Option<PathBuf> {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let is_there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let is_installed = *INSTALLED.get_or_init(|| {
        is_there("npm") && is_there("node") && {
            let install = Command::new(here.join("tests/oidc/install")).output().unwrap();
            assert!(install.status.success(), "{}", String::from_utf8_lossy(&install.stderr));
            true
        }
    });
    if !is_installed {
        eprintln!("Skipped: the provider needs npm and node, which are not installed here.");
    }
    is_installed.then(|| here.join("target/oidc"))
}
