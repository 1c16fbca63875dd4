//! OTLP over gRPC.

use std::time::Duration;

use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::HttpConnector;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_client::TraceServiceClient;
use secrecy::ExposeSecret as _;
use tonic::codec::CompressionEncoding;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::{Failure, TransportError};
use crate::telemetry::otlp::Destination;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A channel that connects when it is first used.
pub struct Grpc {
    channel: Channel,
    metadata: Vec<(AsciiMetadataKey, AsciiMetadataValue)>,
    gzip: bool,
}

impl Grpc {
    pub fn open(
        destination: &Destination,
        connector: HttpsConnector<HttpConnector>,
    ) -> Result<Self, TransportError> {
        let endpoint = Endpoint::from_shared(destination.url.clone());
        let endpoint = endpoint
            .map_err(|error| TransportError::Url(destination.url.clone(), error.to_string()))?;
        let channel = endpoint.connect_timeout(CONNECT).connect_with_connector_lazy(connector);
        let metadata = destination.headers.iter().map(|(name, value)| {
            let key = AsciiMetadataKey::from_bytes(name.to_ascii_lowercase().as_bytes());
            let pair = key.ok().zip(value.expose_secret().parse().ok());
            pair.ok_or_else(|| TransportError::Header(name.clone()))
        });
        let metadata = metadata.collect::<Result<_, _>>()?;
        Ok(Self { channel, metadata, gzip: destination.gzip })
    }

    pub async fn traces(&self, request: ExportTraceServiceRequest) -> Result<(), Failure> {
        let mut client = TraceServiceClient::new(self.channel.clone());
        if self.gzip {
            client = client.send_compressed(CompressionEncoding::Gzip);
        }
        client.export(self.request(request)).await.map(|_| ()).map_err(|status| failure(&status))
    }

    pub async fn metrics(&self, request: ExportMetricsServiceRequest) -> Result<(), Failure> {
        let mut client = MetricsServiceClient::new(self.channel.clone());
        if self.gzip {
            client = client.send_compressed(CompressionEncoding::Gzip);
        }
        client.export(self.request(request)).await.map(|_| ()).map_err(|status| failure(&status))
    }

    fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        for (name, value) in &self.metadata {
            request.metadata_mut().insert(name.clone(), value.clone());
        }
        request
    }
}

fn failure(status: &Status) -> Failure {
    let again = matches!(
        status.code(),
        Code::Unavailable
            | Code::ResourceExhausted
            | Code::DeadlineExceeded
            | Code::Cancelled
            | Code::Aborted
            | Code::OutOfRange
            | Code::DataLoss
    );
    Failure { again, reason: format!("{:?}", status.code()) }
}
