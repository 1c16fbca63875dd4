//! The private directory of the server's socket.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::directories::private_dir;
use super::error::{During, EmbeddedError};
use super::launch::Launch;

/// The socket's name; its number is no port, none is opened.
const SOCKET: &str = ".s.PGSQL.5432";
/// What Linux takes as the path of a socket, in bytes: `sun_path` without its final zero.
const PATH_LIMIT: usize = 107;

/// The directory of the socket; one outside of the data directory goes when this is dropped.
#[derive(Debug)]
pub(super) struct SocketDir {
    pub(super) path: PathBuf,
    outside: bool,
}

impl SocketDir {
    /// Makes the directory: in the data directory `root`, or where the path would be too long
    /// there, in the runtime or temporary directory.
    pub(super) fn prepare(root: &Path, launch: &Launch) -> Result<Self, EmbeddedError> {
        let fits = |dir: &Path| dir.join(SOCKET).as_os_str().len() <= PATH_LIMIT;
        let inside = root.join("run");
        // A connection string can hold UTF-8 only.
        if fits(&inside) && inside.to_str().is_some() {
            return Ok(Self { path: private_dir(inside, launch)?, outside: false });
        }
        let metadata = root.metadata().during("open", root)?;
        let name = format!("ccag-{:x}-{:x}", metadata.dev(), metadata.ino());
        // Root's runtime directory is closed to the account that the server runs as.
        let path = std::env::var_os("XDG_RUNTIME_DIR")
            .filter(|_| launch.account.is_none())
            .into_iter()
            .map(PathBuf::from)
            .chain([std::env::temp_dir()])
            .map(|base| base.join(&name))
            .find(|dir| dir.is_absolute() && fits(dir))
            .unwrap_or_else(|| Path::new("/tmp").join(&name));
        let path = private_dir(path, launch)?;
        launch.reaches(&path)?;
        Ok(Self { path, outside: true })
    }

    /// Removes the socket and its lock file. A killed server's lock may name a process that is a
    /// zombie or another's by now, and would keep a new server from starting.
    pub(super) fn clear(&self) {
        for name in [SOCKET.to_owned(), format!("{SOCKET}.lock")] {
            let _ = fs::remove_file(self.path.join(name));
        }
    }
}

impl Drop for SocketDir {
    fn drop(&mut self) {
        if self.outside {
            self.clear();
            let _ = fs::remove_dir(&self.path);
        }
    }
}
