//! Owns the key cache: publishes all live keys as a snapshot that requests read, looks up the few keys
//! that the snapshot does not know yet, and has the running requests of revoked keys ended.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, ResponseFuture,
    WrapFuture as _,
};
use arc_swap::ArcSwap;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::others::Others;
use super::reload::{self, Reload};
use super::tree::{Name, Tombstone, Unavailable};
use crate::domain::key::KeyHash;
use crate::domain::principal::Principal;
use crate::storage::{self, Database, StorageError};

/// How long an unknown key is remembered as unknown.
const UNKNOWN_FOR: Duration = Duration::from_secs(10);
const MAX_UNKNOWN: usize = 10_000;
/// Lookups of unknown keys that run at once; more are refused, so that a flood of made-up keys
/// cannot fill the database's queue.
const MAX_LOOKUPS: usize = 16;

type Table = HashMap<KeyHash, Arc<Principal>>;
type Found = Result<Option<Arc<Principal>>, Unavailable>;

/// How requests reach the key cache.
#[derive(Clone)]
pub struct Keys {
    /// The owner.
    pub name: Name<KeyCache>,
    published: Arc<ArcSwap<Table>>,
}

impl Keys {
    /// A cache that knows the live keys before the first request comes.
    ///
    /// # Errors
    /// [`StorageError`] where they cannot be read.
    pub async fn load(database: &Database) -> Result<Self, StorageError> {
        let live = storage::keys::live(database).await?;
        let published = Arc::new(ArcSwap::from_pointee(table(live)));
        Ok(Self { name: Name::new("keys"), published })
    }

    /// True where the snapshot holds no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.published.load().is_empty()
    }

    /// The live principal behind a key's hash; `None` where there is none.
    ///
    /// # Errors
    /// [`Unavailable`] where the snapshot does not know the key and the database cannot be asked.
    pub async fn find(&self, hash: KeyHash) -> Found {
        if let Some(principal) = self.published.load().get(&hash) {
            return Ok(Some(Arc::clone(principal)));
        }
        self.name.ask_again(Find(hash)).await?
    }

    /// The owner, built anew after each crash; the snapshot stays meanwhile.
    #[must_use]
    pub fn owner(&self, database: Database, others: Others, tombstone: Tombstone) -> KeyCache {
        KeyCache {
            database,
            others,
            lost: HashSet::new(),
            published: Arc::clone(&self.published),
            unknown: HashMap::new(),
            waiting: HashMap::new(),
            loading: false,
            changed: false,
            _tombstone: tombstone,
        }
    }
}

/// The actor.
pub struct KeyCache {
    database: Database,
    others: Others,
    /// Keys that the snapshot had and has no more: whether they were revoked is yet to be asked.
    lost: HashSet<Uuid>,
    published: Arc<ArcSwap<Table>>,
    unknown: HashMap<KeyHash, Instant>,
    waiting: HashMap<KeyHash, Vec<oneshot::Sender<Found>>>,
    loading: bool,
    changed: bool,
    _tombstone: Tombstone,
}

impl Actor for KeyCache {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        reload::keep_fresh(ctx);
    }
}

impl Handler<Reload> for KeyCache {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        self.unknown.clear();
        self.changed = true;
        if self.loading {
            return;
        }
        (self.loading, self.changed) = (true, false);
        let database = self.database.clone();
        let read = async move { storage::keys::live(&database).await };
        ctx.spawn(read.into_actor(self).map(|live, cache, ctx| {
            cache.loading = false;
            match live {
                Ok(live) => {
                    let next = Arc::new(table(live));
                    let before = cache.published.swap(Arc::clone(&next));
                    cache.lost.extend(lost(&before, &next));
                    cache.stop_revoked(ctx);
                }
                Err(error) => {
                    tracing::warn!(%error, "The keys cannot be read; the known ones stay valid.");
                    reload::again_soon(ctx);
                }
            }
            if cache.changed {
                ctx.notify(Reload);
            }
        }));
    }
}

