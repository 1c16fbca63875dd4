//! The data directory: where things lie in it, who may enter it, and the lock that keeps a second
//! gateway out.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::unistd::geteuid;
use secrecy::SecretString;

use super::error::{During, EmbeddedError};
use super::launch::Launch;
use crate::domain::hex;

/// A larger log is emptied at the next start, in bytes.
const LOG_LIMIT: u64 = 10 * 1024 * 1024;
const PASSWORD_BYTES: usize = 24;

/// The parts of a data directory.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    /// The data directory itself, absolute and without symbolic links.
    pub(super) root: PathBuf,
    /// PostgreSQL's own directory.
    pub(super) cluster: PathBuf,
    /// Where a cluster is made before it gets its name.
    pub(super) nursery: PathBuf,
    pub(super) log: PathBuf,
    password: PathBuf,
    lock: PathBuf,
}

impl Layout {
    /// Makes the data directory where it does not exist yet.
    pub(super) fn prepare(data_dir: &Path) -> Result<Self, EmbeddedError> {
        DirBuilder::new()
            .recursive(true)
            .mode(if geteuid().is_root() { 0o711 } else { 0o700 })
            .create(data_dir)
            .during("create", data_dir)?;
        let root = fs::canonicalize(data_dir).during("open", data_dir)?;
        Ok(Self {
            cluster: root.join("postgres"),
            nursery: root.join("postgres.new"),
            log: root.join("postgres.log"),
            password: root.join("postgres.password"),
            lock: root.join("postgres.lock"),
            root,
        })
    }

    /// Takes the lock; it is held until the file is dropped, or the process ends in any way.
    pub(super) fn lock(&self) -> Result<File, EmbeddedError> {
        let mut file = private().read(true).open(&self.lock).during("open", &self.lock)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = (&mut file).take(16).read_to_string(&mut pid);
                return Err(EmbeddedError::InUse {
                    directory: self.root.clone(),
                    pid: pid.trim().parse().ok(),
                });
            }
            Err(fs::TryLockError::Error(error)) => return Err(error).during("lock", &self.lock),
        }
        file.set_len(0)
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .during("write", &self.lock)?;
        Ok(file)
    }

    /// Lets the account of the server through the data directory, whose parts are private each.
    pub(super) fn open_for(&self, launch: &Launch) -> Result<(), EmbeddedError> {
        if launch.account.is_none() {
            return Ok(());
        }
        let metadata = self.root.metadata().during("open", &self.root)?;
        let mode = metadata.mode();
        if metadata.uid() == 0 && mode & 0o001 == 0 {
            fs::set_permissions(&self.root, Permissions::from_mode(mode | 0o001))
                .during("set the mode of", &self.root)?;
        }
        launch.reaches(&self.root)
    }

    /// Makes a new password and keeps it, for the owner's eyes only.
    pub(super) fn new_password(&self) -> Result<String, EmbeddedError> {
        let mut random = [0; PASSWORD_BYTES];
        let source = Path::new("/dev/urandom");
        File::open(source)
            .and_then(|mut file| file.read_exact(&mut random))
            .during("read", source)?;
        let password = hex::encode(&random);
        let mut file =
            private().truncate(true).open(&self.password).during("open", &self.password)?;
        file.write_all(password.as_bytes())
            .and_then(|()| file.sync_all())
            .during("write", &self.password)?;
        Ok(password)
    }

    /// The password of the cluster.
    pub(super) fn password(&self) -> Result<SecretString, EmbeddedError> {
        fs::read_to_string(&self.password)
            .ok()
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .map(SecretString::from)
            .ok_or_else(|| EmbeddedError::NoPassword { path: self.password.clone() })
    }

    /// Opens the log to append to, emptied where it has grown too large.
    pub(super) fn open_log(&self) -> Result<File, EmbeddedError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true).mode(0o600);
        let file = options.open(&self.log).during("open", &self.log)?;
        if file.metadata().is_ok_and(|m| m.len() > LOG_LIMIT) {
            file.set_len(0).during("empty", &self.log)?;
        }
        Ok(file)
    }
}

/// Options that create a file which only its owner may read and write.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    options
}

/// Writes a file for the account of the server alone.
pub(super) fn write_for(launch: &Launch, path: &Path, text: &str) -> Result<(), EmbeddedError> {
    let mut file = private().create_new(true).open(path).during("create", path)?;
    file.write_all(text.as_bytes()).during("write", path)?;
    launch.hand_over(path)
}

/// Makes a directory that only the account of the server may enter, or takes the one from before.
pub(super) fn private_dir(path: PathBuf, launch: &Launch) -> Result<PathBuf, EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(&path).during("open", &path)?;
            let theirs = launch.account.map(|account| account.uid.as_raw());
            let trusted = found.uid() == geteuid().as_raw() || Some(found.uid()) == theirs;
            if !found.is_dir() || !trusted {
                return Err(EmbeddedError::NotOurs { owner: found.uid(), path });
            }
        }
        Err(error) => return Err(error).during("create", &path),
    }
    fs::set_permissions(&path, Permissions::from_mode(0o700)).during("set the mode of", &path)?;
    launch.hand_over(&path)?;
    Ok(path)
}

/// Where the data lies unless configured: `$XDG_DATA_HOME/ccag`, else `/var/lib/ccag` for root, else
/// `$HOME/.local/share/ccag`, else `./ccag-data`.
#[must_use]
pub fn default_data_dir() -> PathBuf {
    personal_dir("XDG_DATA_HOME", ".local/share", "/var/lib")
        .unwrap_or_else(|| PathBuf::from("ccag-data"))
}

/// The directory `ccag` in a base directory of the user: the variable's, root's, or the one in HOME.
///
/// Root's home is closed to the account that PostgreSQL runs as, so root has directories of its own.
pub(super) fn personal_dir(variable: &str, in_home: &str, of_root: &str) -> Option<PathBuf> {
    let set = |name| {
        std::env::var_os(name).filter(|value| value.as_bytes().starts_with(b"/")).map(PathBuf::from)
    };
    set(variable)
        .or_else(|| geteuid().is_root().then(|| of_root.into()))
        .or_else(|| Some(set("HOME")?.join(in_home)))
        .map(|base| base.join("ccag"))
}
