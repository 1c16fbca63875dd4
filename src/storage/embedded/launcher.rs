//! The hidden subcommand that becomes a PostgreSQL program.
//!
//! What a child must do between fork and exec (drop root, ask for a signal when its parent dies)
//! needs `unsafe` in the parent. This process has one thread and is its own child: it does the same
//! with safe calls and then execs, so its pid is PostgreSQL's.

use std::convert::Infallible;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use nix::errno::Errno;
use nix::sys::signal::Signal;
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Gid, Uid, getppid, setgid, setuid};
use thiserror::Error;

/// The first argument that selects the launcher; `main` looks at it before anything else.
pub const SUBCOMMAND: &str = "postgres-launcher";

/// The account to become: user and group id, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
}

/// Why the launcher could not become the program.
#[derive(Debug, Error)]
pub enum LauncherError {
    /// The arguments are not those that the gateway passes.
    #[error("this subcommand is started by ccag itself and not by hand")]
    Usage,
    /// The gateway ended before the program could be tied to it.
    #[error("the process that started it is gone")]
    Orphaned,
    /// The kernel refused to change the account or to set the signal.
    #[error("{0}: {1}")]
    Refused(&'static str, Errno),
    /// The program could not be executed.
    #[error("cannot execute {0}: {1}")]
    Exec(PathBuf, io::Error),
}

/// The command line of the launcher, before the arguments of the program itself.
pub(super) fn arguments(parent: u32, on_death: Signal, account: Option<Account>) -> [OsString; 4] {
    let account = account.map_or_else(|| "-".to_owned(), |a| format!("{}:{}", a.uid, a.gid));
    [SUBCOMMAND.into(), parent.to_string().into(), on_death.as_str().into(), account.into()]
}

/// Sets this process up as the arguments after [`SUBCOMMAND`] say and becomes the program.
///
/// # Errors
/// A [`LauncherError`]; on success it does not return.
pub fn run(mut arguments: impl Iterator<Item = OsString>) -> Result<Infallible, LauncherError> {
    let mut word = || arguments.next()?.into_string().ok();
    let parent: i32 = parsed(word())?;
    let on_death: Signal = parsed(word())?;
    let account = word().ok_or(LauncherError::Usage)?;
    let program = PathBuf::from(arguments.next().ok_or(LauncherError::Usage)?);
    if account != "-" {
        become_account(&account)?;
    }
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
    // A change of credentials clears this setting, so it comes after.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_pdeathsig(on_death)
        .map_err(|error| LauncherError::Refused("set the parent-death signal", error))?;
    if getppid().as_raw() != parent {
        return Err(LauncherError::Orphaned);
    }
    let error = Command::new(&program)
        .args(arguments)
        .current_dir("/")
        .env_clear()
        .envs([("PATH", "/usr/bin:/bin"), ("LC_ALL", "C"), ("TZ", "UTC")])
        .exec();
    Err(LauncherError::Exec(program, error))
}

fn parsed<T: std::str::FromStr>(word: Option<String>) -> Result<T, LauncherError> {
    word.and_then(|word| word.parse().ok()).ok_or(LauncherError::Usage)
}

fn become_account(account: &str) -> Result<(), LauncherError> {
    let (uid, gid) = account.split_once(':').ok_or(LauncherError::Usage)?;
    let uid = Uid::from_raw(parsed(Some(uid.to_owned()))?);
    let gid = Gid::from_raw(parsed(Some(gid.to_owned()))?);
    #[cfg(target_os = "linux")]
    nix::unistd::setgroups(&[gid])
        .map_err(|error| LauncherError::Refused("set the groups", error))?;
    setgid(gid).map_err(|error| LauncherError::Refused("change the group", error))?;
    setuid(uid).map_err(|error| LauncherError::Refused("change the user", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_typed_command_line_is_refused() {
        for line in ["", "1", "1 SIGINT", "1 SIGINT -", "x SIGINT - true", "1 INT - true"] {
            let words = line.split_whitespace().map(OsString::from);
            assert!(matches!(run(words), Err(LauncherError::Usage)), "{line}");
        }
    }
}
