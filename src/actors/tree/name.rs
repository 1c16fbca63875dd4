//! A name that outlives the actor behind it. Everybody holds names; nobody holds addresses.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use actix::dev::ToEnvelope;
use actix::{Actor, Addr, Handler, MailboxError, Message};
use arc_swap::ArcSwapOption;
use thiserror::Error;

/// The actor died with the message, or is just being rebuilt; the caller may try again later.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the {0} actor is not available right now")]
pub struct Unavailable(pub &'static str);

struct Entry<A: Actor> {
    label: &'static str,
    address: ArcSwapOption<Addr<A>>,
    dead_letters: AtomicU64,
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
        Self(Arc::new(Entry { label, address, dead_letters: AtomicU64::new(0) }))
    }

    /// The word that status, metrics and logs use.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.0.label
    }

    /// Messages that nobody was there to take.
    #[must_use]
    pub fn dead_letters(&self) -> u64 {
        self.0.dead_letters.load(Ordering::Relaxed)
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
        request.await.map_err(|_: MailboxError| self.unavailable())
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
