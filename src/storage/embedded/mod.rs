//! The embedded PostgreSQL: a private cluster in a data directory, for a gateway that was given no
//! database.
//!
//! It listens on a unix socket in a private directory only, starts and stops with the gateway, and
//! recovers by itself after either was killed. One gateway owns a data directory at a time.

mod directories;
mod error;
mod fetch;
mod initialise;
mod installation;
mod launch;
pub mod launcher;
mod leftovers;
mod open;
mod server;
mod socket;

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

pub use directories::default_data_dir;
pub use error::EmbeddedError;
pub use installation::Search;

use directories::Layout;
use launch::Launch;
use server::{Recipe, Server};
use socket::SocketDir;

/// What an embedded PostgreSQL needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where everything is kept; made if it does not exist.
    pub data_dir: PathBuf,
    /// The `ccag` binary, whose hidden subcommand becomes the server's programs.
    pub launcher: PathBuf,
    /// The database to connect to; made if it does not exist.
    pub database: String,
    /// How long making the cluster may take, and how long the server's start, crash recovery
    /// included.
    pub start_timeout: Duration,
    /// False trades the data's survival of a power cut for speed: for tests only.
    pub durable: bool,
}

/// A running embedded PostgreSQL; dropped, it stops.
#[derive(Debug)]
pub struct Cluster {
    // The fields drop in this order: the server ends before its directories and its lock go.
    server: Server,
    recipe: Recipe,
    password: SecretString,
    database: String,
    _lock: File,
}

/// Starts the server of `options.data_dir` with the programs that the system has; blocks until it
/// takes connections.
///
/// # Errors
/// An [`EmbeddedError`]; then no server runs.
pub fn start(options: &Options) -> Result<Cluster, EmbeddedError> {
    start_with(options, &Search::system())
}

/// [`start`] with another choice of places to look for a server.
///
/// # Errors
/// As [`start`].
pub fn start_with(options: &Options, search: &Search) -> Result<Cluster, EmbeddedError> {
    let layout = Layout::prepare(&options.data_dir)?;
    let lock = layout.lock()?;
    let launch = Launch {
        launcher: options.launcher.clone(),
        account: launch::account(&layout.root, &layout.cluster)?,
    };
    layout.open_for(&launch)?;
    let major = fs::read_to_string(layout.cluster.join("PG_VERSION")).ok();
    let major = major.as_deref().map(str::trim);
    let installation = search.installation(major, &layout.cluster, &launch)?;
    let socket_dir = SocketDir::prepare(&layout.root, &launch)?;
    if major.is_none() {
        initialise::initialise(
            &layout,
            &launch,
            &installation,
            options.durable,
            options.start_timeout,
        )?;
    }
    let password = layout.password()?;
    let recipe = Recipe {
        layout,
        launch,
        installation,
        socket_dir,
        durable: options.durable,
        limit: options.start_timeout,
    };
    let cluster = Cluster {
        server: recipe.start()?,
        recipe,
        password,
        database: options.database.clone(),
        _lock: lock,
    };
    open::ensure(cluster.connection_to("postgres"), &cluster.database)?;
    Ok(cluster)
}

impl Cluster {
    /// How to connect: the socket's directory, user, password and database. No TLS: the socket is
    /// private.
    #[must_use]
    pub fn connection(&self) -> tokio_postgres::Config {
        self.connection_to(&self.database)
    }

    fn connection_to(&self, database: &str) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config
            .host_path(&self.recipe.socket_dir.path)
            .user(initialise::ROLE)
            .password(self.password.expose_secret())
            .dbname(database);
        config
    }

    /// The process id of the server.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// How the server ended, if it has: it was stopped, or it died and wants [`Cluster::restart`].
    pub fn has_exited(&mut self) -> Option<ExitStatus> {
        self.server.has_exited()
    }

    /// Starts the server again, in place of the one before; [`Cluster::connection`] stays valid.
    ///
    /// # Errors
    /// An [`EmbeddedError`]; then no server runs, and this may be tried again.
    pub fn restart(&mut self) -> Result<(), EmbeddedError> {
        self.stop();
        self.server = self.recipe.start()?;
        Ok(())
    }

    /// Ends the server: transactions are rolled back and the data is written; blocks for at most
    /// some 15 s.
    pub fn stop(&mut self) {
        self.server.stop();
    }
}
