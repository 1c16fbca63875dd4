//! What an earlier server may have left in the cluster, and what the present one says there.
//!
//! The caller holds the lock of the data directory, so whatever is found is nobody's.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::error::{During, EmbeddedError};

/// How long an orphaned server may take to stop.
const ORPHAN: Duration = Duration::from_secs(15);

/// Ends a server that outlived its gateway, and keeps its pid file from stopping a new one.
pub(super) fn settle(cluster: &Path) -> Result<(), EmbeddedError> {
    let file = pid_file(cluster);
    if let Some(pid) = named_in(&file)
        && serves(pid, cluster)
    {
        stop(pid, cluster)?;
    }
    match named_in(&file) {
        Some(pid) if process(pid).exists() => disown(&file),
        None if file.exists() => fs::remove_file(&file).during("remove", &file),
        _ => Ok(()),
    }
}

/// True where the server `pid` has written that it takes connections.
pub(super) fn is_ready(cluster: &Path, pid: u32) -> bool {
    let text = fs::read_to_string(pid_file(cluster)).unwrap_or_default();
    let mut lines = text.lines().map(str::trim);
    lines.next() == Some(pid.to_string().as_str()) && lines.nth(6) == Some("ready")
}

fn pid_file(cluster: &Path) -> PathBuf {
    cluster.join("postmaster.pid")
}

/// The process id in the first line.
fn named_in(pid_file: &Path) -> Option<i32> {
    let text = fs::read_to_string(pid_file).ok()?;
    text.lines().next()?.trim().parse().ok()
}

fn process(pid: i32) -> PathBuf {
    PathBuf::from(format!("/proc/{pid}"))
}

/// True where `pid` is a server of this cluster: it works in its directory.
fn serves(pid: i32, cluster: &Path) -> bool {
    let name = fs::read_to_string(process(pid).join("comm")).unwrap_or_default();
    let place = fs::read_link(process(pid).join("cwd"));
    name.trim() == "postgres" && place.is_ok_and(|place| place == cluster)
}

fn stop(pid: i32, cluster: &Path) -> Result<(), EmbeddedError> {
    let started = Instant::now();
    let _ = kill(Pid::from_raw(pid), Signal::SIGINT);
    while serves(pid, cluster) {
        if started.elapsed() > ORPHAN {
            return Err(EmbeddedError::Orphan { pid });
        }
        sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// The pid is a zombie's or another program's by now, and a new server would take that for a sister.
/// It ignores the pid of its parent, which we are; the rest of the file stays, because by it the
/// server sees whether processes of the dead one still use its memory.
fn disown(file: &Path) -> Result<(), EmbeddedError> {
    let text = fs::read_to_string(file).during("read", file)?;
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(file, format!("{}\n{rest}", std::process::id())).during("write", file)
}
