//! The running server: its start until it takes connections, and its end.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::directories::Layout;
use super::error::{During, EmbeddedError};
use super::installation::Installation;
use super::launch::Launch;
use super::leftovers;
use super::socket::SocketDir;

const POLL: Duration = Duration::from_millis(3);
/// How long a fast shutdown may take before an immediate one.
const FAST_SHUTDOWN: Duration = Duration::from_secs(10);
/// How long an immediate shutdown may take before the kernel ends the server.
const IMMEDIATE_SHUTDOWN: Duration = Duration::from_secs(5);
/// How much of the log goes into an error, in bytes.
const WORDS: u64 = 2000;

/// Sized for one gateway on a small machine: the whole server stays within some 50 MB. Without
/// parallel queries and JIT no query takes the cores that the gateway needs.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "port=5432",
    "unix_socket_permissions=0700",
    "cluster_name=ccag",
    "max_connections=60",
    "shared_buffers=64MB",
    "huge_pages=off",
    "dynamic_shared_memory_type=mmap",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=256MB",
    "min_wal_size=32MB",
    "jit=off",
    "max_parallel_workers_per_gather=0",
    "password_encryption=scram-sha-256",
    "timezone=UTC",
    "logging_collector=off",
    "log_destination=stderr",
    "log_min_messages=warning",
    "log_line_prefix=%m [%p] ",
];
/// For data that nobody will miss; commits still outlive the server, only not the machine.
const NOT_DURABLE: &[&str] = &["fsync=off", "full_page_writes=off"];

/// What a start of the server needs; the same for each restart.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) layout: Layout,
    pub(super) launch: Launch,
    pub(super) installation: Installation,
    pub(super) socket_dir: SocketDir,
    pub(super) durable: bool,
    pub(super) limit: Duration,
}

/// A server process; dropped, it is stopped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    /// Dropped, it ends the thread that started the child.
    _parent: mpsc::Sender<()>,
}

enum Attempt {
    Ready(Server),
    /// Processes of a killed server still hold its memory; they notice its death by themselves.
    Busy(EmbeddedError),
}

impl Recipe {
    /// Starts the server and waits until it takes connections, crash recovery included.
    pub(super) fn start(&self) -> Result<Server, EmbeddedError> {
        let started = Instant::now();
        leftovers::settle(&self.layout.cluster)?;
        self.socket_dir.clear();
        loop {
            match self.attempt(started)? {
                Attempt::Ready(server) => return Ok(server),
                Attempt::Busy(error) if started.elapsed() > self.limit => return Err(error),
                Attempt::Busy(_) => sleep(Duration::from_millis(100)),
            }
        }
    }

    fn attempt(&self, started: Instant) -> Result<Attempt, EmbeddedError> {
        let log = self.layout.open_log()?;
        let said_before = log.metadata().map_or(0, |metadata| metadata.len());
        let child = self.command(log)?;
        let mut server = Server::spawn(child).map_err(EmbeddedError::Thread)?;
        loop {
            if let Some(status) = server.has_exited() {
                let words = words_since(&self.layout.log, said_before);
                let busy = words.contains("shared memory block");
                let error = EmbeddedError::Ended { program: "postgres", status, words };
                return if busy { Ok(Attempt::Busy(error)) } else { Err(error) };
            }
            if leftovers::is_ready(&self.layout.cluster, server.pid()) {
                return Ok(Attempt::Ready(server));
            }
            if started.elapsed() > self.limit {
                return Err(EmbeddedError::NotReady {
                    limit: self.limit,
                    log: self.layout.log.clone(),
                });
            }
            sleep(POLL);
        }
    }

    fn command(&self, log: File) -> Result<Command, EmbeddedError> {
        let program = self.installation.program("postgres");
        let mut command = self.launch.command(&program, Signal::SIGINT);
        command.arg("-D").arg(&self.layout.cluster);
        command.arg("-k").arg(&self.socket_dir.path);
        let extra = if self.durable { &[][..] } else { NOT_DURABLE };
        for setting in SETTINGS.iter().chain(extra) {
            command.args(["-c", setting]);
        }
        let copy = log.try_clone().during("open", &self.layout.log)?;
        command.stdout(copy).stderr(log);
        Ok(command)
    }
}

impl Server {
    /// Spawns the server from a thread that lives as long as the server is held: the signal at the
    /// parent's death follows the thread, and the caller's may end at any time.
    fn spawn(mut command: Command) -> io::Result<Self> {
        let (parent, end) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        thread::Builder::new().name("postgres-parent".to_owned()).spawn(move || {
            let _ = tell.send(command.spawn());
            let _ = end.recv();
        })?;
        let child = told.recv().map_err(io::Error::other)??;
        Ok(Self { child, _parent: parent })
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn has_exited(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Ends the server: fast, then at once, then by force.
    pub(super) fn stop(&mut self) {
        if self.signal_and_wait(Signal::SIGINT, FAST_SHUTDOWN)
            || self.signal_and_wait(Signal::SIGQUIT, IMMEDIATE_SHUTDOWN)
        {
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn signal_and_wait(&mut self, signal: Signal, limit: Duration) -> bool {
        let started = Instant::now();
        // Not reaped yet, so the pid is still the server's.
        if self.has_exited().is_none()
            && let Ok(pid) = i32::try_from(self.child.id())
        {
            let _ = kill(Pid::from_raw(pid), signal);
        }
        while self.has_exited().is_none() {
            if started.elapsed() > limit {
                return false;
            }
            sleep(POLL);
        }
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The end of what was written to the log after `offset`.
fn words_since(log: &Path, offset: u64) -> String {
    let mut words = Vec::new();
    let _ = File::open(log).and_then(|mut file| {
        let length = file.metadata()?.len();
        let from = offset.max(length.saturating_sub(WORDS));
        file.seek(SeekFrom::Start(from))?;
        file.take(WORDS).read_to_end(&mut words)
    });
    String::from_utf8_lossy(&words).trim().to_owned()
}
