//! A name that outlives the actor behind it. Everybody holds names; nobody holds addresses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, MailboxError, Message};
use arc_swap::ArcSwapOption;
use thiserror::Error;

use crate::telemetry::histogram::SHORT;
use crate::telemetry::{Counted, Histogram};

/// The actor died with the message, or is just being rebuilt; the caller may try again later.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the {0} actor is not available right now")]
pub struct Unavailable(pub &'static str);

struct Entry<A: Actor> {
    label: &'static str,
    address: ArcSwapOption<Addr<A>>,
    dead_letters: AtomicU64,
    asking: AtomicU64,
    answered: Histogram,
}

/// What went to the actor of one name, in the life of the process.
#[derive(Debug)]
pub struct Mail {
    /// The word that status, metrics and logs use.
    pub actor: &'static str,
    /// Messages that nobody was there to take.
    pub dead_letters: u64,
    /// Questions that wait for their answer now.
    pub asking: u64,
    /// How long answers took.
    pub answered: Counted,
}

/// A question that waits for its answer.
struct Asking<'n>(&'n AtomicU64);

impl<'n> Asking<'n> {
    fn begin(count: &'n AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The place where the current address of a supervised actor stands.
pub struct Name<A: Actor>(Arc<Entry<A>>);

impl<A: Actor> Clone for Name<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A: Actor> Name<A> {
    /// A name nobody answers to yet.
    #[must_use]
    pub fn new(label: &'static str) -> Self {
        let address = ArcSwapOption::empty();
        let (dead_letters, asking) = (AtomicU64::new(0), AtomicU64::new(0));
        let answered = Histogram::new(SHORT);
        Self(Arc::new(Entry { label, address, dead_letters, asking, answered }))
    }

    /// The word that status, metrics and logs use.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.0.label
    }

    /// What went to the actor so far.
    #[must_use]
    pub fn mail(&self) -> Mail {
        let Entry { label, dead_letters, asking, answered, .. } = &*self.0;
        Mail {
            actor: label,
            dead_letters: dead_letters.load(Ordering::Relaxed),
            asking: asking.load(Ordering::Relaxed),
            answered: answered.read(),
        }
    }

    /// Puts the address of a newly built actor behind the name.
    pub fn point_to(&self, address: Addr<A>) {
        self.0.address.store(Some(Arc::new(address)));
    }

    /// Sends a message that needs no answer; counted as a dead letter where nobody is there.
    pub fn tell<M>(&self, message: M)
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        match &*self.0.address.load() {
            Some(address) if address.connected() => address.do_send(message),
            _ => self.count_dead_letter(),
        }
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// [`Unavailable`] where the actor is down, or dies before it answers.
    pub async fn ask<M>(&self, message: M) -> Result<M::Result, Unavailable>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        let request = match &*self.0.address.load() {
            Some(address) => address.send(message),
            None => return Err(self.unavailable()),
        };
        let (_asking, began) = (Asking::begin(&self.0.asking), Instant::now());
        let answer = request.await.map_err(|_: MailboxError| self.unavailable())?;
        self.0.answered.observe(began.elapsed());
        Ok(answer)
    }

    /// Asks, and once more where the actor died with the question: for questions that are safe to
    /// repeat. The second try waits until the actor is rebuilt, for at most 100 ms.
    ///
    /// # Errors
    /// [`Unavailable`] where the second try fails too.
    pub async fn ask_again<M>(&self, message: M) -> Result<M::Result, Unavailable>
    where
        M: Message + Clone + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        if let Ok(answer) = self.ask(message.clone()).await {
            return Ok(answer);
        }
        for _ in 0..20 {
            if self.0.address.load().as_ref().is_some_and(|address| address.connected()) {
                break;
            }
            actix::clock::sleep(std::time::Duration::from_millis(5)).await;
        }
        self.ask(message).await
    }

    fn unavailable(&self) -> Unavailable {
        self.count_dead_letter();
        Unavailable(self.0.label)
    }

    fn count_dead_letter(&self) {
        self.0.dead_letters.fetch_add(1, Ordering::Relaxed);
    }
}
