//! `ccag healthcheck`: asks the gateway on this host whether it is alive.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::app::AppError;
use crate::config::Config;

const DEADLINE: Duration = Duration::from_secs(3);

/// Succeeds where `GET /health` on the configured port answers 200.
pub(super) fn healthcheck(config: &Config) -> Result<(), AppError> {
    let host = match config.server.host {
        IpAddr::V4(host) if host.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(host) if host.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        host => host,
    };
    let mut stream =
        TcpStream::connect_timeout(&SocketAddr::new(host, config.server.port), DEADLINE)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    if &head == b"HTTP/1.1 200" {
        return Ok(());
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    Err(std::io::Error::other(format!("/health answered {head}")).into())
}
