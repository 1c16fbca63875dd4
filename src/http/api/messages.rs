//! `POST /v1/messages`: who is asking, what, within which limits; then the answer as it comes.

use std::rc::Rc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{SecondsFormat, TimeDelta, Utc};

use super::{access, asked, record};
use crate::actors::Draft;
use crate::actors::stream::{Outlet, Part};
use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::limit::Standing;
use crate::domain::principal::Principal;
use crate::domain::request::MessagesRequest;
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::request_id::RequestId;
use crate::http::server::Edge;
use crate::http::sse::{AnswerBody, crashed};

const ADJUSTED: HeaderName = HeaderName::from_static("x-ccag-adjusted");

/// Serves one Messages request.
///
/// # Errors
/// The refusal that the client is to see.
pub async fn messages(
    request: HttpRequest,
    payload: Payload,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    let gateway = &worker.gateway;
    let request_id = RequestId::of(&request);
    if gateway.readiness.is_draining() {
        let message = "The gateway is shutting down. Try again.";
        return Err(ApiError::new(ErrorKind::Unavailable, message).retry_after(1).into());
    }
    let principal = auth::principal(request.headers(), &gateway.keys).await?;
    let mut draft = worker.draft(record::begin(request.headers(), &request_id, &principal));
    let asked = match ask(&request, payload, edge.body_deadline, &mut draft).await {
        Ok(asked) => asked,
        Err(error) => return Err(draft.reject(error).into()),
    };
    if let Err(error) = access::permitted(&principal, asked.model(), gateway.geography) {
        return Err(draft.reject(error).into());
    }
    let standing = match limit(&worker, &principal).await {
        Ok(standing) => standing,
        Err(error) => return Err(draft.reject(error).into()),
    };
    let parts = worker.start(asked, asked::headers(request.headers()), draft)?;
    answer(parts, request_id, standing).await
}

/// Reads and parses the body; what it tells goes into the draft.
async fn ask(
    request: &HttpRequest,
    payload: Payload,
    deadline: Duration,
    draft: &mut Draft,
) -> Result<MessagesRequest, ApiError> {
    let asked = asked::read(request, payload, deadline, MessagesRequest::parse).await?;
    draft.fill(|record| {
        record.model = Some(record::cut(asked.model()));
        record.streaming = asked.streaming();
        if let Some(version) = asked.client_version() {
            record.client_version = Some(record::cut(version));
        }
    });
    Ok(asked)
}

/// Counts the request against its key's limit; gives where the key stands, if it has one.
async fn limit(worker: &Worker, principal: &Principal) -> Result<Option<Standing>, ApiError> {
    let gateway = &worker.gateway;
    let default = gateway.settings.load().default_requests_per_minute;
    let limit = principal.key_limits.requests_per_minute.or(default);
    let reserved =
        gateway.limiter.reserve(principal.key_id.unwrap_or(principal.user_id), limit).await;
    let reserved = reserved
        .map_err(|error| ApiError::new(ErrorKind::Unavailable, error.to_string()).retry_after(1))?;
    reserved.transpose().map_err(|exhausted| {
        let Standing { limit, reset_seconds, .. } = exhausted.0;
        let message = format!(
            "This key's limit of {limit} requests per minute is used up; it resets in \
             {reset_seconds} s."
        );
        ApiError::new(ErrorKind::RateLimit, message).retry_after(reset_seconds)
    })
}

/// Waits for the first part, which decides the status, and lets the others follow.
async fn answer(
    mut parts: Outlet,
    request_id: String,
    standing: Option<Standing>,
) -> Result<HttpResponse, Refusal> {
    let mut response = HttpResponse::Ok();
    if let Some(standing) = standing {
        announce(&mut response, standing);
    }
    match parts.recv().await {
        Some(Part::Begin(names)) => {
            adjusted(&mut response, &names);
            response
                .insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")))
                .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")))
                .insert_header(("x-accel-buffering", "no"));
            Ok(response.body(AnswerBody::new(parts, request_id)))
        }
        Some(Part::Whole(body, names)) => {
            adjusted(&mut response, &names);
            response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
            Ok(response.body(body))
        }
        Some(Part::Refused(error)) => Err(error.into()),
        Some(Part::Frame(_) | Part::End) | None => Err(crashed().into()),
    }
}

fn adjusted(response: &mut HttpResponseBuilder, names: &[&'static str]) {
    if !names.is_empty() {
        response.insert_header((ADJUSTED, names.join(",")));
    }
}

fn announce(response: &mut HttpResponseBuilder, standing: Standing) {
    let reset = Utc::now() + TimeDelta::seconds(i64::from(standing.reset_seconds));
    response
        .insert_header(("anthropic-ratelimit-requests-limit", standing.limit))
        .insert_header(("anthropic-ratelimit-requests-remaining", standing.remaining))
        .insert_header((
            "anthropic-ratelimit-requests-reset",
            reset.to_rfc3339_opts(SecondsFormat::Secs, true),
        ));
}
