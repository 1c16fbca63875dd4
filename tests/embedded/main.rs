//! The embedded PostgreSQL from outside: real servers, real signals, real directories.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fetched;
mod killed;
mod refused;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use ccag::storage::embedded::{self, Cluster, Options};
use tempfile::TempDir;
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

const DEADLINE: Duration = Duration::from_secs(60);

/// A directory that the account of the server may pass through.
fn place() -> TempDir {
    tempfile::Builder::new().permissions(fs::Permissions::from_mode(0o711)).tempdir().unwrap()
}

fn options(data_dir: &Path) -> Options {
    Options {
        data_dir: data_dir.to_path_buf(),
        launcher: env!("CARGO_BIN_EXE_ccag").into(),
        database: "gate \"way\"".to_owned(),
        start_timeout: DEADLINE,
        durable: false,
    }
}

fn start(data_dir: &Path) -> Cluster {
    embedded::start(&options(data_dir)).unwrap()
}

/// Runs statements and returns the first column of the last row, as text.
fn query(config: &Config, statements: &str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = config.connect(NoTls).await.unwrap();
        let work = async move {
            let messages = client.simple_query(statements).await.unwrap();
            let rows = messages.iter().filter_map(|message| match message {
                tokio_postgres::SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            rows.last().unwrap_or_default()
        };
        let (answer, _) = tokio::join!(work, connection);
        answer
    })
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn data_outlives_the_server_and_the_server_does_not_outlive_its_end() {
    let place = place();
    let data = place.path().join("data");
    fs::create_dir_all(data.join("postgres.new/half a cluster")).unwrap();
    let durable = Options { durable: true, ..options(&data) };
    let mut cluster = embedded::start(&durable).unwrap();
    let config = cluster.connection();
    assert_eq!(query(&config, "show fsync"), "on");
    assert_eq!(query(&config, "select current_database()"), "gate \"way\"");
    assert_eq!(query(&config, "show listen_addresses"), "");
    query(&config, "create table t (n int); insert into t values (41)");
    assert!(cluster.has_exited().is_none());
    assert_eq!(mode(&data.join("postgres.password")), 0o600);
    assert_eq!(mode(&data.join("postgres.log")), 0o600);
    assert_eq!(mode(&data.join("postgres")), 0o700);
    assert_eq!(mode(&data.join("run")), 0o700);
    assert!(!data.join("postgres.new").exists());

    let pid = cluster.pid();
    cluster.stop();
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
    assert!(cluster.has_exited().unwrap().success());
    assert!(!data.join("postgres/postmaster.pid").exists());
    drop(cluster);

    let cluster = start(&data);
    assert_eq!(query(&cluster.connection(), "select n + 1 from t"), "42");
    let pid = cluster.pid();
    drop(cluster);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn a_wrong_password_opens_nothing() {
    let place = place();
    let cluster = start(&place.path().join("data"));
    let mut config = cluster.connection();
    config.password("guess");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(config.connect(NoTls)).err().unwrap();
    assert!(error.as_db_error().unwrap().message().contains("password"));
    assert!(
        !format!("{cluster:?}")
            .contains(&fs::read_to_string(place.path().join("data/postgres.password")).unwrap())
    );
}

#[test]
fn a_path_too_long_for_a_socket_works() {
    let place = place();
    let cluster = start(&place.path().join("d".repeat(120)));
    let config = cluster.connection();
    assert_eq!(query(&config, "select 1"), "1");
    let [Host::Unix(directory)] = config.get_hosts() else {
        panic!("the cluster has no socket");
    };
    assert_eq!(mode(directory), 0o700);
    drop(cluster);
    assert!(!directory.exists());
}
