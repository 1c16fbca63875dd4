//! The way to a collector: gRPC or protobuf over HTTP, with the same patience.

mod grpc;
mod http;
pub mod metrics;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper_rustls::HttpsConnectorBuilder;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

pub use self::metrics::Exports;
use self::metrics::Signal;
use super::{Destination, Protocol};

/// The pauses before spans are sent again that a collector did not take just now.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];

/// Why there is no way to a collector.
#[derive(Debug, Error)]
pub enum TransportError {
    /// The URL is none that can be exported to.
    #[error("the OTLP endpoint {0} cannot be exported to: {1}")]
    Url(String, String),
    /// A header cannot be sent.
    #[error(
        "the OTLP header {0} cannot be sent: its name or value has letters that no header takes"
    )]
    Header(String),
    /// A certificate cannot be read.
    #[error("the OTLP certificate {0} cannot be read: {1}")]
    Certificate(String, String),
    /// The system denies something.
    #[error("the OTLP exporter cannot start: {0}")]
    System(#[from] std::io::Error),
    /// Its own metrics cannot be registered.
    #[error("the OTLP exporter's metrics cannot be registered: {0}")]
    Metrics(#[from] prometheus::Error),
}

/// An export that was not taken.
#[derive(Debug)]
struct Failure {
    /// Whether to try it again.
    again: bool,
    reason: String,
}

/// The way to one collector; cheap to clone.
#[derive(Clone)]
pub struct Transport {
    way: Way,
    timeout: Duration,
    exports: Exports,
}

#[derive(Clone)]
enum Way {
    Grpc(Arc<grpc::Grpc>),
    Http(Arc<http::Http>),
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl Transport {
    /// A way to `destination`; nothing is connected yet. Must be called within the runtime that it is to
    /// live on.
    ///
    /// # Errors
    /// Where a certificate cannot be read, or a URL or header be none.
    pub fn open(destination: &Destination, exports: &Exports) -> Result<Self, TransportError> {
        let tls = HttpsConnectorBuilder::new().with_tls_config(tls(destination)?).https_or_http();
        let way = match destination.protocol {
            Protocol::Grpc => {
                Way::Grpc(Arc::new(grpc::Grpc::open(destination, tls.enable_http2().build())?))
            }
            Protocol::Http => {
                Way::Http(Arc::new(http::Http::open(destination, tls.enable_http1().build())?))
            }
        };
        Ok(Self { way, timeout: destination.timeout, exports: exports.clone() })
    }

    /// Sends spans, again where the collector is busy; false where they are lost.
    pub async fn traces(&self, request: ExportTraceServiceRequest) -> bool {
        let mut pauses = PAUSES.iter();
        loop {
            let sent = async {
                match &self.way {
                    Way::Grpc(grpc) => grpc.traces(request.clone()).await,
                    Way::Http(http) => http.send(&request).await,
                }
            };
            match (self.in_time(sent).await, pauses.next()) {
                (Err(failure), Some(pause)) if failure.again => tokio::time::sleep(*pause).await,
                (sent, _) => return self.exports.note(Signal::Traces, sent),
            }
        }
    }

    /// Sends metrics; the next ones tell what these did not.
    pub async fn metrics(&self, request: ExportMetricsServiceRequest) {
        let sent = async {
            match &self.way {
                Way::Grpc(grpc) => grpc.metrics(request).await,
                Way::Http(http) => http.send(&request).await,
            }
        };
        let sent = self.in_time(sent).await;
        self.exports.note(Signal::Metrics, sent);
    }

    async fn in_time(
        &self,
        sent: impl Future<Output = Result<(), Failure>>,
    ) -> Result<(), Failure> {
        let late = || Failure { again: true, reason: "no answer in time".to_owned() };
        tokio::time::timeout(self.timeout, sent).await.unwrap_or_else(|_| Err(late()))
    }
}

fn tls(destination: &Destination) -> Result<ClientConfig, TransportError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = &destination.certificate {
        let failed =
            |reason: String| TransportError::Certificate(path.display().to_string(), reason);
        let own = CertificateDer::pem_file_iter(path).map_err(|error| failed(error.to_string()))?;
        for certificate in own {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots.add(certificate).map_err(|error| failed(error.to_string()))?;
        }
    }
    Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
}
