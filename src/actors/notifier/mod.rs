//! Owns what is to be told to the outside: takes events from everywhere, writes them down once
//! across all instances, and delivers them.
//!
//! Whoever emits waits for nothing: an event goes into memory, and from there to Postgres, whose
//! unique key settles which instance was first. Deliveries are claimed there too, so that of all
//! instances one makes each attempt.

mod address;
mod credentials;
mod rounds;
mod sender;
mod webhook;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, ResponseFuture,
    WrapFuture as _,
};

use credentials::Credentials;
pub use rounds::Attempts;
use rounds::Round;
use sender::Sender;
pub use sender::{Destination, Letter, Routes};
pub use webhook::Webhook;

use super::tree::{Name, Tombstone};
use crate::bedrock::client::client;
use crate::domain::notification::{Event, Kind};
use crate::storage::vault::Vault;
use crate::storage::{Database, StorageError, notifications};

/// How often the memory is looked into.
const TICK: Duration = Duration::from_millis(500);
/// How often it is looked for what is due.
const LOOK: Duration = Duration::from_secs(2);
/// How long until the next look after Postgres was away.
const AWAY: Duration = Duration::from_secs(10);
/// Until a connection to a destination stands.
const CONNECT: Duration = Duration::from_secs(5);
/// Rounds at the same time, so that a slow destination keeps no other waiting.
const MAX_ROUNDS: usize = 4;
/// Events kept in memory while Postgres takes none.
const MAX_UNWRITTEN: usize = 1000;

/// The destination of the environment, which counts while no other is active.
#[derive(Clone)]
pub struct Fallback {
    /// Where it leads.
    pub destination: Destination,
}

impl Fallback {
    /// Its name in the log, and its kind.
    fn named(&self) -> (String, Kind) {
        let kind = match self.destination {
            Destination::Webhook(_) => Kind::Webhook,
            Destination::Sns(_) => Kind::Sns,
            Destination::Eventbridge(_) => Kind::Eventbridge,
        };
        ("BUDGET_NOTIFICATION_URL".to_owned(), kind)
    }
}

/// How the rest of the gateway tells the outside.
#[derive(Clone)]
pub struct Notifier {
    /// The owner.
    pub name: Name<NotifierOwner>,
    lent: Arc<Lent>,
}

/// What outlives the actor.
struct Lent {
    unwritten: Mutex<VecDeque<Event>>,
    dropped: AtomicU64,
    attempts: Arc<Attempts>,
    vault: Vault,
    fallback: Option<Fallback>,
    routes: Arc<Routes>,
    credentials: Credentials,
}

impl Notifier {
    /// A notifier that reaches destinations by `routes`, and whose webhooks `vault` has sealed.
    #[must_use]
    pub fn new(vault: Vault, fallback: Option<Fallback>, routes: Routes) -> Self {
        let lent = Lent {
            unwritten: Mutex::default(),
            dropped: AtomicU64::new(0),
            attempts: Arc::default(),
            vault,
            fallback,
            routes: Arc::new(routes),
            credentials: Credentials::default(),
        };
        Self { name: Name::new("notifier"), lent: Arc::new(lent) }
    }

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

    /// Events that were dropped because Postgres took none.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lent.dropped.load(Ordering::Relaxed)
    }

    /// Events that Postgres does not have yet.
    #[must_use]
    pub fn unwritten(&self) -> usize {
        self.lent.unwritten().len()
    }

    /// How attempts to deliver ended in this process.
    #[must_use]
    pub fn attempts(&self) -> &Attempts {
        &self.lent.attempts
    }

    /// Whether a destination of the environment counts while no other is active, and which kind.
    #[must_use]
    pub fn fallback(&self) -> Option<Kind> {
        self.lent.fallback.as_ref().map(|fallback| fallback.named().1)
    }

    /// The owner, built anew after each crash; unwritten events stay.
    #[must_use]
    pub fn owner(&self, database: Database, tombstone: Tombstone) -> NotifierOwner {
        NotifierOwner { database, lent: Arc::clone(&self.lent), rounds: 0, _tombstone: tombstone }
    }
}

impl Lent {
    fn unwritten(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.unwritten.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A sender for the thread of the caller.
    fn sender(&self) -> Sender {
        Sender::new(client(CONNECT), Arc::clone(&self.routes), self.credentials.clone())
    }
}

/// The actor.
pub struct NotifierOwner {
    database: Database,
    lent: Arc<Lent>,
    rounds: usize,
    _tombstone: Tombstone,
}

impl Actor for NotifierOwner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.notify(Write);
        ctx.notify(Deliver);
        ctx.run_interval(LOOK, |_, ctx| ctx.notify(Deliver));
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
            match written {
                Ok(0) => {}
                Ok(_) => ctx.notify(Deliver),
                Err(error) => {
                    tracing::warn!(%error, "Notifications cannot be written down; they wait in memory.");
                }
            }
            ctx.notify_later(Write, TICK);
        }));
    }
}

/// Writes events down, oldest first; each leaves the memory once Postgres has it. Returns how many
/// there were.
async fn write(database: &Database, lent: &Lent) -> Result<usize, StorageError> {
    let mut written = 0;
    loop {
        let Some(event) = lent.unwritten().front().cloned() else { return Ok(written) };
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
        written += 1;
    }
}

/// The order to deliver what is due.
#[derive(Message)]
#[rtype(result = "()")]
struct Deliver;

impl Handler<Deliver> for NotifierOwner {
    type Result = ();

    fn handle(&mut self, _: Deliver, ctx: &mut Context<Self>) {
        if self.rounds >= MAX_ROUNDS {
            return;
        }
        self.rounds += 1;
        let round = Round {
            database: self.database.clone(),
            vault: self.lent.vault.clone(),
            fallback: self.lent.fallback.clone(),
            attempts: Arc::clone(&self.lent.attempts),
            sender: self.lent.sender(),
        };
        let doing = async move { round.run().await };
        ctx.spawn(doing.into_actor(self).map(|done, owner, ctx| match done {
            Ok(more) => {
                owner.rounds = owner.rounds.saturating_sub(1);
                if more {
                    ctx.notify(Deliver);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "Notifications cannot be delivered while Postgres is away.");
                ctx.run_later(AWAY, |owner, _| owner.rounds = owner.rounds.saturating_sub(1));
            }
        }));
    }
}

/// The order to send a letter to a destination at once, outside of all queues.
#[derive(Message)]
#[rtype(result = "Tried")]
pub struct Try {
    /// Where to.
    pub destination: Destination,
    /// What.
    pub letter: Letter,
}

/// How it went.
pub struct Tried {
    /// What the destination says, or why it does not have it.
    pub answer: Result<String, String>,
    /// How long it took.
    pub took: Duration,
}

impl Handler<Try> for NotifierOwner {
    type Result = ResponseFuture<Tried>;

    fn handle(&mut self, Try { destination, letter }: Try, _: &mut Context<Self>) -> Self::Result {
        let sender = self.lent.sender();
        Box::pin(async move {
            let began = Instant::now();
            let answer = sender.send(&destination, &letter).await;
            Tried { answer, took: began.elapsed() }
        })
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(NotifierOwner);
