//! One exchange with Bedrock: sign, send, and read what comes back.

use std::io::Read as _;
use std::pin::Pin;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use awc::ClientResponse;
use awc::error::{ConnectError, SendRequestError};
use bytes::Bytes;
use flate2::read::GzDecoder;
use futures_util::Stream;
use memchr::memmem;
use tokio::time::Instant;

use super::clock;
use super::credentials::Credential;
use super::endpoint::Endpoint;
use super::refusal;
use super::sign::authorize;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::guardrail::Guardrail;
use crate::domain::trace::TraceContext;

/// Largest answer of `InvokeModel` that is read, in bytes.
const MAX_WHOLE: usize = 32 * 1024 * 1024;
/// Largest error body that is read, in bytes.
const MAX_ERROR: usize = 256 * 1024;
/// How long an error body may take.
const ERROR_BODY: Duration = Duration::from_secs(10);

/// The body of a successful answer, unread.
pub type Body = ClientResponse<Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>>;

/// Which operation is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// `InvokeModel`
    Invoke,
    /// `InvokeModelWithResponseStream`
    InvokeStream,
    /// `CountTokens`
    CountTokens,
}

impl Operation {
    /// The last segment of its path.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::InvokeStream => "invoke-with-response-stream",
            Self::CountTokens => "count-tokens",
        }
    }
}

/// What is called.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The id or ARN of the model's profile.
    pub profile: &'a str,
    /// The operation on it.
    pub operation: Operation,
    /// What the conversation is held against.
    pub guardrail: Option<&'a Guardrail>,
}

/// Why the same exchange may well succeed if it is made once more, at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stale {
    /// The connection died before a byte came back: it was a pooled one that the other side had
    /// closed at that moment.
    Connection,
    /// The gateway's credential had expired or was replaced: a fresh one may help.
    Credential,
    /// The signature was made for another time than AWS's, which is known by now.
    Clock,
}

/// An exchange that brought no answer.
#[derive(Debug)]
pub struct Failure {
    /// What the client is to be told.
    pub error: ApiError,
    /// True where Bedrock answered, with a refusal.
    pub answered: bool,
    /// Why it may be made once more.
    pub stale: Option<Stale>,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        Self { error, answered: false, stale: None }
    }
}

/// Sends `body` and waits for the head of a successful answer.
///
/// # Errors
/// [`Failure`], with Bedrock's refusal or the reason why there is no answer.
pub async fn send(
    client: &awc::Client,
    endpoint: &Endpoint,
    credential: &Credential,
    target: Target<'_>,
    body: Bytes,
    deadline: Duration,
    trace: Option<&TraceContext>,
) -> Result<Body, Failure> {
    let url = endpoint.url(target.profile, target.operation.path());
    let mut request = client.post(&url).timeout(deadline);
    *request.headers_mut() = headers(target.operation, target.guardrail);
    if let Some(trace) = trace {
        pass_on(request.headers_mut(), trace);
    }
    authorize_now(request.headers_mut(), credential, endpoint, &url, &body)?;
    let response = request.send_body(body).await.map_err(|error| unsent(&error))?;
    if response.status().is_success() && !is_unknown_operation(&response) {
        return Ok(response);
    }
    Err(refused(response).await)
}

fn authorize_now(
    headers: &mut HeaderMap,
    credential: &Credential,
    endpoint: &Endpoint,
    url: &str,
    body: &[u8],
) -> Result<(), ApiError> {
    authorize(headers, credential, &endpoint.region, url, body, clock::now())
        .map_err(|error| ApiError::new(ErrorKind::Api, error.to_string()))
}

