//! A developer's machine: a home of its own, in which `ccag` is run.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::gateway::ADMIN;
use super::world::World;

/// The machine; its home goes when it is dropped.
pub(crate) struct Machine {
    pub(crate) home: TempDir,
    environment: Vec<(String, String)>,
}

/// What a command said, and its exit code.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { home: tempfile::tempdir().unwrap(), environment: Vec::new() }
    }

    /// With a further variable in its environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where `ccag login` keeps what it got.
    pub(crate) fn kept(&self) -> PathBuf {
        self.home.path().join(".config/ccag/credentials.json")
    }

    /// Starts `ccag` and waits for nothing.
    pub(crate) fn begin(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_ccag"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Said {
        let mut child = self.begin(arguments);
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments, "");
        assert_eq!(said.code, Some(0), "{arguments:?}: {}{}", said.out, said.err);
        assert!(!said.out.contains(ADMIN), "the admin key is shown: {}", said.out);
        said.out
    }

    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.done(&arguments)).unwrap()
    }

    #[track_caller]
    pub(crate) fn fails(&self, arguments: &[&str], code: i32, word: &str) {
        let said = self.run(arguments, "");
        assert_eq!(said.code, Some(code), "{arguments:?}: {}{}", said.out, said.err);
        assert!(said.err.contains(word), "{arguments:?}: {}", said.err);
    }

    /// Signs in with the admin key.
    #[track_caller]
    pub(crate) fn sign_in(&self, world: &World) -> String {
        let url = format!("http://{}", world.address());
        let said = self.run(&["login", &url, "--admin-key"], &format!("{ADMIN}\n"));
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(said.out.contains("admin key (admin)"), "{}", said.out);
        url
    }
}
