//! Owns the limits and budgets: takes what a request claims before it is served, and settles it by
//! what it really took.
//!
//! The ledger of this instance's shares outlives the actor. Requests are answered from it at once;
//! only where a share has run out they wait until Postgres has granted more.

mod claims;
mod reservation;
mod shares;
mod watch;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message, Response};
use arc_swap::ArcSwap;
use chrono::Utc;
use tokio::sync::oneshot;
use uuid::Uuid;

pub use claims::{Asked, Demand};
use reservation::Note;
pub use reservation::Reservation;
use watch::Watch;

use super::notifier::Notifier;
use super::reload::{self, Reload};
use super::tree::{Name, Tombstone, Unavailable};
use crate::domain::budget::Book;
use crate::domain::limit::{Ledger, Moment, Short, Standing};
use crate::storage::{self, Database, StorageError};

/// How often shares are looked after.
const TICK: Duration = Duration::from_millis(100);
/// How long a request may wait for its claims, in milliseconds.
const PATIENCE: i64 = 1_500;
/// How long a start waits for its first sign of life.
const START: Duration = Duration::from_secs(10);
/// Requests that wait at once; more are refused.
const MAX_WAITING: usize = 10_000;

/// What a request hears that asked for its claims.
pub type Answer = Result<Admitted, Refused>;

/// A request that may be served.
#[derive(Debug)]
pub struct Admitted {
    /// What it has taken; settled when it is dropped.
    pub reservation: Reservation,
    /// Where its owner stands now.
    pub standing: Standing,
}

/// A request that may not be served.
#[derive(Debug, Clone)]
pub struct Refused {
    /// What it cannot have.
    pub short: Short,
    /// Where its owner stands.
    pub standing: Standing,
}

/// How requests reach the limiter.
#[derive(Clone)]
pub struct Limits {
    /// The owner.
    pub name: Name<Limiter>,
    book: Arc<ArcSwap<Book>>,
    lent: Arc<Lent>,
}

/// What outlives the actor.
struct Lent {
    instance: Uuid,
    ledger: Mutex<Ledger>,
    notes: Mutex<Vec<Note>>,
    ungranted: AtomicU64,
}

impl Lent {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Limits {
    fn new(book: Book) -> Self {
        let lent = Lent {
            instance: Uuid::now_v7(),
            ledger: Mutex::default(),
            notes: Mutex::default(),
            ungranted: AtomicU64::new(0),
        };
        let book = Arc::new(ArcSwap::from_pointee(book));
        Self { name: Name::new("limiter"), book, lent: Arc::new(lent) }
    }

    /// Limits that know the budgets before the first request comes.
    ///
    /// # Errors
    /// [`StorageError`] where they cannot be read.
    pub async fn load(database: &Database) -> Result<Self, StorageError> {
        let limits = Self::new(Book::new(storage::budgets::all(database).await?));
        storage::grants::keep_alive(database, limits.lent.instance, START).await?;
        Ok(limits)
    }

    /// Takes what a request claims, or says why not.
    ///
    /// # Errors
    /// [`Unavailable`] where the limiter is just being rebuilt.
    pub async fn reserve(&self, asked: Arc<Asked>) -> Result<Answer, Unavailable> {
        self.name.ask_again(Reserve(asked)).await?
    }

    /// Notes that the usage table has the rows of these requests.
    pub fn recorded(&self, request_ids: Vec<String>) {
        reservation::note(&self.lent, &self.name, Note::Recorded(request_ids));
    }

    /// The owner, built anew after each crash; what was taken stays.
    #[must_use]
    pub fn owner(&self, database: Database, notifier: Notifier, tombstone: Tombstone) -> Limiter {
        self.lent.ledger().resume();
        Limiter {
            database,
            limits: self.clone(),
            watch: Watch::new(notifier),
            waiting: VecDeque::new(),
            asking: false,
            silent_until: Moment(0),
            seen_at: Moment(0),
            swept_at: Moment(0),
            _tombstone: tombstone,
        }
    }

    /// Frees what this instance holds; for the end, when nothing runs any more.
    pub async fn leave(&self, database: &Database) {
        if let Err(error) = storage::grants::leave(database, self.lent.instance).await {
            tracing::warn!(%error, "What this instance holds of limits is free in 15 s only.");
        }
    }

    /// Whether limits are decided without Postgres at the moment.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.lent.ledger().is_away()
    }