/// The headers of a call, apart from those that authorise it. The trace of a guardrail tells a block
/// from a mask.
#[must_use]
pub fn headers(operation: Operation, guardrail: Option<&Guardrail>) -> HeaderMap {
    let json = HeaderValue::from_static("application/json");
    let mut headers = HeaderMap::new();
    if operation != Operation::InvokeStream {
        headers.insert(ACCEPT, json.clone());
    }
    headers.insert(CONTENT_TYPE, json);
    if let Some(guardrail) = guardrail {
        let asked = [
            ("x-amzn-bedrock-guardrailidentifier", guardrail.identifier()),
            ("x-amzn-bedrock-guardrailversion", guardrail.version()),
            ("x-amzn-bedrock-trace", "ENABLED"),
        ];
        for (name, value) in asked {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
    }
    headers
}

/// Puts a trace context on a call.
fn pass_on(headers: &mut HeaderMap, trace: &TraceContext) {
    let state = trace.tracestate.as_deref().map(|state| ("tracestate", state));
    for (name, value) in [("traceparent", trace.traceparent.as_str())].into_iter().chain(state) {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// Reads the rest of a whole answer.
///
/// # Errors
/// What the client is to be told, where it does not come, or is too large.
pub async fn read_whole(mut body: Body, until: Instant) -> Result<Bytes, ApiError> {
    match tokio::time::timeout_at(until, body.body().limit(MAX_WHOLE)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) => {
            let message = format!("The answer from Bedrock broke off: {error}.");
            Err(ApiError::new(ErrorKind::Api, message))
        }
        Err(_) => Err(ApiError::new(ErrorKind::Timeout, "Bedrock stopped in mid-answer.")),
    }
}

/// An error body in the clear: services in between compress it unasked.
fn decoded(response: &Body, body: Bytes) -> Bytes {
    if header(response, "content-encoding") != Some("gzip") {
        return body;
    }
    let mut clear = Vec::new();
    let limit = u64::try_from(MAX_ERROR).unwrap_or(u64::MAX);
    match GzDecoder::new(&*body).take(limit).read_to_end(&mut clear) {
        Ok(_) => Bytes::from(clear),
        Err(_) => body,
    }
}

/// An unknown route answers 200, with the exception's name in a header.
fn is_unknown_operation(response: &Body) -> bool {
    header(response, "x-amzn-errortype").is_some()
}

fn header<'r>(response: &'r Body, name: &str) -> Option<&'r str> {
    response.headers().get(name).and_then(|value| value.to_str().ok())
}

async fn refused(mut response: Body) -> Failure {
    let read = tokio::time::timeout(ERROR_BODY, response.body().limit(MAX_ERROR)).await;
    let body = read.ok().and_then(Result::ok).unwrap_or_default();
    let body = decoded(&response, body);
    let exception = header(&response, "x-amzn-errortype");
    let stale = stale(exception, header(&response, "date"), &body);
    let error = refusal::of_status(response.status().as_u16(), exception, &body);
    tracing::info!(
        aws_request_id = header(&response, "x-amzn-requestid"),
        status = response.status().as_u16(),
        exception,
        "Bedrock refused a request."
    );
    Failure { error, answered: true, stale }
}

/// Why a refusal may be none the next time.
fn stale(exception: Option<&str>, date: Option<&str>, body: &[u8]) -> Option<Stale> {
    let name = exception?.split(':').next()?;
    match name.strip_suffix("Exception").unwrap_or(name) {
        "ExpiredToken" | "UnrecognizedClient" => Some(Stale::Credential),
        "InvalidSignature" => {
            let of_time = ["Signature expired", "Signature not yet current"];
            let of_time = of_time.iter().any(|text| memmem::find(body, text.as_bytes()).is_some());
            (of_time && date.is_some_and(clock::correct)).then_some(Stale::Clock)
        }
        _ => None,
    }
}

fn unsent(error: &SendRequestError) -> Failure {
    let overloaded = |message: String| ApiError::new(ErrorKind::Overloaded, message).retry_after(3);
    let (error, stale) = match error {
        SendRequestError::Timeout => {
            (ApiError::new(ErrorKind::Timeout, "Bedrock did not answer in time."), None)
        }
        SendRequestError::Connect(ConnectError::Disconnected)
        | SendRequestError::Send(_)
        | SendRequestError::Response(_) => (
            overloaded(format!("The connection to Bedrock was lost: {error}.")),
            Some(Stale::Connection),
        ),
        _ => (overloaded(format!("Bedrock cannot be reached: {error}.")), None),
    };
    Failure { error, answered: false, stale }
}
