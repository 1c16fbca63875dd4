//! The outermost middleware: every request gets an id, every reply carries it, and every error has
//! Anthropic's shape, that of problem details below `/admin`, that of SCIM below `/scim`, or Bedrock's on Bedrock's own routes.

use std::cell::Cell;
use std::fmt::{self, Write as _};
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, ResponseError};
use uuid::Uuid;

use super::error::{Refusal, of_framework, render, render_native};
use super::portal::Barred;
use super::problem::{self, Problem};
use super::scim;
use super::told::Told;
use crate::control::ControlError;
use crate::domain::error::{ApiError, ErrorKind};
use crate::telemetry::label::OTHER;

/// The reply header.
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The id of a request: `req_` and 32 hexadecimal digits that sort by time.
#[derive(Debug)]
pub struct RequestId(pub String);

impl RequestId {
    /// The id that the middleware gave to `request`.
    #[must_use]
    pub fn of(request: &HttpRequest) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }

    /// A new id, from the clock and a counter that starts at random on each thread.
    fn next() -> Self {
        thread_local! {
            static COUNTER: Cell<u128> = Cell::new(Uuid::new_v4().as_u128());
        }
        let count = COUNTER.with(|counter| {
            counter.set(counter.get().wrapping_add(1));
            counter.get()
        });
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let mut id = String::with_capacity(36);
        let _ = write!(id, "req_{:012x}{:020x}", now & ((1 << 48) - 1), count & ((1 << 80) - 1));
        Self(id)
    }
}

/// The middleware.
///
/// # Errors
/// What other middlewares fail with, as an [`Identified`] refusal.
pub async fn request_id<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let RequestId(id) = RequestId::next();
    request.extensions_mut().insert(RequestId(id.clone()));
    if !is_known(request.method()) {
        let message = "This method is not supported.";
        tracing::info!(target: "ccag::access", request_id = id, route = OTHER, status = 405, "A request ended.");
        let refused = render(&ApiError::new(ErrorKind::MethodNotAllowed, message), &id);
        return Ok(request.into_response(refused).map_into_right_body());
    }
    let style = Style::of(request.path());
    // The router takes the request apart, so nothing may hold on to it here.
    let mut response = match next.call(request).await {
        Ok(response) => response,
        Err(error) => {
            let refused = Identified { refused: style.refusal(&error), request_id: id };
            return Err(refused.into());
        }
    };
    let told = Told::take(response.request());
    if let Some(refused) = response.response().error().map(|error| style.refusal(error)) {
        let mut refused = response.into_response(refused.render(&id));
        told.put(refused.status(), refused.headers_mut());
        return Ok(refused.map_into_right_body());
    }
    told.put(response.status(), response.headers_mut());
    mark(response.headers_mut(), &id);
    Ok(response.map_into_left_body())
}

/// In which shape a route tells of errors.
#[derive(Debug, Clone, Copy)]
enum Style {
    Anthropic,
    Problem,
    Native,
    Scim,
    Page,
}

impl Style {
    fn of(path: &str) -> Self {
        match path.split('/').nth(1) {
            Some("admin" | "setup") => Self::Problem,
            Some("scim") => Self::Scim,
            Some("model" | "inference-profiles") => Self::Native,
            Some("portal" | "static") => Self::Page,
            _ => Self::Anthropic,
        }
    }

    fn refusal(self, error: &Error) -> Refused {
        match (error.as_error::<Refusal>(), error.as_error::<Problem>(), self) {
            (Some(Refusal(error)), _, Self::Native) => Refused::Native(error.clone()),
            (.., Self::Page) => Refused::Page(Barred::of(error)),
            (Some(Refusal(error)), ..) => Refused::Anthropic(error.clone()),
            (_, Some(Problem(error)), Self::Scim) => Refused::Scim(error.clone()),
            (_, Some(Problem(error)), _) => Refused::Problem(error.clone()),
            (.., Self::Native) => Refused::Native(of_framework(error)),
            (.., Self::Anthropic) => Refused::Anthropic(of_framework(error)),
            (.., Self::Scim) => Refused::Scim(problem::of_framework(error)),
            (.., Self::Problem) => Refused::Problem(problem::of_framework(error)),
        }
    }
}

/// What was refused, in the shape of its route.
#[derive(Debug)]
enum Refused {
    Anthropic(ApiError),
    Native(ApiError),
    Problem(ControlError),
    Scim(ControlError),
    Page(Barred),
}

impl Refused {
    fn render(&self, request_id: &str) -> HttpResponse {
        match self {
            Self::Anthropic(error) => render(error, request_id),
            Self::Native(error) => render_native(error, request_id),
            Self::Problem(error) => problem::render(error, request_id),
            Self::Scim(error) => scim::render(error, request_id),
            Self::Page(barred) => {
                let mut response = HttpResponse::from(barred.clone());
                mark(response.headers_mut(), request_id);
                response
            }
        }
    }
}

/// A refusal that knows the id of its request.
#[derive(Debug)]
struct Identified {
    refused: Refused,
    request_id: String,
}

impl fmt::Display for Identified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.refused {
            Refused::Anthropic(error) | Refused::Native(error) => f.write_str(&error.message),
            Refused::Problem(error) | Refused::Scim(error) => error.fmt(f),
            Refused::Page(barred) => barred.fmt(f),
        }
    }
}

impl ResponseError for Identified {
    fn error_response(&self) -> HttpResponse {
        self.refused.render(&self.request_id)
    }
}

/// Puts the id of its request on a reply.
pub fn mark(headers: &mut HeaderMap, request_id: &str) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
}

/// Methods that may become a metric's label.
fn is_known(method: &Method) -> bool {
    [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
    ]
    .contains(method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_sort_by_time() {
        let ids: Vec<String> = (0..1000).map(|_| RequestId::next().0).collect();
        let distinct: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(distinct.len(), ids.len());
        assert!(ids.iter().all(|id| id.len() == 36 && id.starts_with("req_")));
        assert!(ids.first().map(|id| &id[..16]) <= ids.last().map(|id| &id[..16]));
    }
}
