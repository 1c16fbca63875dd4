//! A migrated database of its own for each test.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use ccag::storage::login::LogIn;
use ccag::storage::{Database, DatabaseRuntime, Target, migrate};
use tokio_postgres::{Client, Config, NoTls};

const VARIABLE: &str = "CCAG_TEST_DATABASE_URL";

/// A database, dropped with the value.
pub(crate) struct Scratch {
    server: Config,
    name: String,
    /// The gateway's own way in.
    pub(crate) database: Database,
    runtime: Option<DatabaseRuntime>,
}

impl Scratch {
    /// A fresh one with the schema of this build.
    pub(crate) async fn create() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let url = std::env::var(VARIABLE)
            .unwrap_or_else(|_| panic!("{VARIABLE} is not set; see examples/with_database.rs"));
        let server: Config = url.parse().unwrap();
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let name = format!("ccag_money_{}_{number}", std::process::id());
        let admin = connect(&server).await;
        admin.batch_execute(&format!("create database {name}")).await.unwrap();
        let mut config = server.clone();
        config.dbname(&name);
        let runtime = DatabaseRuntime::start().unwrap();
        let database = runtime.open(Target::new(config, LogIn::Fixed, None).unwrap(), 4).unwrap();
        migrate(&database).await.unwrap();
        Self { server, name, database, runtime: Some(runtime) }
    }

    /// A plain connection to it.
    pub(crate) async fn client(&self) -> Client {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        let client = connect(&config).await;
        client.batch_execute("set timezone = 'UTC'").await.unwrap();
        client
    }

    /// A pool of its own, whose sessions end when it is dropped.
    pub(crate) fn pool(&self) -> Database {
        let mut config = self.server.clone();
        config.dbname(&self.name);
        self.runtime
            .as_ref()
            .unwrap()
            .open(Target::new(config, LogIn::Fixed, None).unwrap(), 2)
            .unwrap()
    }

    /// Sequential scans so far of the tables whose names match a pattern. A session tells of its scans
    /// when it ends, so the others must have ended.
    pub(crate) async fn sequential_scans(&self, names: &str) -> i64 {
        let others = "select count(*) from pg_stat_activity \
            where datname = current_database() and pid <> pg_backend_pid()";
        let give_up = Instant::now() + Duration::from_secs(30);
        while self.text(others).await != "0" {
            assert!(Instant::now() < give_up, "a session does not end");
        }
        let query = format!(
            "select coalesce(sum(seq_scan), 0) from pg_stat_user_tables where relname ~ '{names}'"
        );
        self.text(&query).await.parse().unwrap()
    }

    /// One value as text.
    pub(crate) async fn text(&self, query: &str) -> String {
        let rows = self.client().await.simple_query(query).await.unwrap();
        let row = rows.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        row.expect("a row").get(0).unwrap_or_default().to_owned()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        let runtime = self.runtime.take();
        // A runtime must not end inside another.
        let dropping = std::thread::spawn(move || {
            drop(runtime);
            actix::System::new().block_on(async {
                let statement = format!("drop database if exists {name} with (force)");
                drop(connect(&server).await.batch_execute(&statement).await);
            });
        });
        drop(dropping.join());
    }
}

async fn connect(config: &Config) -> Client {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    drop(actix::spawn(connection));
    client
}