/// The question who is behind a key that the snapshot does not know.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Found")]
struct Find(KeyHash);

impl Handler<Find> for KeyCache {
    type Result = ResponseFuture<Found>;

    fn handle(&mut self, Find(hash): Find, ctx: &mut Context<Self>) -> Self::Result {
        if let Some(known) = self.known(hash) {
            return Box::pin(async { known });
        }
        let (answer, answered) = oneshot::channel();
        match self.waiting.get_mut(&hash) {
            Some(waiters) => waiters.push(answer),
            None => {
                self.waiting.insert(hash, vec![answer]);
                self.look_up(hash, ctx);
            }
        }
        Box::pin(async { answered.await.unwrap_or(Err(Unavailable("keys"))) })
    }
}

fn table(live: Vec<(KeyHash, Principal)>) -> Table {
    live.into_iter().map(|(hash, principal)| (hash, Arc::new(principal))).collect()
}

/// The keys of one snapshot that are not in the next one.
fn lost(before: &Table, next: &Table) -> HashSet<Uuid> {
    let missing = before.iter().filter(|(hash, _)| !next.contains_key(*hash));
    let mut lost: HashSet<_> = missing.filter_map(|(_, key)| key.key_id).collect();
    if !lost.is_empty() {
        for id in next.values().filter_map(|key| key.key_id) {
            lost.remove(&id);
        }
    }
    lost
}

impl KeyCache {
    /// Ends the running requests of the lost keys that were revoked; what only expired runs to its end.
    fn stop_revoked(&self, ctx: &mut Context<Self>) {
        if self.lost.is_empty() {
            return;
        }
        let (database, lost) = (self.database.clone(), self.lost.clone());
        let read = async move {
            let kept = storage::keys::kept(&database, lost.iter().copied().collect()).await;
            (kept, lost)
        };
        ctx.spawn(read.into_actor(self).map(|(kept, mut lost), cache, ctx| match kept {
            Ok(kept) => {
                cache.lost.retain(|id| !lost.contains(id));
                for id in kept {
                    lost.remove(&id);
                }
                cache.others.stop_requests(lost, ctx);
            }
            Err(error) => {
                tracing::warn!(%error, "Which keys were revoked cannot be read; their requests run on.");
                reload::again_soon(ctx);
            }
        }));
    }

    fn known(&self, hash: KeyHash) -> Option<Found> {
        if let Some(principal) = self.published.load().get(&hash) {
            return Some(Ok(Some(Arc::clone(principal))));
        }
        if self.unknown.get(&hash).is_some_and(|since| since.elapsed() < UNKNOWN_FOR) {
            return Some(Ok(None));
        }
        let full = !self.waiting.contains_key(&hash) && self.waiting.len() >= MAX_LOOKUPS;
        full.then_some(Err(Unavailable("keys")))
    }

    fn look_up(&self, hash: KeyHash, ctx: &mut Context<Self>) {
        let database = self.database.clone();
        let read = async move { storage::keys::find(&database, hash).await };
        ctx.spawn(read.into_actor(self).map(move |found, cache, _| cache.answer(hash, found)));
    }

    fn answer(&mut self, hash: KeyHash, found: Result<Option<Principal>, StorageError>) {
        let found = match found {
            Ok(Some(principal)) => {
                let principal = Arc::new(principal);
                self.published.rcu(|table| {
                    let mut table = Table::clone(table);
                    table.insert(hash, Arc::clone(&principal));
                    table
                });
                Ok(Some(principal))
            }
            Ok(None) => {
                if self.unknown.len() >= MAX_UNKNOWN {
                    self.unknown.clear();
                }
                self.unknown.insert(hash, Instant::now());
                Ok(None)
            }
            Err(error) => {
                tracing::warn!(%error, "An unknown key cannot be looked up.");
                Err(Unavailable("keys"))
            }
        };
        for waiter in self.waiting.remove(&hash).unwrap_or_default() {
            let _ = waiter.send(found.clone());
        }
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(KeyCache);
