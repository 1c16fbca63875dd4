//! The data directory: one gateway at a time.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use super::AppError;

/// The directory, locked for this process as long as the value lives.
pub(super) struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory where it lacks, and locks it.
    pub(super) fn open(path: &Path) -> Result<Self, AppError> {
        let shown = path.display().to_string();
        let unusable = |error| AppError::DataDir(shown.clone(), error);
        fs::create_dir_all(path).map_err(unusable)?;
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false);
        let file = options.open(path.join("gateway.lock")).map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: file }),
            Err(TryLockError::WouldBlock) => Err(AppError::InUse(shown)),
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Where the usage journal is.
    pub(super) fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    /// Where a certificate is that was made here.
    pub(super) fn tls(&self) -> PathBuf {
        self.path.join("tls")
    }

    /// Where the key for secrets at rest is, where it was made here.
    pub(super) fn secrets_key(&self) -> PathBuf {
        self.path.join("secrets.key")
    }
}
