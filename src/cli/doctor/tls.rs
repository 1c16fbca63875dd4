//! The gateway's certificate as this machine sees it: who vouches for it, for which name, until when.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::report::Check;
use super::target::Target;

const NAME: &str = "TLS";
const DEADLINE: Duration = Duration::from_secs(10);
/// A certificate that ends sooner is told of, in days.
const SOON: u64 = 14;
const DAY: u64 = 24 * 3600;

/// Notes which certificates were shown, and lets the usual verifier judge them.
#[derive(Debug)]
struct Witness {
    verifier: Arc<WebPkiServerVerifier>,
    shown: Mutex<Vec<CertificateDer<'static>>>,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let all = std::iter::once(end_entity).chain(intermediates);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            all.map(|der| der.clone().into_owned()).collect();
        self.verifier.verify_server_cert(end_entity, intermediates, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// Shakes hands with the gateway at `address`.
pub(super) fn check(target: &Target, address: SocketAddr, roots: RootCertStore) -> Check {
    if !target.is_tls {
        return if address.ip().is_loopback() {
            Check::ok(NAME, "none, which is fine on this machine alone")
        } else {
            let advice =
                "Serve it by https: TLS_CERT and TLS_KEY, or a load balancer with a certificate.";
            Check::fail(NAME, "none: keys and prompts can be read on the way", advice)
        };
    }
    let (done, shown) = match shake(target, address, roots) {
        Ok(seen) => seen,
        Err(error) => return Check::fail(NAME, error, "Check the port and what answers there."),
    };
    let certificate = shown.first().and_then(|der| Certificate::from_der(der).ok());
    let told = certificate.as_ref().map(told).unwrap_or_default();
    match done {
        Ok(protocol) => {
            let found = format!("{protocol}, {told}, a chain of {}", shown.len());
            let days = certificate.as_ref().map_or(u64::MAX, days_left);
            if days < SOON {
                Check::warn(NAME, format!("{found}: {days} days left"), "Renew it.")
            } else {
                Check::ok(NAME, found)
            }
        }
        Err(error) => {
            let (why, advice) = explained(&error, shown.len(), target);
            Check::fail(NAME, format!("{why}: {told}"), advice)
        }
    }
}

type Seen = (Result<String, Error>, Vec<CertificateDer<'static>>);

fn shake(target: &Target, address: SocketAddr, roots: RootCertStore) -> Result<Seen, String> {
    let verifier = WebPkiServerVerifier::builder(Arc::new(roots)).build();
    let verifier = verifier.map_err(|error| format!("this machine trusts nobody: {error}"))?;
    let witness = Arc::new(Witness { verifier, shown: Mutex::default() });
    let mut config = ClientConfig::builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&witness) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(target.host.clone()).map_err(|error| error.to_string())?;
    let connection = ClientConnection::new(Arc::new(config), name);
    let mut connection = connection.map_err(|error| error.to_string())?;
    let mut socket =
        TcpStream::connect_timeout(&address, DEADLINE).map_err(|error| error.to_string())?;
    let timeouts = socket.set_read_timeout(Some(DEADLINE));
    timeouts.and_then(|()| socket.set_write_timeout(Some(DEADLINE))).map_err(|e| e.to_string())?;
    let mut done = Ok(String::new());
    while connection.is_handshaking() {
        let Err(error) = connection.complete_io(&mut socket) else { continue };
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
            return Err(format!("the handshake failed: {error}"));
        };
        done = Err(tls.clone());
        break;
    }
    let protocol = connection.protocol_version().and_then(|version| version.as_str().map(shorter));
    let shown = witness.shown.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok((done.map(|_| protocol.unwrap_or_else(|| "TLS".to_owned())), shown))
}

/// `TLS 1.3` for `TLSv1_3`.
fn shorter(name: &str) -> String {
    name.replace("TLSv", "TLS ").replace('_', ".")
}

fn told(certificate: &Certificate) -> String {
    let part = &certificate.tbs_certificate;
    let until = part.validity.not_after.to_date_time();
    let (year, month, day) = (until.year(), until.month(), until.day());
    format!("{} by {} until {year}-{month:02}-{day:02}", part.subject, part.issuer)
}

fn days_left(certificate: &Certificate) -> u64 {
    let until = certificate.tbs_certificate.validity.not_after.to_unix_duration();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    until.saturating_sub(now).as_secs() / DAY
}

/// Why a certificate is refused, and what to do.
fn explained(error: &Error, length: usize, target: &Target) -> (String, String) {
    let Error::InvalidCertificate(error) = error else {
        let advice = "Claude Code speaks TLS 1.2 and 1.3: see what the load balancer offers.";
        return (error.to_string(), advice.to_owned());
    };
    let (why, advice) = match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            ("it has expired", "Renew it, and see that the load balancer shows the new one.".to_owned())
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            ("it is not valid yet", "Check the clock of this machine.".to_owned())
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "it is for another name",
            format!("Call the gateway by the name on it, or have one made for {}.", target.host),
        ),
        CertificateError::UnknownIssuer if length == 1 => (
            "nobody whom this machine trusts vouches for it, and no intermediate is shown with it",
            "Serve the whole chain; for an authority of your own set NODE_EXTRA_CA_CERTS to its certificate."
                .to_owned(),
        ),
        CertificateError::UnknownIssuer => (
            "nobody whom this machine trusts vouches for it",
            "For an authority of your own, or a proxy that looks into TLS, set NODE_EXTRA_CA_CERTS to its certificate."
                .to_owned(),
        ),
        other => return (other.to_string(), "Have it made anew.".to_owned()),
    };
    (why.to_owned(), advice)
}