    /// Requests that were let through although Postgres could not be asked.
    #[must_use]
    pub fn ungranted(&self) -> u64 {
        self.lent.ungranted.load(Ordering::Relaxed)
    }

    /// Accounts of which this instance holds a share.
    #[must_use]
    pub fn shares(&self) -> usize {
        self.lent.ledger().len()
    }
}

fn now() -> Moment {
    Utc::now().into()
}

/// The actor.
pub struct Limiter {
    database: Database,
    limits: Limits,
    watch: Watch,
    waiting: VecDeque<Waiter>,
    /// Whether an ask is under way; there is one at a time, so that many needs become one statement.
    asking: bool,
    /// When Postgres may be asked again, after it did not answer.
    silent_until: Moment,
    seen_at: Moment,
    swept_at: Moment,
    _tombstone: Tombstone,
}

/// A request that waits for a grant.
struct Waiter {
    asked: Arc<Asked>,
    until: Moment,
    answer: oneshot::Sender<Answer>,
}

impl Actor for Limiter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        reload::keep_fresh(ctx);
        ctx.run_interval(TICK, Self::tick);
    }
}

impl Handler<Reload> for Limiter {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        let database = self.database.clone();
        let read = async move { storage::budgets::all(&database).await };
        reload::read(self, ctx, "budgets", read, |limiter, budgets| {
            limiter.limits.book.store(Arc::new(Book::new(budgets)));
        });
    }
}

/// The order to take what a request claims.
#[derive(Clone, Message)]
#[rtype(result = "Result<Answer, Unavailable>")]
struct Reserve(Arc<Asked>);

impl Handler<Reserve> for Limiter {
    type Result = Response<Result<Answer, Unavailable>>;

    fn handle(&mut self, Reserve(asked): Reserve, ctx: &mut Context<Self>) -> Self::Result {
        self.read_notes();
        let now = now();
        let may_wait = self.waiting.len() < MAX_WAITING;
        if let Some(answer) = self.decide(&asked, now, may_wait) {
            return Response::reply(Ok(answer));
        }
        let (answer, answered) = oneshot::channel();
        self.waiting.push_back(Waiter { asked, until: Moment(now.0 + PATIENCE), answer });
        self.ask(ctx);
        Response::fut(async { answered.await.map_err(|_| Unavailable("limiter")) })
    }
}

/// The order to read what was noted for the limiter.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
struct ReadNotes;

impl Handler<ReadNotes> for Limiter {
    type Result = ();

    fn handle(&mut self, _: ReadNotes, ctx: &mut Context<Self>) {
        self.read_notes();
        self.ask(ctx);
    }
}

impl Limiter {
    /// The answer to a request; `None` where it is to wait for one.
    fn decide(&mut self, asked: &Arc<Asked>, now: Moment, may_wait: bool) -> Option<Answer> {
        let mut ledger = self.limits.lent.ledger();
        let reserved = ledger.reserve(&asked.claims, now, asked.when_away);
        if matches!(reserved, Err(Short::Ask | Short::Busy(_))) && may_wait {
            return None;
        }
        let standing = asked.standing(&ledger);
        let is_away = ledger.is_away();
        drop(ledger);
        self.watch.see(asked, &standing);
        Some(match reserved {
            Ok(entries) => {
                if is_away {
                    self.limits.lent.ungranted.fetch_add(1, Ordering::Relaxed);
                }
                let reservation = Reservation::new(entries, &self.limits);
                Ok(Admitted { reservation, standing })
            }
            Err(short) => {
                self.watch.refused(asked, short, now);
                Err(Refused { short, standing })
            }
        })
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        self.read_notes();
        self.limits.lent.ledger().tick(now());
        self.serve_waiting();
        self.ask(ctx);
        self.sweep(ctx);
    }

    /// Tries again for those that wait, in their order.
    fn serve_waiting(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.limits.lent.ledger().forget_wants();
        let now = now();
        for waiter in std::mem::take(&mut self.waiting) {
            if waiter.answer.is_closed() {
                continue;
            }
            match self.decide(&waiter.asked, now, now < waiter.until) {
                None => self.waiting.push_back(waiter),
                // Where the client has left meanwhile, the reservation is dropped, and so settled.
                Some(answer) => drop(waiter.answer.send(answer)),
            }
        }
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(Limiter);
