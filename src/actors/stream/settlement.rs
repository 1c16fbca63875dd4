//! The usage record of a request in the making. It is a drop value: exactly one record is written
//! for each request, also when the actor panics or the client leaves.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use chrono::Utc;
use tokio::sync::mpsc;

use super::part::Part;
use crate::actors::usage::Journal;
use crate::domain::answer::Answer;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::{Model, Resolved};
use crate::domain::price::cost_nanos;
use crate::domain::usage::{Outcome, UsageRecord};

/// Settles one request.
pub struct Settlement {
    /// The answer as far as it has passed.
    pub answer: Answer,
    record: Option<UsageRecord>,
    model: Option<&'static Model>,
    journal: Rc<Journal>,
    began: Instant,
    client: ClientView,
}

/// What the settlement knows of the client's side.
pub struct ClientView {
    /// Closed once the client has left.
    pub parts: mpsc::Sender<Part>,
    /// True once a 200 was sent.
    pub begun: Rc<Cell<bool>>,
}

impl Settlement {
    /// A settlement that will write `record`.
    #[must_use]
    pub fn new(record: UsageRecord, journal: Rc<Journal>, client: ClientView) -> Self {
        let (answer, began) = (Answer::default(), Instant::now());
        Self { answer, record: Some(record), model: None, journal, began, client }
    }

    /// Notes which profile serves the request, at which endpoint.
    pub fn served_by(&mut self, endpoint: &str, resolved: &Resolved) {
        self.model = resolved.model;
        if let Some(record) = &mut self.record {
            record.endpoint = Some(endpoint.to_owned());
            record.profile = Some(resolved.profile.clone());
        }
    }

    /// Notes the time of the first generated token, once.
    pub fn mark_first_token(&mut self) {
        if let Some(record) = self.record.as_mut().filter(|r| r.first_token_ms.is_none()) {
            record.first_token_ms = i32::try_from(self.began.elapsed().as_millis()).ok();
        }
    }

    /// Writes the record of an answer that was handed over whole.
    pub fn complete(&mut self) {
        self.write(Outcome::Completed, 200, None);
    }

    /// Writes the record of a request that ended with an error.
    pub fn fail(&mut self, outcome: Outcome, error: &ApiError) {
        self.write(outcome, self.status(error.kind), Some(error.kind.wire_type()));
    }

    /// The status that the client saw.
    fn status(&self, kind: ErrorKind) -> u16 {
        if self.client.begun.get() { 200 } else { kind.status() }
    }

    fn write(&mut self, outcome: Outcome, status: u16, error_type: Option<&'static str>) {
        let Some(mut record) = self.record.take() else { return };
        (record.tokens, record.tokens_estimated) = self.answer.tokens();
        (record.stop_reason, record.tools) = self.answer.ending();
        if let Some(profile) = &record.profile {
            let cost = cost_nanos(&record.tokens, self.model, profile);
            (record.cost_nanos, record.priced) = (cost.nanos, cost.priced);
        }
        record.ended_at = Utc::now();
        record.outcome = outcome;
        record.status = status;
        record.error_type = error_type;
        self.journal.append(&record);
    }
}

impl Drop for Settlement {
    fn drop(&mut self) {
        let status = self.status(ErrorKind::Api);
        if std::thread::panicking() {
            self.write(Outcome::Crashed, status, Some(ErrorKind::Api.wire_type()));
        } else if self.client.parts.is_closed() {
            // 499: the client closed the request.
            self.write(Outcome::ClientAborted, 499, None);
        } else {
            self.write(Outcome::Failed, status, Some(ErrorKind::Api.wire_type()));
        }
    }
}
