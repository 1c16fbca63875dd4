//! Runs PostgreSQL's programs through the launcher, as the account that they must run as.

use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::{Gid, Pid, Uid, User, geteuid};

use super::error::{During, EmbeddedError};
use super::launcher::{self, Account};

/// How long a program that only answers a question may take.
pub(super) const QUESTION: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(3);

/// How to start a program of PostgreSQL.
#[derive(Debug, Clone)]
pub(super) struct Launch {
    pub(super) launcher: PathBuf,
    /// The account to drop to; `None` where the gateway is no root and its own will do.
    pub(super) account: Option<Account>,
}

impl Launch {
    /// A command for `program` in its own process group, which gets `on_death` when the thread that
    /// spawns it ends.
    pub(super) fn command(&self, program: &Path, on_death: Signal) -> Command {
        let mut command = Command::new(&self.launcher);
        command
            .args(launcher::arguments(std::process::id(), on_death, self.account))
            .arg(program)
            .stdin(Stdio::null())
            .process_group(0);
        command
    }

    /// Gives `path` to the account that PostgreSQL runs as.
    pub(super) fn hand_over(&self, path: &Path) -> Result<(), EmbeddedError> {
        match self.account {
            Some(Account { uid, gid }) => {
                std::os::unix::fs::lchown(path, Some(uid.as_raw()), Some(gid.as_raw()))
                    .during("change the owner of", path)
            }
            None => Ok(()),
        }
    }

    /// Checks that the account may enter each directory down to `path`, which must be absolute.
    ///
    /// The account itself tries, so that access lists and mount options count too.
    pub(super) fn reaches(&self, path: &Path) -> Result<(), EmbeddedError> {
        let Some(account) = self.account else {
            return Ok(());
        };
        let mut command = self.command(Path::new("/bin/sh"), Signal::SIGKILL);
        command.args(["-c", r#"for d; do test -x "$d" || { printf %s "$d"; exit 1; }; done"#]);
        command.arg("sh");
        let mut ancestors: Vec<&Path> = path.ancestors().collect();
        ancestors.reverse();
        command.args(ancestors);
        let output = run_within(&mut command, QUESTION).during("check access to", path)?;
        if output.status.success() || output.stdout.is_empty() {
            return Ok(());
        }
        Err(EmbeddedError::Unreachable {
            directory: std::ffi::OsString::from_vec(output.stdout).into(),
            uid: account.uid.as_raw(),
        })
    }
}

/// The account for the server of `cluster`: for root the owner of the data, else `postgres`, else
/// `nobody`; for anybody else `None`, that is, their own.
pub(super) fn account(data_dir: &Path, cluster: &Path) -> Result<Option<Account>, EmbeddedError> {
    let owner = |path: &Path| path.metadata().ok().map(|m| (m.uid(), m.gid()));
    let me = geteuid();
    if !me.is_root() {
        return match owner(cluster) {
            Some((owner, _)) if owner != me.as_raw() => {
                Err(EmbeddedError::NotOurs { path: cluster.to_path_buf(), owner })
            }
            Some(_) => Ok(None),
            None => named(me).map(|_| None).ok_or(EmbeddedError::Nameless { uid: me.as_raw() }),
        };
    }
    if let Some((uid, gid)) = owner(cluster).filter(|(uid, _)| *uid != 0) {
        return Ok(Some(Account { uid: Uid::from_raw(uid), gid: Gid::from_raw(gid) }));
    }
    let of_data =
        owner(data_dir).filter(|(uid, _)| *uid != 0).and_then(|(uid, _)| named(Uid::from_raw(uid)));
    let by_name = |name| User::from_name(name).ok().flatten();
    of_data
        .or_else(|| by_name("postgres"))
        .or_else(|| by_name("nobody"))
        .map(|user| Some(Account { uid: user.uid, gid: user.gid }))
        .ok_or(EmbeddedError::NoAccount)
}

fn named(uid: Uid) -> Option<User> {
    User::from_uid(uid).ok().flatten()
}

/// Runs a command that says little (a pipe holds it) and kills its process group at the deadline.
pub(super) fn run_within(command: &mut Command, limit: Duration) -> io::Result<Output> {
    let started = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    while child.try_wait()?.is_none() {
        if started.elapsed() > limit {
            if let Ok(group) = i32::try_from(child.id()) {
                let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
            }
            child.kill()?;
            child.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        sleep(POLL);
    }
    child.wait_with_output()
}
