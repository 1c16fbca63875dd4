//! A request for an answer by a model, whatever the wire it comes by: who is asking, what, within which
//! limits; then its actor.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderName;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponseBuilder};
use bytes::Bytes;

use super::{access, asked, limits, record};
use crate::actors::Draft;
use crate::actors::endpoints::Origin;
use crate::actors::stream::Outlet;
use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::request::{InvalidRequest, MessagesRequest};
use crate::http::auth;
use crate::http::body;
use crate::http::error::Refusal;
use crate::http::request_id::RequestId;
use crate::http::server::Edge;
use crate::http::span;
use crate::telemetry::traffic::{Reason, Route, Scope};

const ADJUSTED: HeaderName = HeaderName::from_static("x-ccag-adjusted");

/// A request whose actor has begun.
pub(super) struct Served {
    /// What the actor hands over.
    pub(super) parts: Outlet,
    /// The request's id.
    pub(super) request_id: String,
}

/// Lets a request through to its actor, and records it where it does not come so far.
///
/// # Errors
/// The refusal that the client is to see.
pub(super) async fn serve(
    request: &HttpRequest,
    payload: Payload,
    worker: &Rc<Worker>,
    edge: &Data<Edge>,
    parse: impl FnOnce(Bytes) -> Result<MessagesRequest, InvalidRequest> + Send + 'static,
) -> Result<Served, Refusal> {
    let gateway = &worker.gateway;
    let request_id = RequestId::of(request);
    if gateway.readiness.is_draining() {
        worker.recorder.refused(Scope::Gateway, Reason::Draining);
        let message = "The gateway is shutting down. Try again.";
        return Err(ApiError::new(ErrorKind::Unavailable, message).retry_after(1).into());
    }
    let principal = auth::principal(request, gateway).await?;
    let record = record::begin(request.headers(), &request_id, &principal);
    let trace = span::trace(request, &gateway.tracing, &principal);
    let mut draft = worker.draft(record, Route::of(request.path()), trace);
    let asked = match ask(request, payload, edge.body_deadline, parse, &mut draft).await {
        Ok(asked) => asked,
        Err(error) => return Err(draft.reject(error).into()),
    };
    if let Err(error) = access::permitted(&principal, asked.model(), &gateway.endpoints) {
        return Err(draft.reject(error).into());
    }
    match limits::reserve(request, worker, &principal, &asked).await {
        Ok(reservation) => reservation.into_iter().for_each(|taken| draft.hold(taken)),
        Err(error) => return Err(draft.reject(error).into()),
    }
    let origin = Origin::new(&principal, draft.session_id());
    let headers = match asked::headers(request.headers()) {
        Ok(headers) => headers,
        Err(error) => return Err(draft.reject(error).into()),
    };
    let parts = worker.start(asked, headers, draft, origin)?;
    Ok(Served { parts, request_id })
}

/// Reads and parses the body; what it tells goes into the draft.
async fn ask(
    request: &HttpRequest,
    payload: Payload,
    deadline: Duration,
    parse: impl FnOnce(Bytes) -> Result<MessagesRequest, InvalidRequest> + Send + 'static,
    draft: &mut Draft,
) -> Result<MessagesRequest, ApiError> {
    let began = Instant::now();
    let body = body::read(request, payload, deadline).await?;
    draft.waited().since(began);
    let asked = asked::parse(body, parse).await?;
    draft.caches(asked.has_breakpoints());
    draft.fill(|record| {
        record.model = Some(record::cut(asked.model()));
        record.streaming = asked.streaming();
        if record.session_id.is_none() {
            record.session_id = asked.session_id();
        }
        if let Some(version) = asked.client_version() {
            record.client_version = Some(record::cut(version));
        }
    });
    Ok(asked)
}

/// Names what was changed in the request.
pub(super) fn adjusted(response: &mut HttpResponseBuilder, names: &[&'static str]) {
    if !names.is_empty() {
        response.insert_header((ADJUSTED, names.join(",")));
    }
}
