//! OTLP as protobuf over HTTP.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Full;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use prost::Message;
use secrecy::ExposeSecret as _;

use super::{Failure, TransportError};
use crate::telemetry::otlp::Destination;

/// A client that connects when it is first used.
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    url: Uri,
    headers: HeaderMap,
    gzip: bool,
}

impl Http {
    pub fn open(
        destination: &Destination,
        connector: HttpsConnector<HttpConnector>,
    ) -> Result<Self, TransportError> {
        let url = destination.url.parse();
        let url = url.map_err(|error: hyper::http::uri::InvalidUri| {
            TransportError::Url(destination.url.clone(), error.to_string())
        })?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-protobuf"));
        if destination.gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        for (name, value) in &destination.headers {
            let value = HeaderValue::from_str(value.expose_secret());
            let pair = HeaderName::from_bytes(name.as_bytes()).ok().zip(value.ok());
            let (key, mut value) = pair.ok_or_else(|| TransportError::Header(name.clone()))?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, url, headers, gzip: destination.gzip })
    }

    pub async fn send(&self, message: &impl Message) -> Result<(), Failure> {
        let lost = |reason: String| Failure { again: true, reason };
        let body = self.body(message.encode_to_vec()).map_err(|error| lost(error.to_string()))?;
        let mut request = Request::post(self.url.clone())
            .body(Full::new(body))
            .map_err(|error| Failure { again: false, reason: error.to_string() })?;
        *request.headers_mut() = self.headers.clone();
        let sent = self.client.request(request).await;
        let status = sent.map_err(|error| lost(error.to_string()))?.status();
        if status.is_success() {
            return Ok(());
        }
        let again = matches!(status.as_u16(), 429 | 502 | 503 | 504);
        Err(Failure { again, reason: format!("HTTP {status}") })
    }

    fn body(&self, message: Vec<u8>) -> std::io::Result<Bytes> {
        if !self.gzip {
            return Ok(message.into());
        }
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&message)?;
        Ok(encoder.finish()?.into())
    }
}
