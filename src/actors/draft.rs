//! The usage record of a request in the making: a drop value, so that exactly one is written for
//! each request, also for a client that leaves while it sends its request.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use chrono::Utc;

use super::limiter::Reservation;
use super::usage::Journal;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::limit::Actual;
use crate::domain::usage::{Outcome, UsageRecord};
use crate::telemetry::trace::Trace;
use crate::telemetry::traffic::{Finished, Recorder, Route};

/// Longest reason that is kept, in characters.
const MAX_REASON: usize = 256;
/// The reason of a request whose code has panicked.
pub(super) const CRASHED: &str = "The gateway's own code failed on this request.";

/// A record that is yet to be written.
pub struct Draft {
    record: Option<UsageRecord>,
    reservation: Option<Reservation>,
    ledgers: Ledgers,
    route: Route,
    began: Instant,
    waited: Waited,
    caches: bool,
    trace: Option<Trace>,
}

/// Where ended requests are noted.
#[derive(Clone)]
pub(super) struct Ledgers {
    pub(super) journal: Rc<Journal>,
    pub(super) recorder: Rc<Recorder>,
}

/// How much of a request's time was waited for others: for Bedrock, and for the client.
#[derive(Debug, Clone, Default)]
pub struct Waited(Rc<Cell<Duration>>);

impl Waited {
    /// Adds the time since `began`.
    pub fn since(&self, began: Instant) {
        self.0.set(self.0.get() + began.elapsed());
    }
}

impl Draft {
    pub(super) fn new(record: UsageRecord, route: Route, trace: Trace, ledgers: Ledgers) -> Self {
        let (began, waited, trace) = (Instant::now(), Waited::default(), Some(trace));
        let (record, reservation, caches) = (Some(record), None, false);
        Self { record, reservation, ledgers, route, began, waited, caches, trace }
    }

    /// The trace of the request, until its record is written.
    pub(super) fn trace(&mut self) -> Option<&mut Trace> {
        self.trace.as_mut()
    }

    /// Where time is noted that was waited for others.
    #[must_use]
    pub fn waited(&self) -> Waited {
        self.waited.clone()
    }

    /// Notes whether the request asks for prompt caching.
    pub fn caches(&mut self, caches: bool) {
        self.caches = caches;
    }

    /// The id of the request.
    pub(super) fn request_id(&self) -> String {
        self.record.as_ref().map(|record| record.request_id.clone()).unwrap_or_default()
    }

    /// The record as far as it is known; `None` once it was written.
    pub(super) fn record(&self) -> Option<&UsageRecord> {
        self.record.as_ref()
    }

    /// The session that the request belongs to, where it is known.
    #[must_use]
    pub fn session_id(&self) -> Option<&str> {
        self.record.as_ref()?.session_id.as_deref()
    }

    /// Fills in what has become known.
    pub fn fill(&mut self, fill: impl FnOnce(&mut UsageRecord)) {
        if let Some(record) = &mut self.record {
            fill(record);
        }
    }

    /// Keeps what the request has taken of its limits, to be settled with its record.
    pub fn hold(&mut self, reservation: Reservation) {
        self.reservation = Some(reservation);
    }

    /// Records that the gateway itself refuses the request, and gives the refusal back.
    #[must_use]
    pub fn reject(mut self, error: ApiError) -> ApiError {
        match error.kind {
            ErrorKind::ClientClosed => self.client_left(),
            kind => {
                self.explain(&error);
                self.write(Outcome::Rejected, kind.status(), Some(kind.wire_type()));
            }
        }
        error
    }

    /// Notes what the client is told, cut so that it fits a row.
    pub(super) fn explain(&mut self, error: &ApiError) {
        let reason = error.message.chars().filter(|c| !c.is_control()).take(MAX_REASON).collect();
        self.fill(|record| record.reason = Some(reason));
    }

    /// Writes the record of a request whose client has left.
    fn client_left(&mut self) {
        self.write(Outcome::ClientAborted, ErrorKind::ClientClosed.status(), None);
    }

    /// Writes the record, once; later calls do nothing.
    pub(super) fn write(
        &mut self,
        outcome: Outcome,
        status: u16,
        error_type: Option<&'static str>,
    ) {
        let Some(mut record) = self.record.take() else { return };
        record.ended_at = Utc::now();
        record.outcome = outcome;
        record.status = status;
        record.error_type = error_type;
        let Ledgers { journal, recorder } = &self.ledgers;
        let finished = Finished {
            route: self.route,
            record: &record,
            took: self.began.elapsed(),
            waited: self.waited.0.get(),
            caches: self.caches,
        };
        recorder.finished(&finished);
        let trace = self.trace.take();
        finished.log(trace.as_ref().and_then(Trace::id).as_deref());
        if let Some(trace) = trace {
            trace.finish(&finished);
        }
        // Before it is recorded: what is settled later than recorded would never be forgotten.
        if let Some(reservation) = self.reservation.take() {
            settle(reservation, &record);
        }
        journal.append(&record);
    }
}

/// Settles what a request had taken by what its record says. What the gateway itself refused took
/// nothing.
fn settle(reservation: Reservation, record: &UsageRecord) {
    if record.outcome == Outcome::Rejected {
        return;
    }
    let tokens = i64::try_from(record.tokens.limited()).unwrap_or(i64::MAX);
    reservation.settle(&record.request_id, Actual { tokens, cost: record.cost_nanos });
}

impl Drop for Draft {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let kind = ErrorKind::Api;
            self.explain(&ApiError::new(kind, CRASHED));
            self.write(Outcome::Crashed, kind.status(), Some(kind.wire_type()));
        } else {
            self.client_left();
        }
    }
}
