//! One call to an endpoint, made once more where only the connection, the credential or the clock was
//! stale.

use bytes::Bytes;
use tokio::time::Instant;

use super::endpoints::{Endpoints, Lease};
use crate::bedrock::exchange::{self, Body, Failure, Stale, Target};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::trace::TraceContext;

/// Sends `body` to the leased endpoint and waits for the head of a successful answer until the deadline,
/// which is for both attempts.
///
/// # Errors
/// [`Failure`] of the second attempt, or of the first where a second would not help.
pub(super) async fn call(
    client: &awc::Client,
    endpoints: &Endpoints,
    lease: &mut Lease,
    target: Target<'_>,
    body: Bytes,
    (until, trace): (Instant, Option<&TraceContext>),
) -> Result<Body, Failure> {
    let how = (until, trace);
    let failure = match once(client, lease, target, body.clone(), how).await {
        Ok(answer) => return Ok(answer),
        Err(failure) => failure,
    };
    match failure.stale {
        None => return Err(failure),
        Some(Stale::Credential) => lease.refresh(endpoints).await?,
        Some(Stale::Connection | Stale::Clock) => {}
    }
    once(client, lease, target, body, how).await
}

async fn once(
    client: &awc::Client,
    lease: &Lease,
    target: Target<'_>,
    body: Bytes,
    (until, trace): (Instant, Option<&TraceContext>),
) -> Result<Body, Failure> {
    let Some(credential) = lease.credential() else {
        let message = "The endpoint has no credential at the moment.";
        return Err(ApiError::new(ErrorKind::Unavailable, message).into());
    };
    let left = until.saturating_duration_since(Instant::now());
    exchange::send(client, lease.endpoint(), credential, target, body, left, trace).await
}
