//! A simulated Amazon Bedrock: the runtime's wire format over plain HTTP on loopback, as strict as the real
//! one about what it takes, with a fixed script in the place of models. `ccag demo` and the tests run against
//! it, so that everything between a client and AWS is real.
//!
//! The script (`script`) greets and quotes the user, writes a file and reads it back with the client's
//! tools (`write "hello" to note.txt and read it back`), calls `web_search`, fills tool inputs and structured
//! outputs from their schemas, and counts slowly (`count slowly to 500`, `tell me a long story`).
//!
//! A prompt that contains one of these shows a fault:
//!
//! | in the prompt | what the service does |
//! | --- | --- |
//! | `[[throttle]]` | 429 ThrottlingException |
//! | `[[overload]]` | 503 ServiceUnavailableException |
//! | `[[cut]]` | breaks the connection after a few deltas |
//! | `[[error-midstream]]` | modelStreamErrorException after a few deltas (424 ModelErrorException without a stream) |
//! | `[[stall]]` | falls silent after a few deltas |
//!
//! It answers for Service Quotas too, so that `POST /` lists made-up quotas of its models.
//!
//! `GET /_requests?last=N` shows the newest requests (50 at most), without their credentials.

mod cache;
mod caller;
mod conversation;
mod guardrail;
mod journal;
mod models;
mod play;
mod profiles;
mod quotas;
mod reply;
mod schema;
mod script;
mod server;
mod signature;
pub mod sigv4;
mod stream;
mod validate;
mod wish;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use actix_web::dev::{Server, ServerHandle};
use actix_web::{App, HttpServer, rt::System, web};

/// The access key id that signatures are taken of.
pub const ACCESS_KEY_ID: &str = "AKIASIMULATED0000001";
/// The secret access key that goes with it. It opens nothing but a simulator.
pub const SECRET_ACCESS_KEY: &str = "simulated/0123456789abcdefghijklmnopqrst";

/// Longest wait for the server to bind, and for it to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// How the simulated Bedrock runs.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// Pause before each delta of a stream.
    pub delta_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 0, delta_interval: Duration::from_millis(15) }
    }
}

/// A running simulated Bedrock, on a thread of its own; it ends when this is dropped.
#[derive(Debug)]
pub struct Simulator {
    address: SocketAddr,
    server: ServerHandle,
    ended: Receiver<()>,
}

impl Simulator {
    /// Starts it and returns once it listens.
    ///
    /// # Errors
    /// Where the port cannot be bound or the thread not be started.
    pub fn start(options: Options) -> io::Result<Self> {
        let (bound, binding) = mpsc::channel();
        // Dropped when the thread ends, however it ends.
        let (ending, ended) = mpsc::channel();
        thread::Builder::new()
            .name("simulator".to_owned())
            .spawn(move || run(options, &bound, ending))?;
        let (address, server) = binding
            .recv_timeout(PATIENCE)
            .map_err(|_| io::Error::other("the simulated Bedrock did not start"))??;
        Ok(Self { address, server, ended })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks all connections and waits for the end, ten seconds at most.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // The command is sent by the call; the future only waits for it.
        drop(self.server.stop(false));
        let _ = self.ended.recv_timeout(PATIENCE);
    }
}

type Bound = io::Result<(SocketAddr, ServerHandle)>;

fn run(options: Options, bound: &Sender<Bound>, _ending: Sender<()>) {
    System::new().block_on(async {
        match serve(options) {
            Ok((address, server)) => {
                let _ = bound.send(Ok((address, server.handle())));
                if let Err(error) = server.await {
                    tracing::error!(%error, "the simulated Bedrock ended");
                }
            }
            Err(error) => {
                let _ = bound.send(Err(error));
            }
        }
    });
}

fn serve(options: Options) -> io::Result<(SocketAddr, Server)> {
    let state = web::Data::new(server::State {
        delta_interval: options.delta_interval,
        memory: cache::Memory::default().into(),
        journal: journal::Journal::default().into(),
    });
    let app = move || {
        App::new()
            .app_data(state.clone())
            .app_data(web::PayloadConfig::new(server::MOST_BYTES))
            .configure(server::routes)
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        .bind((Ipv4Addr::LOCALHOST, options.port))?;
    let address = server.addrs().first().copied();
    let address = address.ok_or_else(|| io::Error::other("no address was bound"))?;
    Ok((address, server.run()))
}

#[cfg(test)]
mod tests;
