//! `PROXY_HOST`, `PROXY_PORT`, `WORKERS`, `MAX_LIVE_STREAMS`, `REQUEST_BODY_TIMEOUT_MS`,
//! `DRAIN_TIMEOUT_MS`: the listener and its bounds.

use std::net::IpAddr;
use std::time::Duration;

use super::environment::Environment;

/// The listener and its bounds.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Worker threads.
    pub workers: usize,
    /// Requests that one worker serves at once.
    pub max_live_streams: usize,
    /// For the body of a request.
    pub body_deadline: Duration,
    /// How long running streams may go on after SIGTERM.
    pub drain_deadline: Duration,
}

impl ServerConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let host = environment.parsed("PROXY_HOST", "an IP address", |text| text.parse().ok());
        let port = environment.number("PROXY_PORT", 0..=65_535, 8080);
        let workers = environment.number("WORKERS", 1..=256, cores as u64);
        let most = environment.number("MAX_LIVE_STREAMS", 1..=100_000, 5_000);
        Self {
            host: host.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            port: u16::try_from(port).unwrap_or(8080),
            workers: usize::try_from(workers).unwrap_or(1),
            max_live_streams: usize::try_from(most).unwrap_or(usize::MAX),
            body_deadline: environment.milliseconds("REQUEST_BODY_TIMEOUT_MS", 60_000),
            drain_deadline: environment.milliseconds("DRAIN_TIMEOUT_MS", 110_000),
        }
    }
}
