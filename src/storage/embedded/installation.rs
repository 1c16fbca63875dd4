//! Finds the server's programs: installed ones first, then the fetched one.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::directories::personal_dir;
use super::error::EmbeddedError;
use super::fetch;
use super::launch::{Launch, QUESTION, run_within};

/// The oldest major version whose `initdb` and settings fit.
const OLDEST: u32 = 14;

/// Where to look for servers.
#[derive(Debug, Clone)]
pub struct Search {
    /// Directories that hold a server's programs, the best first.
    pub directories: Vec<PathBuf>,
    /// The value of `PATH`: searched for further servers, and for the `python3` that fetches one.
    pub path: OsString,
    /// The cache that keeps a fetched server; `None` where none may be fetched.
    pub cache: Option<PathBuf>,
}

impl Search {
    /// The places where packages put servers, `PATH`, and the user's cache.
    #[must_use]
    pub fn system() -> Self {
        let debian = numbered("/usr/lib/postgresql", "");
        let red_hat = numbered("/usr", "pgsql-");
        let mut found: Vec<(u32, PathBuf)> = debian.chain(red_hat).collect();
        found.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        Self {
            directories: found.into_iter().map(|(_, dir)| dir.join("bin")).collect(),
            path: std::env::var_os("PATH").unwrap_or_default(),
            cache: personal_dir("XDG_CACHE_HOME", ".cache", "/var/cache"),
        }
    }

    /// The programs for the data of major version `wanted`, or for new data.
    pub(super) fn installation(
        &self,
        wanted: Option<&str>,
        cluster: &Path,
        launch: &Launch,
    ) -> Result<Installation, EmbeddedError> {
        let in_path = std::env::split_paths(&self.path);
        let cached = self.cache.as_deref().map(fetch::programs);
        let mut found: Vec<Installation> = Vec::new();
        for bin in self.directories.iter().cloned().chain(in_path).chain(cached) {
            match Installation::in_directory(bin, launch) {
                Some(one) if wanted.is_none_or(|w| one.major.to_string() == w) => return Ok(one),
                other => found.extend(other),
            }
        }
        let mismatch = |wanted: &str| EmbeddedError::VersionMismatch {
            cluster: cluster.to_path_buf(),
            wanted: wanted.to_owned(),
            found: listed(&found),
        };
        if let Some(wanted) = wanted.filter(|wanted| *wanted != fetch::MAJOR) {
            return Err(mismatch(wanted));
        }
        let bin =
            fetch::fetch(self.cache.as_deref(), &self.path).map_err(|fetch| match wanted {
                Some(wanted) if !found.is_empty() => mismatch(wanted),
                _ => EmbeddedError::NoServer { fetch },
            })?;
        launch.reaches(&bin)?;
        Installation::in_directory(bin, launch).ok_or_else(|| EmbeddedError::NoServer {
            fetch: "the fetched one does not run on this system".to_owned(),
        })
    }
}

/// Directories `<parent>/<prefix><major version>`.
fn numbered(parent: &str, prefix: &str) -> impl Iterator<Item = (u32, PathBuf)> {
    let prefix = prefix.to_owned();
    fs::read_dir(parent).into_iter().flatten().flatten().filter_map(move |entry| {
        let name = entry.file_name();
        let major = name.to_str()?.strip_prefix(&prefix)?.parse().ok()?;
        Some((major, entry.path()))
    })
}

fn listed(found: &[Installation]) -> String {
    if found.is_empty() {
        return "no server is installed".to_owned();
    }
    let each: Vec<String> =
        found.iter().map(|one| format!("{} in {}", one.major, one.bin.display())).collect();
    format!("the servers found are {}", each.join(", "))
}

/// A directory of programs that run here.
#[derive(Debug, Clone)]
pub(super) struct Installation {
    bin: PathBuf,
    major: u32,
}

impl Installation {
    /// Asks the server in `bin` for its version, as the account that it would run as.
    fn in_directory(bin: PathBuf, launch: &Launch) -> Option<Self> {
        if !bin.is_absolute() || !bin.join("initdb").is_file() {
            return None;
        }
        let mut command = launch.command(&bin.join("postgres"), Signal::SIGKILL);
        let output = run_within(command.arg("--version"), QUESTION).ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        (output.status.success() && major >= OLDEST).then_some(Self { bin, major })
    }

    pub(super) fn program(&self, name: &str) -> PathBuf {
        self.bin.join(name)
    }
}

/// Reads `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `18beta1` and the like.
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read() {
        for (line, expected) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(15)),
            ("postgres (PostgreSQL) 18.6\n", Some(18)),
            ("postgres (PostgreSQL) 19beta1", Some(19)),
            ("postgres: not found", None),
            ("", None),
        ] {
            assert_eq!(major(line), expected, "{line}");
        }
    }
}
