//! How the limiter asks Postgres for shares, one statement at a time for all that is due, and reads
//! what was noted meanwhile.

use actix::{ActorFutureExt as _, AsyncContext as _, Context, WrapFuture as _};

use super::reservation::Note;
use super::{Limiter, Moment, now};
use crate::domain::limit::{Ask, Granted};
use crate::storage::{StorageError, grants};

/// How long Postgres is left alone after it did not answer, in milliseconds.
const SILENCE: i64 = 500;
/// How often an instance tells that it lives, in milliseconds.
const SIGN_OF_LIFE: i64 = 3_000;
/// How often what is over is removed, in milliseconds.
const SWEEP: i64 = 60_000;

impl Limiter {
    /// Reads what was noted.
    pub(super) fn read_notes(&mut self) {
        let lent = &self.limits.lent;
        let notes = std::mem::take(
            &mut *lent.notes.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        if notes.is_empty() {
            return;
        }
        let mut ledger = lent.ledger();
        for note in notes {
            match note {
                Note::Ended { entries, request_id, actual } => {
                    ledger.settle(&entries, &request_id, actual);
                }
                Note::Recorded(ids) => ids.iter().for_each(|id| ledger.recorded(id)),
            }
        }
    }

    /// Asks Postgres for what is due, unless it is being asked, or was away a moment ago.
    pub(super) fn ask(&mut self, ctx: &mut Context<Self>) {
        let now = now();
        if self.asking || now < self.silent_until {
            return;
        }
        let mut ledger = self.limits.lent.ledger();
        let asks = ledger.due(now);
        // What is refused meanwhile asks for nothing: the sign of life tells when Postgres is back.
        let shows_life = ledger.is_away() || now.since(self.seen_at) >= SIGN_OF_LIFE;
        drop(ledger);
        if asks.is_empty() && !shows_life {
            return;
        }
        self.asking = true;
        let (database, instance) = (self.database.clone(), self.limits.lent.instance);
        let asking = async move {
            let answer = async {
                if shows_life {
                    grants::keep_alive(&database, instance, grants::PATIENCE).await?;
                }
                if asks.is_empty() {
                    return Ok(Vec::new());
                }
                grants::take(&database, instance, asks.clone()).await
            };
            let answer = answer.await;
            (asks, answer)
        };
        ctx.spawn(asking.into_actor(self).map(move |(asks, answer), limiter, ctx| {
            limiter.asking = false;
            if shows_life && answer.is_ok() {
                limiter.seen_at = now;
            }
            limiter.take_answer(&asks, answer);
            limiter.serve_waiting();
            limiter.ask(ctx);
        }));
    }

    fn take_answer(&mut self, asks: &[Ask], answer: Result<Vec<Granted>, StorageError>) {
        let now = now();
        let mut ledger = self.limits.lent.ledger();
        match answer {
            Ok(granted) => {
                ledger.back();
                for (ask, granted) in asks.iter().zip(granted) {
                    ledger.granted(ask, granted, now);
                }
                self.watch.look(asks, &ledger);
            }
            Err(error) => {
                if !ledger.is_away() {
                    tracing::warn!(%error, "Limits cannot be shared with other instances; this one goes on by what it knows.");
                }
                ledger.unanswered(asks, now);
                self.silent_until = Moment(now.0 + SILENCE);
            }
        }
    }

    /// Removes what is over, once a minute.
    pub(super) fn sweep(&mut self, ctx: &mut Context<Self>) {
        let now = now();
        if now.since(self.swept_at) < SWEEP {
            return;
        }
        self.swept_at = now;
        let database = self.database.clone();
        let sweeping = async move { grants::sweep(&database).await };
        ctx.spawn(sweeping.into_actor(self).map(|swept, _, _| {
            if let Err(error) = swept {
                tracing::debug!(%error, "What is over of limits stays a minute longer.");
            }
        }));
    }
}
