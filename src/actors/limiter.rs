//! Owns the limits: says for each request whether its key may make it now.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use actix::{Actor, Context, Handler, Message};
use uuid::Uuid;

use super::tree::{Name, Tombstone, Unavailable};
use crate::domain::limit::{Exhausted, Standing, Window};

/// Windows kept before those of past minutes are dropped.
const PRUNE_AT: usize = 10_000;

/// What has been used of each key's limit. It outlives the actor, which alone takes the lock.
type Ledger = Arc<Mutex<HashMap<Uuid, Window>>>;

/// How requests reach the limiter.
#[derive(Clone)]
pub struct Limits {
    /// The owner.
    pub name: Name<Limiter>,
    ledger: Ledger,
}

impl Default for Limits {
    fn default() -> Self {
        Self { name: Name::new("limiter"), ledger: Ledger::default() }
    }
}

impl Limits {
    /// Counts a request of a key against its limit; a key without a limit is not counted.
    ///
    /// # Errors
    /// [`Unavailable`] where the limiter is just being rebuilt; inside, [`Exhausted`] where the
    /// limit is used up.
    pub async fn reserve(
        &self,
        key_id: Uuid,
        requests_per_minute: Option<u32>,
    ) -> Result<Option<Result<Standing, Exhausted>>, Unavailable> {
        match requests_per_minute {
            Some(limit) => Ok(Some(self.name.ask_again(Reserve { key_id, limit }).await?)),
            None => Ok(None),
        }
    }

    /// The owner, built anew after each crash; what was counted stays.
    #[must_use]
    pub fn owner(&self, tombstone: Tombstone) -> Limiter {
        Limiter { ledger: Arc::clone(&self.ledger), _tombstone: tombstone }
    }
}

/// The actor.
pub struct Limiter {
    ledger: Ledger,
    _tombstone: Tombstone,
}

impl Actor for Limiter {
    type Context = Context<Self>;
}

/// The order to count one request of a key.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<Standing, Exhausted>")]
struct Reserve {
    key_id: Uuid,
    limit: u32,
}

impl Handler<Reserve> for Limiter {
    type Result = Result<Standing, Exhausted>;

    fn handle(&mut self, order: Reserve, _: &mut Context<Self>) -> Self::Result {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if ledger.len() >= PRUNE_AT {
            ledger.retain(|_, window| !window.is_stale(now));
        }
        ledger.entry(order.key_id).or_default().take(now, order.limit)
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(Limiter);
