//! The HTTP client toward Bedrock: one per worker thread, since its connections are.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use awc::Connector;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

/// How long an idle connection is kept; Bedrock's side closes after about a minute.
const KEEP_ALIVE: Duration = Duration::from_secs(45);
/// A connection is closed after this time even if it is busy again and again, so that changes of
/// DNS are followed.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// A client for the thread it is made on.
///
/// It has no timeout of its own (each call brings one), follows no redirect, does not limit its
/// connections (admission does), and speaks HTTP/1.1 only: on HTTP/2 a client that leaves an idle
/// stream would not be noticed upstream.
#[must_use]
pub fn client(connect_timeout: Duration) -> awc::Client {
    static TLS: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    let tls = TLS.get_or_init(|| tls(roots(Vec::new())));
    with_tls(connect_timeout, Arc::clone(tls))
}

/// As [`client`], but trusting these authorities.
#[must_use]
pub fn client_trusting(connect_timeout: Duration, roots: RootCertStore) -> awc::Client {
    with_tls(connect_timeout, tls(roots))
}

/// The authorities of this machine, the public ones, and `extra` ones.
#[must_use]
pub fn roots(extra: Vec<CertificateDer<'static>>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots.add_parsable_certificates(extra);
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    roots
}

fn with_tls(connect_timeout: Duration, tls: Arc<ClientConfig>) -> awc::Client {
    let connector = Connector::new()
        .rustls_0_23(tls)
        .timeout(connect_timeout)
        .handshake_timeout(connect_timeout)
        .limit(0)
        .conn_keep_alive(KEEP_ALIVE)
        .conn_lifetime(LIFETIME);
    awc::Client::builder()
        .connector(connector)
        .disable_timeout()
        .disable_redirects()
        .no_default_headers()
        .finish()
}

fn tls(roots: RootCertStore) -> Arc<ClientConfig> {
    let mut config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}
