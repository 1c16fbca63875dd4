//! The outermost middleware: every request gets an id, every reply carries it, and every error has
//! Anthropic's shape.

use std::cell::Cell;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use uuid::Uuid;

use super::error::{Refusal, of_framework, render};
use crate::domain::error::{ApiError, ErrorKind};

/// The reply header.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// The id of a request: `req_` and 32 hexadecimal digits that sort by time.
#[derive(Debug, Clone)]
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
/// None: errors become answers here.
pub async fn request_id<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let id = RequestId::next();
    let value = HeaderValue::from_str(&id.0).unwrap_or_else(|_| HeaderValue::from_static("-"));
    request.extensions_mut().insert(id.clone());
    let http_request = request.request().clone();
    let answered = if is_known(request.method()) {
        next.call(request).await
    } else {
        drop(request);
        let message = "This method is not supported.";
        Err(Refusal(ApiError::new(ErrorKind::MethodNotAllowed, message)).into())
    };
    let mut response = match answered {
        Ok(response) => response.map_into_left_body(),
        Err(error) => {
            let rendered = match error.as_error::<Refusal>() {
                Some(Refusal(error)) => render(error, &id.0),
                None => render(&of_framework(&error), &id.0),
            };
            ServiceResponse::new(http_request, rendered).map_into_right_body()
        }
    };
    response.headers_mut().insert(REQUEST_ID, value);
    Ok(response)
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
