//! `PROXY_HOST`, `PROXY_PORT`, `WORKERS`, `MAX_LIVE_STREAMS`, `REQUEST_BODY_TIMEOUT_MS`,
//! `DRAIN_TIMEOUT_MS`, `PUBLIC_URL`, `TRUSTED_PROXIES`: the listener, its bounds, and who stands before it.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use super::environment::Environment;
use super::tls::TlsConfig;

/// The listener and its bounds.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The address to listen on.
    pub host: IpAddr,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// HTTPS, beside plain HTTP.
    pub tls: Option<TlsConfig>,
    /// Worker threads.
    pub workers: usize,
    /// Requests that one worker serves at once.
    pub max_live_streams: usize,
    /// For the body of a request.
    pub body_deadline: Duration,
    /// How long running streams may go on after SIGTERM.
    pub drain_deadline: Duration,
    /// The origin by which people reach the gateway.
    pub public_url: Option<String>,
    /// Networks of proxies whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl ServerConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let host = environment.parsed("PROXY_HOST", "an IP address", |text| text.parse().ok());
        let port = environment.number("PROXY_PORT", 0..=65_535, 8080);
        let workers = environment.number("WORKERS", 1..=256, cores as u64);
        let most = environment.number("MAX_LIVE_STREAMS", 1..=100_000, 5_000);
        let takes = "addresses or networks with commas between, such as 10.0.0.0/16";
        let proxies = environment.parsed("TRUSTED_PROXIES", takes, |text| {
            text.split(',').map(|part| network(part.trim())).collect()
        });
        Self {
            host: host.unwrap_or(IpAddr::from([127, 0, 0, 1])),
            port: u16::try_from(port).unwrap_or(8080),
            tls: TlsConfig::read(environment, host),
            workers: usize::try_from(workers).unwrap_or(1),
            max_live_streams: usize::try_from(most).unwrap_or(usize::MAX),
            body_deadline: environment.milliseconds("REQUEST_BODY_TIMEOUT_MS", 60_000),
            drain_deadline: environment.milliseconds("DRAIN_TIMEOUT_MS", 110_000),
            public_url: environment.url("PUBLIC_URL"),
            trusted_proxies: proxies.unwrap_or_default(),
        }
    }
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}
