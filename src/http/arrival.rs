//! How a request came in: from which address, by which scheme and name. Forwarded headers count only
//! where a trusted proxy has written them.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::dev::RequestHead;
use actix_web::http::header::{HOST, HeaderMap, ORIGIN, USER_AGENT};
use ipnet::IpNet;

use super::session::KNOWN_BROWSER;
use crate::control::sign_in::Origin;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Who stands between clients and the gateway, and how clients name it.
#[derive(Debug, Clone, Default)]
pub struct Front {
    /// Networks of proxies whose forwarded headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The origin by which people reach the gateway, such as `https://ccag.example.com`.
    pub public_url: Option<String>,
    /// Whether clients come by TLS to the gateway itself.
    pub has_tls: bool,
}

/// How one request came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The client's address, as far as it is known.
    pub address: Option<IpAddr>,
    /// Whether a proxy has passed it on.
    pub is_forwarded: bool,
    /// Whether the client came by HTTPS.
    pub is_secure: bool,
    /// The origin by which the client named the gateway; the configured one where there is one.
    pub origin: String,
}

impl Arrival {
    /// How this request came in.
    #[must_use]
    pub fn of(head: &RequestHead, front: &Front) -> Self {
        let headers = head.headers();
        let peer = head.peer_addr.map(|peer| peer.ip().to_canonical());
        let is_trusted = peer.is_some_and(|peer| front.trusts(peer));
        let is_forwarded = headers.contains_key(FORWARDED_FOR) || headers.contains_key("forwarded");
        let forwarded = is_trusted.then(|| front.client(headers)).flatten();
        let proto = is_trusted.then(|| text(headers, FORWARDED_PROTO)).flatten();
        let public = front.public_url.as_deref();
        let is_secure = front.has_tls
            || proto.is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
            || public.is_some_and(|url| url.starts_with("https://"));
        let scheme = if is_secure { "https" } else { "http" };
        let host = text(headers, HOST.as_str()).unwrap_or("localhost");
        let origin = public.map_or_else(|| format!("{scheme}://{host}"), str::to_owned);
        Self { address: forwarded.or(peer), is_forwarded, is_secure, origin }
    }
}

impl Arrival {
    /// Whether the client named the gateway by a name that only this machine answers to.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = url::Url::parse(&self.origin).ok().and_then(|url| match url.host()? {
            url::Host::Domain(name) => Some(name == "localhost"),
            url::Host::Ipv4(address) => Some(address.is_loopback()),
            url::Host::Ipv6(address) => Some(address.is_loopback()),
        });
        host.unwrap_or(false) && !self.is_forwarded
    }
}

/// Where an attempt to sign in comes from.
#[must_use]
pub fn origin(request: &HttpRequest, front: &Front) -> Origin {
    let arrival = Arrival::of(request.head(), front);
    Origin {
        address: arrival.address,
        user_agent: text(request.headers(), USER_AGENT.as_str()).map(str::to_owned),
        known_browser: request.cookie(KNOWN_BROWSER).map(|cookie| cookie.value().to_owned()),
        is_forwarded: arrival.is_forwarded,
    }
}

/// Whether a form comes from a page of this gateway. Browsers send `Origin` with each `POST`, and
/// `Host` as the page's address has it.
#[must_use]
pub fn is_same_origin(headers: &HeaderMap, front: &Front) -> bool {
    let Some(origin) = text(headers, ORIGIN.as_str()) else { return true };
    let host = origin.split_once("://").map(|(_, host)| host);
    let named = text(headers, HOST.as_str());
    let is_public = front.public_url.as_deref().is_some_and(|url| url.eq_ignore_ascii_case(origin));
    is_public || host.zip(named).is_some_and(|(host, named)| host.eq_ignore_ascii_case(named))
}

impl Front {
    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&address))
    }

    /// The last address that no trusted proxy has: what stands before it, a client may have made up.
    fn client(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let lists = headers.get_all(FORWARDED_FOR).filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = lists.flat_map(|list| list.split(',')).map(str::trim).collect();
        let addresses = hops.iter().rev().map(|hop| address(hop));
        for address in addresses {
            let address = address?;
            if !self.trusts(address) {
                return Some(address);
            }
        }
        None
    }
}

/// An address, with or without a port.
fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop.parse().ok();
    let with_port = || hop.parse::<std::net::SocketAddr>().ok().map(|address| address.ip());
    let bracketed = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    bare.or_else(with_port).or_else(bracketed).map(|address: IpAddr| address.to_canonical())
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn front(public_url: Option<&str>) -> Front {
        Front {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap()],
            public_url: public_url.map(str::to_owned),
            has_tls: false,
        }
    }

    fn arrival(peer: &str, headers: &[(&str, &str)], front: &Front) -> Arrival {
        let mut request = TestRequest::get().peer_addr(format!("{peer}:1").parse().unwrap());
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        Arrival::of(request.to_http_request().head(), front)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let front = front(None);
        let made_up =
            [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-proto", "https"), ("host", "h")];
        let direct = arrival("192.0.2.1", &made_up, &front);
        assert_eq!(direct.address, "192.0.2.1".parse().ok());
        assert_eq!((direct.is_secure, direct.is_forwarded), (false, true));
        assert_eq!(direct.origin, "http://h");
        let proxied = arrival("10.0.0.1", &made_up, &front);
        assert_eq!((proxied.address, proxied.is_secure), ("1.2.3.4".parse().ok(), true));
        assert_eq!(proxied.origin, "https://h");
    }

    #[test]
    fn what_a_client_puts_before_its_address_is_not_its_address() {
        let hops =
            |list: &str| arrival("10.0.0.1", &[("x-forwarded-for", list)], &front(None)).address;
        assert_eq!(hops("127.0.0.1, 192.0.2.7, 10.0.0.9"), "192.0.2.7".parse().ok());
        assert_eq!(hops("192.0.2.7:4711"), "192.0.2.7".parse().ok());
        assert_eq!(hops("[2001:db8::1]"), "2001:db8::1".parse().ok());
        assert_eq!(hops("192.0.2.7, rubbish"), "10.0.0.1".parse().ok());
    }

    #[test]
    fn the_public_url_outranks_what_a_client_says() {
        let front = front(Some("https://ccag.example.com"));
        let arrival = arrival("192.0.2.1", &[("host", "evil.test")], &front);
        assert_eq!(
            (arrival.origin.as_str(), arrival.is_secure),
            ("https://ccag.example.com", true)
        );
    }

    #[test]
    fn a_form_of_another_site_is_none_of_ours() {
        let same = |origin: Option<&'static str>, front: &Front| {
            let request = TestRequest::post().insert_header(("host", "gateway:8080"));
            let request = match origin {
                Some(origin) => request.insert_header(("origin", origin)),
                None => request,
            };
            is_same_origin(request.to_http_request().headers(), front)
        };
        let front = front(Some("https://ccag.example.com"));
        for ours in [None, Some("http://gateway:8080"), Some("https://ccag.example.com")] {
            assert!(same(ours, &front), "{ours:?}");
        }
        for other in ["null", "https://evil.test", "http://gateway:8081", "http://gateway"] {
            assert!(!same(Some(other), &front), "{other}");
        }
    }
}
