//! `InvokeModel` as a trial: whether a profile answers at all, and what AWS says where it does not.

use std::time::Duration;

use bytes::Bytes;

use super::ask::Question;
use super::credentials::Credential;
use super::endpoint::Endpoint;
use super::exchange::Operation;
use super::service::ServiceError;

/// How long the answer may take.
const DEADLINE: Duration = Duration::from_secs(30);

/// Sends a small body to a profile, held against the endpoint's guardrail; returns the whole answer.
///
/// # Errors
/// [`ServiceError`]
pub async fn invoke(
    client: &awc::Client,
    endpoint: &Endpoint,
    credential: &Credential,
    profile: &str,
    body: Bytes,
) -> Result<Bytes, ServiceError> {
    let question = Question {
        client,
        service: "Bedrock",
        region: &endpoint.region,
        credential,
        url: &endpoint.url(profile, Operation::Invoke.path()),
        body: Some(body),
        guardrail: endpoint.guardrail.as_ref(),
        deadline: DEADLINE,
    };
    question.ask().await
}
