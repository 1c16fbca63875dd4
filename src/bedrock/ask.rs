//! One small question to Bedrock outside of the data plane: its answer whole, or its refusal in AWS's own
//! words, for admins.

use std::time::Duration;

use actix_web::http::header::{ACCEPT, HeaderMap, HeaderValue};
use bytes::Bytes;

use super::clock;
use super::credentials::Credential;
use super::exchange::{self, Operation};
use super::refusal::message_of;
use super::service_error::ServiceError;
use super::sign::{authorize, authorize_get};
use crate::domain::guardrail::Guardrail;

/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 1024 * 1024;

/// What is asked, and of whom.
pub(super) struct Question<'q> {
    pub(super) client: &'q awc::Client,
    /// The word for the service in errors.
    pub(super) service: &'static str,
    pub(super) region: &'q str,
    pub(super) credential: &'q Credential,
    pub(super) url: &'q str,
    /// What is sent as JSON; a `GET` where there is none.
    pub(super) body: Option<Bytes>,
    /// What the answer is held against.
    pub(super) guardrail: Option<&'q Guardrail>,
    pub(super) deadline: Duration,
}

impl Question<'_> {
    /// Asks; once more where the signature was made for another time than AWS's.
    pub(super) async fn ask(&self) -> Result<Bytes, ServiceError> {
        match self.once().await {
            Err((_, true)) => self.once().await,
            answered => answered,
        }
        .map_err(|(error, _)| error)
    }

    /// The answer, or why there is none and whether the clock was at fault.
    async fn once(&self) -> Result<Bytes, (ServiceError, bool)> {
        let failed =
            |message: String| (ServiceError::Unreachable { service: self.service, message }, false);
        let request = match &self.body {
            Some(_) => self.client.post(self.url),
            None => self.client.get(self.url),
        };
        let mut request = request.timeout(self.deadline);
        *request.headers_mut() = self.headers().map_err(failed)?;
        let sent = request.send_body(self.body.clone().unwrap_or_default());
        let mut answer = sent.await.map_err(|error| failed(error.to_string()))?;
        let read = tokio::time::timeout(self.deadline, answer.body().limit(MAX_ANSWER)).await;
        let read = read.map_err(|_| failed("it stopped in mid-answer".to_owned()))?;
        let body = read.map_err(|error| failed(error.to_string()))?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok());
        let exception = header("x-amzn-errortype").and_then(|kind| kind.split(':').next());
        // An unknown route answers 200, with the exception's name in a header.
        if answer.status().is_success() && exception.is_none() {
            return Ok(body);
        }
        let status = answer.status().as_u16().to_string();
        let code = exception.unwrap_or(&status);
        let error = ServiceError::refused(self.service, code, &message_of(&body));
        let of_time = exception == Some("InvalidSignatureException")
            && header("date").is_some_and(clock::correct);
        Err((error, of_time))
    }

    fn headers(&self) -> Result<HeaderMap, String> {
        let (credential, region, now) = (self.credential, self.region, clock::now());
        let (headers, signed) = match &self.body {
            Some(body) => {
                let mut headers = exchange::headers(Operation::Invoke, self.guardrail);
                let signed = authorize(&mut headers, credential, region, self.url, body, now);
                (headers, signed)
            }
            None => {
                let json = HeaderValue::from_static("application/json");
                let mut headers = HeaderMap::from_iter([(ACCEPT, json)]);
                let signed = authorize_get(&mut headers, credential, region, self.url, now);
                (headers, signed)
            }
        };
        signed.map(|()| headers).map_err(|error| error.to_string())
    }
}
