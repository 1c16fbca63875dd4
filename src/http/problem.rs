//! The one place where what the control plane refuses becomes an HTTP answer: problem details
//! (RFC 9457) with a stable `code`.

use std::collections::BTreeMap;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::request_id::mark;
use crate::control::ControlError;

/// A refusal of the control plane on its way out of a handler; the outermost middleware renders
/// it.
#[derive(Debug)]
pub struct Problem(pub ControlError);

/// Problem details as they are sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Details<'p> {
    /// Always `about:blank`: the code tells more.
    #[serde(rename = "type")]
    kind: &'p str,
    /// The status in words.
    title: &'p str,
    /// The status.
    status: u16,
    /// What is wrong and what to do, for people.
    detail: String,
    /// What is wrong, for programs; stays the same from version to version.
    code: &'p str,
    /// The field that is concerned, where it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'p str>,
    /// The id of the request, which the log has too.
    request_id: &'p str,
}

/// What the description of the API says of refusals, for every route.
pub struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let details = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let refused = ResponseBuilder::new()
            .description("It is refused; `code` says why.")
            .content("application/problem+json", details)
            .build();
        [("4XX".to_owned(), refused.into())].into()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        status(&self.0)
    }

    fn error_response(&self) -> HttpResponse {
        render(&self.0, "")
    }
}

impl From<ControlError> for Problem {
    fn from(error: ControlError) -> Self {
        Self(error)
    }
}

/// The answer that tells of `error`.
#[must_use]
pub fn render(error: &ControlError, request_id: &str) -> HttpResponse {
    let status = status(error);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, "application/problem+json"));
    response.insert_header(("cache-control", "no-store"));
    match error {
        ControlError::TooMany { retry_after } => {
            response.insert_header((RETRY_AFTER, *retry_after));
        }
        ControlError::Away(_) | ControlError::Unavailable => {
            response.insert_header((RETRY_AFTER, 1));
        }
        ControlError::Unauthenticated(_) => {
            response.insert_header(("www-authenticate", "Bearer"));
        }
        _ => {}
    }
    let mut response = response.json(Details {
        kind: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: error.to_string(),
        code: error.code(),
        field: error.field(),
        request_id,
    });
    mark(response.headers_mut(), request_id);
    response
}

/// What stands for an error of the framework on a route of the control plane.
#[must_use]
pub fn of_framework(error: &actix_web::Error) -> ControlError {
    let text = error.to_string();
    match error.as_response_error().status_code().as_u16() {
        404 => ControlError::NotFound("resource"),
        405 => ControlError::conflict("method_not_allowed", text),
        408 | 413 => ControlError::invalid("body", text),
        400..=499 => ControlError::invalid("request", text),
        _ => {
            tracing::error!(error = text, "A route of the control plane failed.");
            ControlError::Fault
        }
    }
}

/// The status that tells of `error`.
pub fn status(error: &ControlError) -> StatusCode {
    match error {
        ControlError::Unauthenticated(_) => StatusCode::UNAUTHORIZED,
        ControlError::Forbidden(_)
        | ControlError::ForbiddenField(_)
        | ControlError::PasswordChangeNeeded => StatusCode::FORBIDDEN,
        ControlError::Invalid { .. } | ControlError::Scim(_) => StatusCode::BAD_REQUEST,
        ControlError::Stale => StatusCode::PRECONDITION_FAILED,
        ControlError::NotFound(_) => StatusCode::NOT_FOUND,
        ControlError::Conflict { code: "method_not_allowed", .. } => StatusCode::METHOD_NOT_ALLOWED,
        ControlError::Conflict { .. } => StatusCode::CONFLICT,
        ControlError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        ControlError::Away(_) | ControlError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ControlError::Fault => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The answer to a method that a route does not have.
///
/// # Errors
/// Always.
pub fn method_not_allowed(request: &HttpRequest) -> Result<HttpResponse, Error> {
    let message = format!("{} is not possible here.", request.method());
    Err(Problem::from(ControlError::conflict("method_not_allowed", message)).into())
}
