//! Keeps the embedded PostgreSQL running, on a thread of its own, because starting it blocks.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::AppError;
use crate::storage::embedded::{self, Cluster, Options};

const LOOK: Duration = Duration::from_millis(200);
const LONGEST_RETRY: Duration = Duration::from_secs(10);
const START: Duration = Duration::from_secs(60);

/// The running server; dropped, it stops.
pub(super) struct EmbeddedPostgres {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl EmbeddedPostgres {
    /// Starts the server in `data_dir` and says how to connect to it.
    pub(super) fn start(data_dir: &Path) -> Result<(Self, tokio_postgres::Config), AppError> {
        let options = Options {
            data_dir: data_dir.to_owned(),
            // Stays right when the binary is replaced on disk.
            launcher: "/proc/self/exe".into(),
            database: "ccag".to_owned(),
            start_timeout: START,
            durable: true,
        };
        let (started, start) = channel();
        let (stop, stopping) = channel();
        let keep = move || match embedded::start(&options) {
            Ok(cluster) => {
                let _ = started.send(Ok(cluster.connection()));
                keep_running(cluster, &stopping);
            }
            Err(error) => {
                let _ = started.send(Err(error));
            }
        };
        let thread = thread::Builder::new().name("postgres".to_owned()).spawn(keep)?;
        let connection = start.recv().map_err(io::Error::other)??;
        Ok((Self { stop: Some(stop), thread: Some(thread) }, connection))
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Restarts the server when it dies, until the sender of `stopping` is dropped.
fn keep_running(mut cluster: Cluster, stopping: &Receiver<()>) {
    let mut wait = LOOK;
    while stopping.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
        wait = match cluster.has_exited() {
            None => LOOK,
            Some(status) => {
                tracing::error!(%status, "The embedded PostgreSQL died and is started again.");
                match cluster.restart() {
                    Ok(()) => LOOK,
                    Err(error) => {
                        tracing::error!(%error, "The embedded PostgreSQL does not start.");
                        (wait * 2).min(LONGEST_RETRY)
                    }
                }
            }
        };
    }
    cluster.stop();
}
