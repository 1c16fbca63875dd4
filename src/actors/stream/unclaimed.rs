//! Whole answers whose clients left before they came. Bedrock charges for them all the same, and a client
//! whose patience ended asks the same again: it gets the answer that is on its way, and nothing is
//! bought twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::translation::CallHeaders;

/// Answers that are kept at once, those under way included.
const KEPT: u64 = 256;
/// How long one is kept, its making included.
const KEPT_FOR: Duration = Duration::from_secs(15 * 60);
/// Largest answer that is kept, in bytes.
const MAX_KEPT: usize = 1024 * 1024;

/// A whole answer, and the names of what was changed in its request.
pub(super) type Whole = (Bytes, Vec<&'static str>);

/// What was asked, and by whom: the same again is a retry.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    caller: Option<Uuid>,
    model: String,
    headers: CallHeaders,
    body: Bytes,
}

/// An answer that is made for nobody; without it, whoever waits makes a call of its own.
#[derive(Debug)]
pub(super) struct Heir(watch::Sender<Option<Whole>>);

/// The unclaimed answers of all workers.
#[derive(Clone)]
pub struct Unclaimed {
    answers: Cache<[u8; 32], watch::Receiver<Option<Whole>>>,
    epoch: Instant,
    /// Until when there may be any, in milliseconds since the epoch: as long as no client leaves
    /// early, nothing is looked up.
    until: Arc<AtomicU64>,
}

impl Default for Unclaimed {
    fn default() -> Self {
        let answers = Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build();
        Self { answers, epoch: Instant::now(), until: Arc::default() }
    }
}

impl Asked {
    pub(super) fn new(
        caller: Option<Uuid>,
        model: &str,
        headers: &CallHeaders,
        body: &Bytes,
    ) -> Self {
        Self { caller, model: model.to_owned(), headers: headers.clone(), body: body.clone() }
    }

    fn digest(&self) -> [u8; 32] {
        let who_and_how = format!("{:?}\n{}\n{:?}\n", self.caller, self.model, self.headers);
        Sha256::new_with_prefix(who_and_how).chain_update(&self.body).finalize().into()
    }
}

impl Unclaimed {
    /// Keeps a place for the answer to a request whose client has left.
    pub(super) fn leave(&self, asked: &Asked) -> Heir {
        let (heir, answer) = watch::channel(None);
        self.until.fetch_max(self.now() + millis(KEPT_FOR), Ordering::Relaxed);
        self.answers.insert(asked.digest(), answer);
        Heir(heir)
    }

    /// The answer to the same request, which is there or on its way.
    pub(super) fn find(&self, asked: &Asked) -> Option<watch::Receiver<Option<Whole>>> {
        if self.now() >= self.until.load(Ordering::Relaxed) {
            return None;
        }
        self.answers.get(&asked.digest())
    }

    /// Forgets an answer that has reached a client.
    pub(super) fn claimed(&self, asked: &Asked) {
        self.answers.invalidate(&asked.digest());
    }

    fn now(&self) -> u64 {
        millis(self.epoch.elapsed())
    }
}

impl Heir {
    /// Hands the answer to whoever asks for it.
    pub(super) fn inherit(self, whole: Whole) {
        if whole.0.len() <= MAX_KEPT {
            self.0.send_replace(Some(whole));
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(caller: u128, body: &'static str) -> Asked {
        let caller = Some(Uuid::from_u128(caller));
        Asked::new(caller, "m", &CallHeaders::default(), &Bytes::from_static(body.as_bytes()))
    }

    #[test]
    fn an_answer_is_found_by_the_same_request_of_the_same_caller_until_it_is_claimed() {
        let unclaimed = Unclaimed::default();
        assert!(unclaimed.find(&asked(1, "a")).is_none());
        unclaimed.leave(&asked(1, "a")).inherit((Bytes::from_static(b"answer"), vec!["x"]));
        assert!(unclaimed.find(&asked(1, "b")).is_none());
        assert!(unclaimed.find(&asked(2, "a")).is_none());
        let found = unclaimed.find(&asked(1, "a")).unwrap();
        assert_eq!(found.borrow().clone(), Some((Bytes::from_static(b"answer"), vec!["x"])));
        unclaimed.claimed(&asked(1, "a"));
        assert!(unclaimed.find(&asked(1, "a")).is_none());
    }

    #[tokio::test]
    async fn a_call_that_fails_or_answers_at_too_great_length_leaves_nothing_to_wait_for() {
        let unclaimed = Unclaimed::default();
        for whole in [None, Some((Bytes::from(vec![b'x'; MAX_KEPT + 1]), Vec::new()))] {
            let heir = unclaimed.leave(&asked(1, "a"));
            let mut found = unclaimed.find(&asked(1, "a")).unwrap();
            match whole {
                Some(whole) => heir.inherit(whole),
                None => drop(heir),
            }
            assert!(found.wait_for(Option::is_some).await.is_err());
        }
    }
}
