//! What a request has taken of its limits: a drop value, so that it is settled exactly once, whatever
//! becomes of the request.

use std::fmt;
use std::sync::{Arc, PoisonError};

use super::{Lent, Limiter, Limits, ReadNotes};
use crate::actors::tree::Name;
use crate::domain::limit::{Actual, Entry};

/// What the limiter is to know, in the order in which it happened.
pub(super) enum Note {
    /// A request has ended.
    Ended {
        /// What it had taken.
        entries: Vec<Entry>,
        /// Its id.
        request_id: String,
        /// What it really took; `None` where it was never served.
        actual: Option<Actual>,
    },
    /// The usage table has the rows of these requests.
    Recorded(Vec<String>),
}

/// Hands a note over. It lies where a crash of the limiter does not reach it.
pub(super) fn note(lent: &Lent, name: &Name<Limiter>, note: Note) {
    let mut notes = lent.notes.lock().unwrap_or_else(PoisonError::into_inner);
    let is_first = notes.is_empty();
    notes.push(note);
    drop(notes);
    if is_first {
        name.tell(ReadNotes);
    }
}

/// What a request has taken. Dropped without being settled, it gives all back.
pub struct Reservation {
    entries: Vec<Entry>,
    lent: Arc<Lent>,
    name: Name<Limiter>,
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reservation").field(&self.entries).finish()
    }
}

impl Reservation {
    pub(super) fn new(entries: Vec<Entry>, limits: &Limits) -> Self {
        Self { entries, lent: Arc::clone(&limits.lent), name: limits.name.clone() }
    }

    /// Ends it: the request of this id really took so much.
    pub fn settle(mut self, request_id: &str, actual: Actual) {
        self.end(request_id.to_owned(), Some(actual));
    }

    fn end(&mut self, request_id: String, actual: Option<Actual>) {
        let entries = std::mem::take(&mut self.entries);
        if !entries.is_empty() {
            note(&self.lent, &self.name, Note::Ended { entries, request_id, actual });
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.end(String::new(), None);
    }
}
