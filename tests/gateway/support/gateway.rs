//! The gateway as a child process: its environment, its log, its end.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use super::client::{Reply, Request};
use super::until;

/// The key that every gateway of the stories starts with.
pub(crate) const KEY: &str = "sk-ccag-stories-0123456789abcdefghijklmnopqrstuv";
/// The key of the operations' routes.
pub(crate) const ADMIN: &str = "stories-admin-0123456789abcdefghijklmnopqrstuv";

/// What a gateway is started with; several may be started from one.
#[derive(Clone)]
pub(crate) struct Setup {
    environment: BTreeMap<String, String>,
    data: Arc<TempDir>,
    /// What a file may hold, in bytes.
    disk: Option<u64>,
}

impl Setup {
    /// The environment of the stories: short pauses, one database, one upstream.
    pub(crate) fn new(database: &str, upstream: &str) -> Self {
        let setup = Self::exactly(BTreeMap::new());
        let bedrock = format!("http://{upstream}");
        [
            ("PROXY_HOST", "127.0.0.1"),
            ("PROXY_PORT", "0"),
            ("LOG_FORMAT", "json"),
            ("RUST_LOG", "info"),
            ("DATABASE_URL", database),
            ("BOOTSTRAP_API_KEY", KEY),
            ("ADMIN_API_KEY", ADMIN),
            ("PRICING_REFRESH_ENABLED", "false"),
            ("ENDPOINT_PROBE_INTERVAL", "0"),
            ("UPSTREAM_DRAIN_TIMEOUT_MS", "200"),
            ("WORKERS", "2"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "AKIASTORIES000000001"),
            ("AWS_SECRET_ACCESS_KEY", "storiesSecret/0123456789abcdefghijklmnop"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", &bedrock),
            ("AWS_ENDPOINT_URL_BEDROCK", &bedrock),
        ]
        .into_iter()
        .fold(setup, |setup, (name, value)| setup.env(name, value))
    }

    /// Exactly these variables, and a folder for the journal.
    pub(crate) fn exactly(environment: BTreeMap<String, String>) -> Self {
        let data = Arc::new(tempfile::tempdir().unwrap());
        Self { environment, data, disk: None }.own_folder()
    }

    fn own_folder(self) -> Self {
        let folder = self.data.path().display().to_string();
        self.env("CCAG_DATA_DIR", &folder).env("HOME", &folder)
    }

    /// The same settings with a journal of its own, for a second instance.
    pub(crate) fn another(&self) -> Self {
        let mut other = self.clone();
        other.data = Arc::new(tempfile::tempdir().unwrap());
        other.own_folder()
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// With files that take so many bytes at the most, as on a disk that is full.
    pub(crate) fn with_disk(mut self, bytes: u64) -> Self {
        self.disk = Some(bytes);
        self
    }

    fn command(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_ccag");
        let Some(bytes) = self.disk else { return Command::new(binary) };
        // A write beyond the limit fails where the signal is ignored, and kills where not.
        let limited = r#"trap '' XFSZ; exec prlimit --fsize="$0":unlimited "$@""#;
        let mut command = Command::new("sh");
        command.args(["-c", limited, &bytes.to_string(), binary]);
        command
    }

    /// Starts `ccag` with these arguments and waits for nothing.
    pub(crate) fn run(&self, arguments: &[&str]) -> Process {
        let mut child = self
            .command()
            .args(arguments)
            .env_clear()
            .envs(&self.environment)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let log = Arc::new(Mutex::new(Vec::new()));
        let readers = vec![
            collect(child.stdout.take().unwrap(), &log),
            collect(child.stderr.take().unwrap(), &log),
        ];
        Process { child, log, readers, data: Arc::clone(&self.data) }
    }

    /// Starts `ccag serve` and waits until it listens.
    #[track_caller]
    pub(crate) fn start(&self) -> Gateway {
        let mut process = self.run(&["serve"]);
        let address = until("the gateway listens", || {
            if let Some(status) = process.child.try_wait().unwrap() {
                panic!("the gateway ended at once: {status}");
            }
            process.listening()
        });
        Gateway { process, address }
    }
}

/// The address in a line with this message.
fn address(line: &str, message: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = [&line, &line["fields"]];
    let text = |name: &str| fields.iter().find_map(|at| at[name].as_str());
    (text("message")? == message).then(|| text("address"))?.map(str::to_owned)
}

pub(crate) fn collect(
    from: impl Read + Send + 'static,
    into: &Arc<Mutex<Vec<String>>>,
) -> JoinHandle<()> {
    let into = Arc::clone(into);
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            into.lock().unwrap().push(line);
        }
    })
}

/// A running `ccag`; killed when dropped, its log shown when the story failed.
pub(crate) struct Process {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    readers: Vec<JoinHandle<()>>,
    data: Arc<TempDir>,
}

impl Process {
    /// Everything said so far on both outputs.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Its data directory.
    pub(crate) fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// Where it listens, once it has said so.
    pub(crate) fn listening(&self) -> Option<String> {
        self.said("Listening.")
    }

    /// The address that a line with this message tells, once there is one.
    pub(crate) fn said(&self, message: &str) -> Option<String> {
        self.lines().iter().find_map(|line| address(line, message))
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Lets its files grow again.
    pub(crate) fn lift_disk_limit(&self) {
        let id = self.child.id().to_string();
        let lifted = Command::new("prlimit").args(["--pid", &id, "--fsize=unlimited"]).status();
        assert!(lifted.unwrap().success());
    }

    pub(crate) fn terminate(&self) {
        let id = Pid::from_raw(self.child.id().try_into().unwrap());
        kill(id, Signal::SIGTERM).unwrap();
    }

    /// `kill -9`, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end, and for all that was said before it.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = until("the gateway ends", || self.child.try_wait().unwrap());
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        status
    }

    /// True while it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            eprintln!("--- log of the gateway {}", self.child.id());
            for line in self.lines() {
                eprintln!("{line}");
            }
        }
    }
}

/// A gateway that listens.
pub(crate) struct Gateway {
    pub(crate) process: Process,
    pub(crate) address: String,
}

impl Gateway {
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        Request::get("/admin/status").bearer(ADMIN).send(&self.address).json()
    }

    /// The status of one actor.
    pub(crate) fn actor(&self, name: &str) -> Option<Value> {
        let status = self.status();
        let mut actors = status["actors"].as_array()?.iter();
        actors.find(|actor| actor["name"] == name).cloned()
    }

    /// Makes an actor panic.
    #[track_caller]
    pub(crate) fn crash(&self, actor: &str) -> Reply {
        self.crashing(actor).send(&self.address)
    }

    /// The request that makes an actor panic.
    pub(crate) fn crashing(&self, actor: &str) -> Request {
        Request::post(&format!("/admin/chaos/{actor}")).bearer(ADMIN)
    }

    /// One metric's value, by its name and labels as they stand in the exposition.
    pub(crate) fn metric(&self, name: &str) -> Option<f64> {
        let page = Request::get("/metrics").bearer(ADMIN).send(&self.address);
        page.text().lines().find_map(|line| {
            let value = line.strip_prefix(name)?.strip_prefix(' ')?;
            value.parse().ok()
        })
    }

    /// Memory in use, in bytes.
    pub(crate) fn resident(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:"));
        let kilobytes = line.unwrap().split_whitespace().nth(1).unwrap();
        kilobytes.parse::<u64>().unwrap() * 1024
    }
}
