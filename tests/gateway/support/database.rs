//! One database for each story, copied from a template that is migrated once.
//!
//! Databases and not schemas, since notifications and advisory locks are per database.

use std::collections::HashMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

use super::gateway::Setup;

/// One row, all values as text, SQL's null as `None`.
pub(crate) type Row = HashMap<String, Option<String>>;

const VARIABLE: &str = "CCAG_TEST_DATABASE_URL";

/// A database of its own; dropped with the value.
pub(crate) struct Database {
    server: Config,
    name: String,
}

impl Database {
    /// A fresh copy of the migrated template.
    pub(crate) fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let server = server();
        let template = template(&server);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("{}_{}_{number}", prefix("story"), std::process::id());
        execute(&server, &format!("create database {name} template {template}"));
        Self { server, name }
    }

    /// The database that `connection` leads to, which a gateway has yet to migrate.
    pub(crate) fn at(connection: &Config) -> Self {
        let name = connection.get_dbname().unwrap().to_owned();
        let mut server = connection.clone();
        server.dbname("postgres");
        Self { server, name }
    }

    /// Where a gateway finds it.
    pub(crate) fn url(&self) -> String {
        url(&self.server, &self.name, None)
    }

    /// The same database through a proxy at `address`.
    pub(crate) fn url_through(&self, address: &str) -> String {
        url(&self.server, &self.name, Some(address))
    }

    /// Where the server listens.
    pub(crate) fn host(&self) -> (Host, u16) {
        (self.server.get_hosts()[0].clone(), port(&self.server))
    }

    /// Runs statements and returns the rows of the last that had any.
    #[track_caller]
    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        execute(&config, statements)
    }

    /// As [`Self::sql`], from outside of the database, with its name for `{}`.
    #[track_caller]
    pub(crate) fn outside(&self, statement: &str) -> Vec<Row> {
        execute(&self.server, &statement.replace("{}", &self.name))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("drop database if exists {} with (force)", self.name);
        drop(query(&self.server, &statement));
    }
}

fn server() -> Config {
    let url = std::env::var(VARIABLE).unwrap_or_else(|_| {
        panic!(
            "{VARIABLE} is not set: these stories need a PostgreSQL server on which they may \
             create databases, such as postgres://postgres@localhost/postgres?host=/run/postgresql"
        )
    });
    url.parse().unwrap_or_else(|e| panic!("{VARIABLE} is no PostgreSQL URL: {e}"))
}

fn port(server: &Config) -> u16 {
    server.get_ports().first().copied().unwrap_or(5432)
}

fn url(server: &Config, name: &str, through: Option<&str>) -> String {
    let user = server.get_user().unwrap_or("postgres");
    let password = server.get_password().unwrap_or_default();
    let login = match String::from_utf8_lossy(password) {
        none if none.is_empty() => user.to_owned(),
        password => format!("{user}:{password}"),
    };
    let (host, port) = (&server.get_hosts()[0], port(server));
    match (through, host) {
        (Some(address), _) => format!("postgres://{login}@{address}/{name}?sslmode=disable"),
        (None, Host::Tcp(host)) => {
            format!("postgres://{login}@{host}:{port}/{name}?sslmode=disable")
        }
        (None, Host::Unix(path)) => {
            format!("postgres://{login}@/{name}?host={}&port={port}", path.display())
        }
    }
}

/// Names of one checkout, so that two of them can share a server.
fn prefix(kind: &str) -> String {
    format!("ccag_{kind}_{:08x}", hash(&env!("CARGO_TARGET_TMPDIR")))
}

fn hash(value: &impl Hash) -> u32 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish() as u32
}

/// The template of this build, made by the first story that needs it.
fn template(server: &Config) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).unwrap();
    let lock = File::create(folder.join("stories-template.lock")).unwrap();
    lock.lock().unwrap();

    let binary = std::fs::metadata(env!("CARGO_BIN_EXE_ccag")).unwrap();
    let build = hash(&(binary.modified().unwrap(), binary.len()));
    let name = format!("{}_{build:08x}", prefix("template"));
    if !databases(server, &name).is_empty() {
        return name;
    }
    sweep(server);
    let half = format!("{name}_half");
    execute(server, &format!("create database {half}"));
    let mut process = Setup::new(&url(server, &half, None), "127.0.0.1:1").run(&["migrate"]);
    let status = process.wait();
    assert!(status.success(), "`ccag migrate` ended with {status}");
    execute(server, &format!("alter database {half} rename to {name}"));
    name
}

/// Drops templates of former builds and databases of stories whose process is gone.
fn sweep(server: &Config) {
    let mut leftovers = databases(server, &prefix("template"));
    leftovers.extend(databases(server, &prefix("story")).into_iter().filter(|name| {
        let process = name.rsplit('_').nth(1).unwrap_or_default();
        !Path::new("/proc").join(process).exists()
    }));
    for name in leftovers {
        execute(server, &format!("drop database if exists {name} with (force)"));
    }
}

fn databases(server: &Config, prefix: &str) -> Vec<String> {
    let statement = format!(
        "select datname from pg_database where starts_with(datname, '{prefix}') and datname not like '%half'"
    );
    let rows = execute(server, &statement);
    rows.into_iter().filter_map(|mut row| row.remove("datname")?).collect()
}

#[track_caller]
fn execute(config: &Config, statements: &str) -> Vec<Row> {
    query(config, statements).unwrap_or_else(|e| panic!("{e:?} in {statements}"))
}

/// Runs statements on a connection of their own.
pub(crate) fn query(config: &Config, statements: &str) -> Result<Vec<Row>, tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = config.connect(NoTls).await?;
        runtime.spawn(connection);
        let messages = client.simple_query(statements).await?;
        Ok(messages.iter().filter_map(row).collect())
    })
}

fn row(message: &SimpleQueryMessage) -> Option<Row> {
    let SimpleQueryMessage::Row(row) = message else {
        return None;
    };
    let columns = row.columns().iter().enumerate();
    Some(
        columns
            .map(|(at, column)| (column.name().to_owned(), row.get(at).map(str::to_owned)))
            .collect(),
    )
}
