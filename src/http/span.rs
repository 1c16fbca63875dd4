//! The root span of a request: its ids, method and route, nothing that a client types freely; and the line
//! of the access log for requests that leave no usage record.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use tracing::Span;
use tracing::field::{Empty, display};
use tracing_actix_web::RootSpanBuilder;

use super::request_id::RequestId;
use crate::domain::principal::Principal;
use crate::domain::trace::TraceContext;
use crate::telemetry::label::OTHER;
use crate::telemetry::trace::{Trace, Tracing};

/// What is asked again and again by machines, and is logged for those only who ask for it.
const PROBES: [&str; 4] = ["/health", "/ready", "/metrics", "/api/hello"];

/// Builds the root span.
pub struct RequestSpan;

/// When a request came, and whether its usage record will log it. Lies in the request's extensions.
#[derive(Clone)]
struct Logged(Rc<(Instant, Cell<bool>)>);

/// Begins the trace of a request that leaves a usage record, in the context that its client sent, and notes
/// in its span whose it is.
#[must_use]
pub fn trace(request: &HttpRequest, tracing: &Tracing, principal: &Principal) -> Trace {
    let route = request.match_pattern().unwrap_or_default();
    let trace = tracing.begin(context(request.headers()), request.method().as_str(), &route);
    // At once, since each time the span is written anew.
    let (user, team) = (display(principal.user_id), principal.team_id.map(display));
    tracing::record_all!(Span::current(), user_id = user, team_id = team, trace_id = trace.id());
    if let Some(Logged(logged)) = request.extensions().get::<Logged>() {
        logged.1.set(true);
    }
    trace
}

fn context(headers: &HeaderMap) -> Option<TraceContext> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    TraceContext::read(text("traceparent")?, text("tracestate"))
}

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        request.extensions_mut().insert(Logged(Rc::new((Instant::now(), Cell::new(false)))));
        let extensions = request.extensions();
        let request_id = extensions.get::<RequestId>().map_or("", |id| id.0.as_str());
        let method = request.method();
        tracing::info_span!("request", request_id, %method, user_id = Empty, team_id = Empty, trace_id = Empty)
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        let Ok(response) = outcome else { return };
        let request = response.request();
        let logged = request.extensions().get::<Logged>().cloned();
        let Some(Logged(logged)) = logged.filter(|logged| !logged.0.1.get()) else { return };
        let pattern = request.match_pattern();
        let route = pattern.as_deref().unwrap_or(OTHER);
        let (status, method) = (response.status().as_u16(), request.method().as_str());
        let duration_ms = (logged.0.elapsed().as_secs_f64() * 1e6).round() / 1e3;
        if PROBES.contains(&route) {
            tracing::debug!(target: "ccag::access", method, route, status, duration_ms, "A request ended.");
        } else {
            tracing::info!(target: "ccag::access", method, route, status, duration_ms, "A request ended.");
        }
    }
}
