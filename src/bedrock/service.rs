//! Calls of other AWS services than Bedrock: signed with the gateway's own credentials, answered
//! within a deadline.

use std::time::Duration;

use actix_web::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;

use super::clock;
pub use super::service_error::ServiceError;
use super::sign::Scope;

/// How long a call may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;
/// Where a service is called, and by whom.
pub struct Access<'a> {
    /// The client of this thread.
    pub client: &'a awc::Client,
    /// The gateway's own credential.
    pub identity: &'a Identity,
    /// The base URL, where it is not AWS's own.
    pub base_url: Option<&'a str>,
}

/// One call.
pub(super) struct Call<'a> {
    pub(super) service: &'static str,
    /// The name that signatures and host names have.
    pub(super) scope: &'static str,
    pub(super) region: &'a str,
    pub(super) domain: &'a str,
    pub(super) content_type: &'static str,
    /// The operation, for services that take it in a header.
    pub(super) target: Option<&'static str>,
    pub(super) body: Bytes,
}

/// Sends a `POST` and reads its answer: the status and the body.
pub(super) async fn call(
    access: &Access<'_>,
    call: Call<'_>,
) -> Result<(u16, Bytes), ServiceError> {
    let Call { service, scope, region, domain, content_type, target, body } = call;
    let failed = |message: String| ServiceError::Unreachable { service, message };
    let base = access.base_url.map_or_else(
        || format!("https://{scope}.{region}.{domain}"),
        |url| url.trim_end_matches('/').to_owned(),
    );
    let url = format!("{base}/");
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    let mut signed = vec![("content-type", content_type)];
    if let Some(target) = target {
        headers.insert(HeaderName::from_static("x-amz-target"), HeaderValue::from_static(target));
        signed.push(("x-amz-target", target));
    }
    let scope = Scope { identity: access.identity, service: scope, region };
    scope
        .sign_post(&mut headers, (&url, &signed), &body, clock::now())
        .map_err(|error| failed(error.to_string()))?;
    let mut request = access.client.post(&url).timeout(DEADLINE);
    *request.headers_mut() = headers;
    let mut answer = request.send_body(body).await.map_err(|error| failed(error.to_string()))?;
    let status = answer.status().as_u16();
    let read = tokio::time::timeout(DEADLINE, answer.body().limit(MAX_ANSWER)).await;
    let read = read.map_err(|_| failed("it stopped in mid-answer".to_owned()))?;
    Ok((status, read.map_err(|error| failed(error.to_string()))?))
}
