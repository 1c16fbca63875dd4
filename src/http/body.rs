//! Reading a request's body: bounded in size and in time.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use crate::domain::error::{ApiError, ErrorKind};

/// Largest body of a Messages request, in bytes.
pub const MAX_BODY: usize = 32 * 1024 * 1024;

/// Reads the whole body; `deadline` is for all of it.
///
/// # Errors
/// What the client is to be told, where the body is too large, too slow or broken off.
pub async fn read(
    request: &HttpRequest,
    payload: Payload,
    deadline: Duration,
) -> Result<Bytes, ApiError> {
    is_json(request)?;
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(too_large());
    }
    match tokio::time::timeout(deadline, collect(payload, length.unwrap_or(0))).await {
        Ok(body) => body,
        Err(_) => {
            let message = "The request's body did not arrive in time.";
            Err(ApiError::new(ErrorKind::RequestTimeout, message))
        }
    }
}

/// Refuses a body that says of itself that it is something else than JSON.
fn is_json(request: &HttpRequest) -> Result<(), ApiError> {
    let kind = request.headers().get(CONTENT_TYPE).map(|value| value.as_bytes());
    let kind = kind.map(|kind| kind.split(|byte| *byte == b';').next().unwrap_or_default());
    let is_other = kind.map(<[u8]>::trim_ascii).is_some_and(|kind| {
        !kind.eq_ignore_ascii_case(b"application/json") && !kind.ends_with(b"+json")
    });
    if !is_other {
        return Ok(());
    }
    let message = "The request's body must be JSON: send content-type: application/json.";
    Err(ApiError::new(ErrorKind::UnsupportedMediaType, message))
}

async fn collect(mut payload: Payload, length: usize) -> Result<Bytes, ApiError> {
    let mut body: Option<BytesMut> = None;
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| {
            let kind = match error {
                PayloadError::Incomplete(_) => ErrorKind::ClientClosed,
                _ => ErrorKind::InvalidRequest,
            };
            ApiError::new(kind, format!("The request's body cannot be read: {error}."))
        })?;
        if body.is_none() && chunk.len() == length {
            return Ok(chunk);
        }
        let body = body.get_or_insert_with(|| BytesMut::with_capacity(length));
        if body.len() + chunk.len() > MAX_BODY {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.unwrap_or_default().freeze())
}

fn too_large() -> ApiError {
    let message = format!("The request is larger than {} MB.", MAX_BODY / 1024 / 1024);
    ApiError::new(ErrorKind::RequestTooLarge, message)
}
