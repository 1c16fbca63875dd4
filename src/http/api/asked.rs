//! What a client asks for: the body, read and parsed, and what the headers say of it.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use actix_web::web::Payload;
use bytes::Bytes;

use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::guardrail::Guardrail;
use crate::domain::request::{InvalidRequest, MessagesRequest};
use crate::domain::translation::{ApiVersion, CallHeaders};
use crate::http::body;

/// Bodies larger than this are parsed off the worker's thread, in bytes.
const PARSE_APART: usize = 512 * 1024;
/// `anthropic-beta` names that are looked at.
const MAX_BETAS: usize = 64;
/// Bedrock's headers, which clients send by `ANTHROPIC_CUSTOM_HEADERS`.
const GUARDRAIL: &str = "x-amzn-bedrock-guardrailidentifier";
const GUARDRAIL_VERSION: &str = "x-amzn-bedrock-guardrailversion";

/// Reads the body within the deadline and parses it.
///
/// # Errors
/// What the client is to be told of a body that does not come, or is no request.
pub(super) async fn read(
    request: &HttpRequest,
    payload: Payload,
    deadline: Duration,
    parser: impl FnOnce(Bytes) -> Result<MessagesRequest, InvalidRequest> + Send + 'static,
) -> Result<MessagesRequest, ApiError> {
    parse(body::read(request, payload, deadline).await?, parser).await
}

/// Parses a body, off the worker's thread where it is large.
///
/// # Errors
/// What the client is to be told of a body that is no request.
pub(super) async fn parse(
    body: Bytes,
    parser: impl FnOnce(Bytes) -> Result<MessagesRequest, InvalidRequest> + Send + 'static,
) -> Result<MessagesRequest, ApiError> {
    let parsed = if body.len() > PARSE_APART {
        let apart = actix_web::web::block(move || parser(body)).await;
        apart.map_err(|error| ApiError::new(ErrorKind::Unavailable, error.to_string()))?
    } else {
        parser(body)
    };
    parsed.map_err(|error| ApiError::new(ErrorKind::InvalidRequest, error.to_string()))
}

/// The names in all `anthropic-beta` headers, the version of the API, and Bedrock's guardrail.
///
/// # Errors
/// What the client is to be told of a guardrail that cannot be asked for: a request never goes without
/// the one that it names.
pub(super) fn headers(headers: &HeaderMap) -> Result<CallHeaders, ApiError> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let guardrail =
        Guardrail::named(text(GUARDRAIL), text(GUARDRAIL_VERSION)).map_err(|error| {
            let name = error.of(GUARDRAIL, GUARDRAIL_VERSION);
            ApiError::new(ErrorKind::InvalidRequest, format!("The header {name} {error}."))
        })?;
    let values = headers.get_all("anthropic-beta").filter_map(|value| value.to_str().ok());
    let names = values.flat_map(|value| value.split(',')).map(str::trim);
    let version = headers.get("anthropic-version").and_then(|value| value.to_str().ok());
    Ok(CallHeaders {
        betas: names.filter(|name| !name.is_empty()).take(MAX_BETAS).map(str::to_owned).collect(),
        version: version.map(ApiVersion::of).unwrap_or_default(),
        guardrail,
    })
}
