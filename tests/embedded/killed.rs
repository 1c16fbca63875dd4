//! Gateways and servers that are killed, and what they leave behind.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{DEADLINE, place, query, start};

/// Tells the test binary that it was started as [`owner`], and for which directory.
const OWNED: &str = "CCAG_TEST_OWNED_DIRECTORY";

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
            .args(["--exact", "killed::owner", "--ignored", "--nocapture"])
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
