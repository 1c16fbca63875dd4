//! Owns what is to be told to the outside: takes events from everywhere, writes them down once
//! across all instances, and delivers them.
//!
//! Whoever emits waits for nothing: an event goes into memory, and from there to Postgres, whose
//! unique key settles which instance was first.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, WrapFuture as _};

use super::tree::{Name, Tombstone};
use crate::domain::notification::Event;
use crate::storage::{Database, StorageError, notifications};

/// How often the queue is looked into.
const TICK: Duration = Duration::from_millis(500);
/// Events kept in memory while Postgres takes none.
const MAX_UNWRITTEN: usize = 1000;

/// How the rest of the gateway tells the outside.
#[derive(Clone)]
pub struct Notifier {
    /// The owner.
    pub name: Name<NotifierOwner>,
    lent: Arc<Lent>,
}

/// What outlives the actor.
#[derive(Default)]
struct Lent {
    unwritten: Mutex<VecDeque<Event>>,
    dropped: AtomicU64,
}

impl Default for Notifier {
    fn default() -> Self {
        Self { name: Name::new("notifier"), lent: Arc::default() }
    }
}

impl Notifier {
    /// Hands an event over; returns at once. Where Postgres is away for long the newest are dropped
    /// and counted.
    pub fn emit(&self, event: Event) {
        let mut unwritten = self.lent.unwritten();
        if unwritten.len() >= MAX_UNWRITTEN {
            self.lent.dropped.fetch_add(1, Ordering::Relaxed);
        } else {
            unwritten.push_back(event);
        }
    }

    /// Events that Postgres has not taken yet.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.lent.unwritten().len()
    }

    /// Events that were dropped because Postgres took none.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lent.dropped.load(Ordering::Relaxed)
    }

    /// The owner, built anew after each crash; unwritten events stay.
    #[must_use]
    pub fn owner(&self, database: Database, tombstone: Tombstone) -> NotifierOwner {
        NotifierOwner { database, lent: Arc::clone(&self.lent), _tombstone: tombstone }
    }
}

impl Lent {
    fn unwritten(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The actor.
pub struct NotifierOwner {
    database: Database,
    lent: Arc<Lent>,
    _tombstone: Tombstone,
}

impl Actor for NotifierOwner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.notify(Write);
    }
}

/// The order to write down what was emitted, and again after a while.
#[derive(Message)]
#[rtype(result = "()")]
struct Write;

impl Handler<Write> for NotifierOwner {
    type Result = ();

    fn handle(&mut self, _: Write, ctx: &mut Context<Self>) {
        let (database, lent) = (self.database.clone(), Arc::clone(&self.lent));
        let writing = async move { write(&database, &lent).await };
        ctx.spawn(writing.into_actor(self).map(|written, _, ctx| {
            if let Err(error) = written {
                tracing::warn!(%error, "Notifications cannot be written down; they wait in memory.");
            }
            ctx.notify_later(Write, TICK);
        }));
    }
}

/// Writes events down, oldest first; each leaves the memory once Postgres has it.
async fn write(database: &Database, lent: &Lent) -> Result<(), StorageError> {
    loop {
        let Some(event) = lent.unwritten().front().cloned() else { return Ok(()) };
        match notifications::enqueue(database, event).await {
            Err(StorageError::Refused(reason) | StorageError::Duplicate(reason)) => {
                tracing::error!(reason, "Postgres refuses a notification; it is dropped.");
                lent.dropped.fetch_add(1, Ordering::Relaxed);
            }
            other => {
                other?;
            }
        }
        lent.unwritten().pop_front();
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(NotifierOwner);
