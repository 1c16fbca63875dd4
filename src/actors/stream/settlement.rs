//! How a request that reached its connection's actor is recorded: with what its answer told, also
//! when the actor panics, is stopped, or the client leaves.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use super::part::Part;
use crate::actors::draft::{CRASHED, Draft};
use crate::domain::answer::Answer;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::Resolved;
use crate::domain::price::PriceTable;
use crate::domain::routing::Routed;
use crate::domain::trace::TraceContext;
use crate::domain::usage::Outcome;
use crate::telemetry::trace::Call;

/// Settles one request, at the prices of the moment when it ends.
pub struct Settlement {
    /// The answer as far as it has passed.
    pub answer: Answer,
    draft: Draft,
    profile: Option<Resolved>,
    timed: bool,
    began: Instant,
    client: ClientView,
    prices: Arc<ArcSwap<PriceTable>>,
}

/// What the settlement knows of the client's side.
pub struct ClientView {
    /// Closed once the client has left.
    pub parts: mpsc::Sender<Part>,
    /// True once a 200 was sent.
    pub begun: Rc<Cell<bool>>,
}

impl Settlement {
    /// A settlement that will write `draft`.
    pub fn new(draft: Draft, client: ClientView, prices: Arc<ArcSwap<PriceTable>>) -> Self {
        let (answer, began) = (Answer::default(), Instant::now());
        Self { answer, draft, profile: None, timed: false, began, client, prices }
    }

    /// Notes which profile serves the request, at which endpoint, and why there.
    pub fn served_by(&mut self, endpoint: &str, resolved: &Resolved, routed: Routed) {
        self.profile = Some(resolved.clone());
        self.draft.fill(|record| {
            record.endpoint = Some(endpoint.to_owned());
            record.routed = Some(routed);
            record.profile = Some(resolved.profile.clone());
            record.model_id = resolved.model.map(|model| model.id);
        });
    }

    /// Notes that the answer was made, and paid for, for a request before this one.
    pub fn joined(&mut self) {
        self.draft.fill(|record| record.routed = Some(Routed::Joined));
    }

    /// Begins the trace of a call; gives the context that goes with it.
    pub fn call(&mut self, call: &Call<'_>) -> Option<TraceContext> {
        self.draft.trace().and_then(|trace| trace.call(call))
    }

    /// Notes in the trace that a call brought no answer.
    pub fn call_failed(&mut self, error: &ApiError) {
        if let Some(trace) = self.draft.trace() {
            trace.call_failed(error.kind.wire_type());
        }
    }

    /// Notes the time of the first generated token, once.
    pub fn mark_first_token(&mut self) {
        if !std::mem::replace(&mut self.timed, true) {
            let elapsed = i32::try_from(self.began.elapsed().as_millis()).ok();
            self.draft.fill(|record| record.first_token_ms = elapsed);
        }
    }

    /// Writes the record of an answer that is whole, also where the client left before its end.
    pub fn complete(&mut self) {
        if self.client.parts.is_closed() {
            self.client_left();
        } else {
            self.write(Outcome::Completed, 200, None);
        }
    }

    fn client_left(&mut self) {
        self.write(Outcome::ClientAborted, ErrorKind::ClientClosed.status(), None);
    }

    /// Writes the record of a request that ended with an error.
    pub fn fail(&mut self, outcome: Outcome, error: &ApiError) {
        self.draft.explain(error);
        self.write(outcome, self.status(error.kind), Some(error.kind.wire_type()));
    }

    /// The status that the client saw.
    fn status(&self, kind: ErrorKind) -> u16 {
        if self.client.begun.get() { 200 } else { kind.status() }
    }

    fn write(&mut self, outcome: Outcome, status: u16, error_type: Option<&'static str>) {
        let Self { answer, draft, profile, prices, .. } = self;
        draft.fill(|record| {
            (record.tokens, record.tokens_estimated) = answer.tokens();
            (record.stop_reason, record.tools) = answer.ending();
            record.web_searches = answer.web_searches();
            if let Some(Resolved { profile, model, .. }) = profile {
                let prices = prices.load();
                let cost = prices.cost(&record.tokens, record.web_searches, *model, profile);
                (record.cost_nanos, record.priced) = (cost.nanos, cost.priced);
                (record.cache_saved_nanos, record.price_id) =
                    (cost.cache_saved_nanos, cost.price_id);
            }
        });
        draft.write(outcome, status, error_type);
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        let status = self.status(ErrorKind::Api);
        if std::thread::panicking() {
            self.draft.explain(&ApiError::new(ErrorKind::Api, CRASHED));
            self.write(Outcome::Crashed, status, Some(ErrorKind::Api.wire_type()));
        } else if self.client.parts.is_closed() {
            self.client_left();
        } else {
            self.draft.explain(&ApiError::new(ErrorKind::Api, "The request was cut off."));
            self.write(Outcome::Failed, status, Some(ErrorKind::Api.wire_type()));
        }
    }
}
