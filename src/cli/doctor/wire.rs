//! HTTP as the checks need it: a client that trusts what Claude Code trusts, and answers with the time at
//! which each piece arrived.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use bytes::BytesMut;
use futures_util::StreamExt as _;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::ExposeSecret as _;
use serde_json::Value;

use super::machine::Machine;
use super::target::{Credential, Target};
use crate::bedrock;

const CONNECT: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// The authorities that Claude Code trusts on this machine.
pub(super) fn roots(machine: &Machine) -> RootCertStore {
    let extra = machine.value("NODE_EXTRA_CA_CERTS").and_then(|path| std::fs::read(path).ok());
    let extra = extra.unwrap_or_default();
    let extra = CertificateDer::pem_slice_iter(&extra).filter_map(Result::ok);
    bedrock::client::roots(extra.map(CertificateDer::into_owned).collect())
}

/// The gateway as the checks call it.
pub(super) struct Wire {
    http: awc::Client,
    url: String,
    credential: Option<Credential>,
}

/// An answer, and when each piece of its body came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: BytesMut,
    /// How much of the body was there at each moment, since the request was sent.
    pub(super) arrivals: Vec<(Duration, usize)>,
    /// When the body ended, or was cut.
    pub(super) took: Duration,
    /// Why the body is not whole, where that is known.
    pub(super) cut: Option<String>,
}

impl Wire {
    pub(super) fn new(
        target: &Target,
        credential: Option<Credential>,
        roots: RootCertStore,
    ) -> Self {
        let http = bedrock::client::client_trusting(CONNECT, roots);
        Self { http, url: target.url.clone(), credential }
    }

    pub(super) fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref()
    }

    /// Calls a route as Claude Code does and reads its answer as it comes.
    ///
    /// # Errors
    /// In words, where no answer begins.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Vec<u8>>,
        deadline: Duration,
    ) -> Result<Answer, String> {
        let method = method.parse().map_err(|_| format!("no method {method}"))?;
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .timeout(deadline)
            .insert_header(("user-agent", concat!("ccag-doctor/", env!("CARGO_PKG_VERSION"))))
            .insert_header(("accept", "application/json"))
            .insert_header(("anthropic-version", "2023-06-01"));
        if let Some(credential) = &self.credential {
            let secret = credential.secret.expose_secret();
            request = if credential.is_api_key {
                request.insert_header(("x-api-key", secret))
            } else {
                request.insert_header(("authorization", format!("Bearer {secret}")))
            };
        }
        let begin = Instant::now();
        let sent = match body {
            Some(body) => {
                request.insert_header(("content-type", "application/json")).send_body(body).await
            }
            None => request.send().await,
        };
        let mut response = sent.map_err(|error| error.to_string())?;
        let mut answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: BytesMut::new(),
            arrivals: Vec::new(),
            took: Duration::ZERO,
            cut: None,
        };
        while let Some(piece) = response.next().await {
            match piece {
                Ok(piece) if answer.body.len() + piece.len() <= MAX_ANSWER => {
                    answer.body.extend_from_slice(&piece);
                    answer.arrivals.push((begin.elapsed(), answer.body.len()));
                }
                Ok(_) => answer.cut = Some("it is too long".to_owned()),
                Err(error) => answer.cut = Some(error.to_string()),
            }
            if answer.cut.is_some() {
                break;
            }
        }
        answer.took = begin.elapsed();
        Ok(answer)
    }
}

impl Answer {
    /// The body as JSON; null where it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Whether it is from a gateway, and not from something before it.
    pub(super) fn is_of_gateway(&self) -> bool {
        self.headers.contains_key("request-id")
    }

    /// What it says is wrong.
    pub(super) fn told(&self) -> String {
        let json = self.json();
        let message = json.get("error").and_then(|error| error.get("message"));
        let status = self.status.as_u16();
        match message.and_then(Value::as_str) {
            Some(message) => format!("{status}: {message}"),
            None if self.is_of_gateway() => format!("{status} without a message"),
            None => format!("{status} from something before the gateway"),
        }
    }

    /// When each server-sent event was whole.
    pub(super) fn events(&self) -> Vec<Duration> {
        let ends = memchr::memmem::find_iter(&self.body, b"\n\n").map(|at| at + 2);
        let at = |end: usize| self.arrivals.iter().find(|(_, length)| *length >= end);
        ends.filter_map(|end| at(end).map(|(time, _)| *time)).collect()
    }
}
