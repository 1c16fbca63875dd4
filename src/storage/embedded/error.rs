//! What can keep the embedded PostgreSQL from running, in words for the person who starts it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;

/// Why there is no embedded PostgreSQL.
#[derive(Debug, Error)]
pub enum EmbeddedError {
    /// A file or directory could not be used.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// The file, directory or program.
        path: PathBuf,
        /// The answer of the operating system.
        source: io::Error,
    },
    /// Another gateway holds the lock of the data directory.
    #[error(
        "the data directory {} is in use by {}; stop that gateway or set CCAG_DATA_DIR to another \
         directory",
        directory.display(),
        pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    )]
    InUse {
        /// The data directory.
        directory: PathBuf,
        /// The holder, where it has already said so.
        pid: Option<u32>,
    },
    /// No server is installed, and fetching one failed too.
    #[error(
        "no PostgreSQL server (14 or newer) is installed and none could be fetched ({fetch}): \
         install one, for example with `apt-get install postgresql` or `dnf install \
         postgresql-server`, or set DATABASE_URL to a server that runs elsewhere"
    )]
    NoServer {
        /// Why the fetch failed.
        fetch: String,
    },
    /// The data was written by a major version that is not installed.
    #[error(
        "{} was written by PostgreSQL {wanted}, but {found}; install PostgreSQL {wanted} or set \
         CCAG_DATA_DIR to another directory (the data has not been touched)",
        cluster.display()
    )]
    VersionMismatch {
        /// The directory of the cluster.
        cluster: PathBuf,
        /// The major version that wrote it.
        wanted: String,
        /// The servers that were found, as half a sentence.
        found: String,
    },
    /// PostgreSQL refuses to run as root, and there is no account to drop to.
    #[error(
        "PostgreSQL does not run as root and neither `postgres` nor `nobody` is an account here; \
         run ccag as a normal user or set DATABASE_URL"
    )]
    NoAccount,
    /// `initdb` refuses to run for a user id that has no name.
    #[error(
        "user id {uid} has no entry in the password database, which initdb needs; add one to \
         /etc/passwd, run ccag as a named user or set DATABASE_URL"
    )]
    Nameless {
        /// The user id that the gateway runs as.
        uid: u32,
    },
    /// The account that PostgreSQL runs as may not enter a directory on the way to its data.
    #[error(
        "user id {uid}, which PostgreSQL runs as, cannot enter {}; open that directory (chmod \
         o+x) or set CCAG_DATA_DIR to one outside of it",
        directory.display()
    )]
    Unreachable {
        /// The first directory on the path that is closed.
        directory: PathBuf,
        /// The user id that PostgreSQL runs as.
        uid: u32,
    },
    /// A directory that must be private belongs to somebody else.
    #[error(
        "{} belongs to user id {owner}; run ccag as that user or as root, or set CCAG_DATA_DIR to \
         another directory",
        path.display()
    )]
    NotOurs {
        /// The directory.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// The cluster exists, but its password is lost.
    #[error(
        "{} is missing or empty although there is a database; restore it from a backup or set \
         CCAG_DATA_DIR to another directory",
        path.display()
    )]
    NoPassword {
        /// The password file.
        path: PathBuf,
    },
    /// A PostgreSQL program gave up.
    #[error("{program} ended with {status}; its last words: {words}")]
    Ended {
        /// `initdb` or `postgres`.
        program: &'static str,
        /// How it ended.
        status: ExitStatus,
        /// The end of the log that it wrote.
        words: String,
    },
    /// The server does not get ready.
    #[error("PostgreSQL was not ready after {} s; see {}", limit.as_secs(), log.display())]
    NotReady {
        /// How long it may take.
        limit: Duration,
        /// Where to read on.
        log: PathBuf,
    },
    /// A server that an earlier gateway left behind does not stop.
    #[error("the PostgreSQL server {pid} of an earlier run does not stop; end it and start again")]
    Orphan {
        /// Its process id.
        pid: i32,
    },
    /// The server runs, but the database could not be opened or created.
    #[error("cannot open the database: {}", in_full(.0))]
    Database(#[from] tokio_postgres::Error),
    /// The server runs, but does not answer.
    #[error("PostgreSQL runs, but has not answered for {} s", limit.as_secs())]
    NoAnswer {
        /// How long it was waited for.
        limit: Duration,
    },
    /// A thread or a runtime for the start could not be made.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// The client's errors leave the server's own words to their source.
fn in_full(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Adds to an IO error what was tried, and on what.
pub(super) trait During<T> {
    fn during(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError>;
}

impl<T> During<T> for io::Result<T> {
    fn during(self, action: &'static str, path: &Path) -> Result<T, EmbeddedError> {
        self.map_err(|source| EmbeddedError::Io { action, path: path.to_path_buf(), source })
    }
}
