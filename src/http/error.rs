//! The one place where refusals become HTTP answers.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};

use super::request_id::mark;
use crate::domain::error::{ApiError, ErrorKind};

/// A refusal on its way out of a handler; the outermost middleware renders it.
#[derive(Debug)]
pub struct Refusal(pub ApiError);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        status(self.0.kind)
    }

    fn error_response(&self) -> HttpResponse {
        render(&self.0, "")
    }
}

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

/// The answer that tells a client of `error`, in Anthropic's shape.
#[must_use]
pub fn render(error: &ApiError, request_id: &str) -> HttpResponse {
    let mut response = HttpResponse::build(status(error.kind));
    response.content_type(ContentType::json());
    if let Some(seconds) = error.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    if let Some(retry) = error.should_retry() {
        response.insert_header(("x-should-retry", if retry { "true" } else { "false" }));
    }
    let mut response = response.body(error.body(request_id));
    mark(response.headers_mut(), request_id);
    response
}

/// The name of Bedrock's exception that stands for an error.
fn exception(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidRequest
        | ErrorKind::ClientClosed
        | ErrorKind::RequestTimeout
        | ErrorKind::RequestTooLarge
        | ErrorKind::UnsupportedMediaType => "ValidationException",
        ErrorKind::MethodNotAllowed => "UnknownOperationException",
        ErrorKind::Authentication => "UnrecognizedClientException",
        ErrorKind::Permission => "AccessDeniedException",
        ErrorKind::NotFound => "ResourceNotFoundException",
        ErrorKind::RateLimit | ErrorKind::Billing => "ThrottlingException",
        ErrorKind::Api => "InternalServerException",
        ErrorKind::Unavailable | ErrorKind::Overloaded => "ServiceUnavailableException",
        ErrorKind::Timeout => "ModelTimeoutException",
    }
}

/// The answer that tells a client of `error`, in Bedrock's shape.
#[must_use]
pub fn render_native(error: &ApiError, request_id: &str) -> HttpResponse {
    let status = match error.kind {
        // Bedrock knows no 401 and no 529.
        ErrorKind::Authentication => StatusCode::FORBIDDEN,
        ErrorKind::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        kind => status(kind),
    };
    let mut response = HttpResponse::build(status);
    response.insert_header(("x-amzn-errortype", exception(error.kind)));
    if let Some(seconds) = error.retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    let mut response = response.json(serde_json::json!({ "message": error.message }));
    mark(response.headers_mut(), request_id);
    response
}

/// The refusal that stands for any other error of the framework.
#[must_use]
pub fn of_framework(error: &actix_web::Error) -> ApiError {
    let kind = match error.as_response_error().status_code().as_u16() {
        401 => ErrorKind::Authentication,
        404 => ErrorKind::NotFound,
        405 => ErrorKind::MethodNotAllowed,
        408 => ErrorKind::RequestTimeout,
        413 => ErrorKind::RequestTooLarge,
        415 => ErrorKind::UnsupportedMediaType,
        400..=499 => ErrorKind::InvalidRequest,
        _ => return ApiError::new(ErrorKind::Api, "The gateway failed on this request."),
    };
    ApiError::new(kind, error.to_string())
}

fn status(kind: ErrorKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
