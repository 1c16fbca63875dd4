//! A PostgreSQL server of a story's own, whose processes the story may freeze and end.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use ccag::storage::embedded::{self, Cluster, Options};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio_postgres::Config;

/// The server; it ends when dropped.
pub(crate) struct Postgres {
    cluster: Cluster,
    _folder: TempDir,
}

impl Postgres {
    /// A server with an empty database of this name.
    pub(crate) fn start(database: &str) -> Self {
        let folder = tempfile::Builder::new()
            .permissions(fs::Permissions::from_mode(0o711))
            .tempdir()
            .unwrap();
        let cluster = embedded::start(&Options {
            data_dir: folder.path().join("data"),
            launcher: env!("CARGO_BIN_EXE_ccag").into(),
            database: database.to_owned(),
            start_timeout: Duration::from_secs(60),
            durable: false,
        })
        .unwrap();
        Self { cluster, _folder: folder }
    }

    /// How to connect as the server's owner.
    pub(crate) fn connection(&self) -> Config {
        self.cluster.connection()
    }

    /// Stops every process of the server where it is, until the value is dropped. Connections stay open,
    /// and new ones are taken by the kernel.
    #[must_use]
    pub(crate) fn freeze(&self) -> Frozen {
        let server = self.cluster.pid();
        signal(server, Signal::SIGSTOP);
        // The server itself stands still by now, so there will be no further ones.
        let mut pids = children(server);
        pids.iter().for_each(|pid| signal(*pid, Signal::SIGSTOP));
        pids.push(server);
        Frozen(pids)
    }

    /// Ends the server as an operator would.
    pub(crate) fn stop(&mut self) {
        self.cluster.stop();
    }

    /// Starts it again.
    pub(crate) fn start_again(&mut self) {
        self.cluster.restart().unwrap();
    }
}

/// A server that stands still.
pub(crate) struct Frozen(Vec<u32>);

impl Drop for Frozen {
    fn drop(&mut self) {
        self.0.iter().for_each(|pid| signal(*pid, Signal::SIGCONT));
    }
}

fn signal(pid: u32, signal: Signal) {
    // A process that has ended meanwhile needs none.
    let _ = kill(Pid::from_raw(pid.try_into().unwrap()), signal);
}

/// The processes that `parent` has started.
fn children(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // `pid (name) state parent …`, and a name may hold anything.
        let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        Some((pid, parent))
    });
    processes.filter(|(_, of)| *of == parent).map(|(pid, _): (u32, u32)| pid).collect()
}
