//! The address of a host that somebody named: resolved here, with every address it has held against the
//! rule, so that the connection goes to one that was checked. A name that resolves otherwise a
//! moment later gains nothing.

use std::net::SocketAddr;
use std::time::Duration;

use url::Url;

use crate::domain::outbound::Outbound;

/// How long the resolver may take.
const RESOLVE: Duration = Duration::from_secs(5);

/// The address that is called; a host of which only some addresses are permitted is not called.
pub(super) async fn permitted(url: &Url, outbound: &Outbound) -> Result<SocketAddr, String> {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
        return Err("its address has no host".to_owned());
    };
    // Without the brackets of an IPv6 address.
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let resolving = tokio::time::timeout(RESOLVE, tokio::net::lookup_host((host, port))).await;
    let resolved = resolving.map_err(|_| format!("{host} is not resolved in time"))?;
    let addresses: Vec<SocketAddr> =
        resolved.map_err(|error| format!("{host} cannot be resolved: {error}"))?.collect();
    if let Some(denied) = addresses.iter().find(|address| !outbound.permits(address.ip())) {
        return Err(format!(
            "{host} leads to {}, which is not public: NOTIFICATION_ALLOWED_NETWORKS can permit it",
            denied.ip()
        ));
    }
    let address = addresses.first().ok_or_else(|| format!("{host} has no address"))?;
    if url.scheme() != "https" && !address.ip().is_loopback() {
        return Err(format!("{host} is not on this machine, so it takes https://"));
    }
    Ok(*address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[actix::test]
    async fn hosts_that_lead_inside_are_not_called() {
        let nobody = Outbound::default();
        for text in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://localhost/",
            "https://169.254.170.2/v2/credentials",
        ] {
            let denied = permitted(&Url::parse(text).unwrap(), &nobody).await.unwrap_err();
            assert!(denied.contains("not public"), "{text}: {denied}");
        }
        let here = Outbound { permitted: vec!["127.0.0.0/8".parse().unwrap()] };
        let address = permitted(&Url::parse("http://127.0.0.1:9/").unwrap(), &here).await;
        assert_eq!(address, Ok("127.0.0.1:9".parse().unwrap()));
    }
}
