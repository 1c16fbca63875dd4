//! The way to the gateway: its name, its addresses, and whether connections come about.

use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::report::Check;
use super::target::Target;

const CONNECT: Duration = Duration::from_secs(5);
/// Addresses that are tried at the most.
const MAX_ADDRESSES: usize = 8;

/// The checks, and an address that takes connections.
pub(super) fn checks(target: &Target) -> (Vec<Check>, Option<SocketAddr>) {
    let addresses: Vec<SocketAddr> = match (target.host.as_str(), target.port).to_socket_addrs() {
        Ok(found) => found.collect(),
        Err(error) => {
            let found = format!("{} has no address: {error}", target.host);
            let advice =
                "Check the name, the VPN, and that this machine's DNS knows the private zone.";
            return (vec![Check::fail("DNS", found, advice)], None);
        }
    };
    let listed: Vec<String> = addresses.iter().map(|address| address.ip().to_string()).collect();
    let are_private = addresses.iter().all(|address| is_private(address.ip()));
    let login = if are_private { "" } else { "; public, so Claude Code's own /login refuses it" };
    let found = format!("{} is {}{login}", target.host, listed.join(", "));
    let dns = Check::ok("DNS", found);
    let (mut open, mut shut) = (None, Vec::new());
    for address in addresses.iter().take(MAX_ADDRESSES) {
        match TcpStream::connect_timeout(address, CONNECT) {
            Ok(_) => open = open.or(Some(*address)),
            Err(error) => shut.push(format!("{address}: {error}")),
        }
    }
    let connection = match (open, shut.is_empty()) {
        (Some(_), true) => Check::ok("connection", format!("port {} is open", target.port)),
        (Some(_), false) => Check::warn(
            "connection",
            format!("some addresses take none: {}", shut.join("; ")),
            "Clients wait for these now and then: see the load balancer's zones and health checks.",
        ),
        (None, _) => Check::fail(
            "connection",
            shut.join("; "),
            "Check that the gateway runs, and what VPN, security groups and firewalls let through.",
        ),
    };
    (vec![dns, connection], open)
}

/// Whether Claude Code's own `/login` takes an address.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            let is_shared = a == 100 && (64..128).contains(&b);
            v4.is_private() || v4.is_loopback() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_is_what_the_login_takes() {
        for (address, is) in [
            ("10.1.2.3", true),
            ("100.64.0.1", true),
            ("100.128.0.1", false),
            ("127.0.0.1", true),
            ("203.0.113.5", false),
            ("fd00::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(address.parse().unwrap()), is, "{address}");
        }
    }
}
