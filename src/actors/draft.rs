//! The usage record of a request in the making: a drop value, so that exactly one is written for
//! each request, also for a client that leaves while it sends its request.

use std::rc::Rc;

use chrono::Utc;

use super::usage::Journal;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::usage::{Outcome, UsageRecord};

/// Longest reason that is kept, in characters.
const MAX_REASON: usize = 256;

/// A record that is yet to be written.
pub struct Draft {
    record: Option<UsageRecord>,
    journal: Rc<Journal>,
}

impl Draft {
    pub(super) fn new(record: UsageRecord, journal: Rc<Journal>) -> Self {
        Self { record: Some(record), journal }
    }

    /// The id of the request.
    pub(super) fn request_id(&self) -> String {
        self.record.as_ref().map(|record| record.request_id.clone()).unwrap_or_default()
    }

    /// The record as far as it is known; `None` once it was written.
    pub(super) fn record(&self) -> Option<&UsageRecord> {
        self.record.as_ref()
    }

    /// Fills in what has become known.
    pub fn fill(&mut self, fill: impl FnOnce(&mut UsageRecord)) {
        if let Some(record) = &mut self.record {
            fill(record);
        }
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
        self.journal.append(&record);
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let kind = ErrorKind::Api;
            self.write(Outcome::Crashed, kind.status(), Some(kind.wire_type()));
        } else {
            self.client_left();
        }
    }
}
