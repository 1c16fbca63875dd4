//! The actor: reads which endpoints there are, keeps their credentials fresh, and decides on their
//! health by what requests tell.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix::{
    Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, ResponseActFuture,
    WrapFuture as _,
};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Shared;
use super::gate::Route;
use super::session::{Session, Wallet, now};
use super::table::Table;
use crate::actors::reload::{self, Reload};
use crate::actors::tree::Tombstone;
use crate::bedrock::credentials::{Loaded, Tags};
use crate::domain::breaker::{Breaker, Finding, Standing};
use crate::domain::tally::Tally;
use crate::storage::endpoints::Live;
use crate::storage::{self, Database};

/// Places whose health is kept; beyond them the oldest knowledge is that of a healthy place.
const MOST_PLACES: usize = 10_000;

/// An endpoint's number, a model and a route.
type Place = (u64, String, Route);
/// A fetch that is under way: of which wallet, for whom.
type Fetching = (usize, Option<Tags>);
type Waiter = oneshot::Sender<Result<Arc<Loaded>, String>>;

/// What is known of a place.
#[derive(Default)]
pub(super) struct Health {
    pub(super) breaker: Breaker,
    pub(super) tally: Tally,
    /// When it last served, since the Unix epoch.
    pub(super) served_at: Option<Duration>,
}

/// The actor.
pub struct SessionPool {
    database: Database,
    shared: Arc<Shared>,
    fetches: HashMap<Fetching, Vec<Waiter>>,
    pub(super) places: HashMap<Place, Health>,
    _tombstone: Tombstone,
}

impl SessionPool {
    pub(super) fn new(database: Database, shared: Arc<Shared>, tombstone: Tombstone) -> Self {
        Self {
            database,
            shared,
            fetches: HashMap::new(),
            places: HashMap::new(),
            _tombstone: tombstone,
        }
    }

    pub(super) fn table(&self) -> Arc<Table> {
        self.shared.table.load_full()
    }

    fn publish(&self, live: Live) {
        let before = self.table();
        let table = Table::of(live, &self.shared.own, &before, &self.shared.vault);
        self.shared.table.store(Arc::new(table));
    }

    /// Fetches credentials for those endpoints in use that never had one.
    fn equip(&mut self, ctx: &mut Context<Self>) {
        for session in self.table().used() {
            let wallet = &session.wallet;
            if wallet.plain().is_none() && wallet.trouble().is_none() {
                self.fetch(&session.endpoint.name, wallet, None, None, ctx);
            }
        }
    }

    /// Fetches a credential, once for all who wait for it.
    fn fetch(
        &mut self,
        endpoint: &str,
        wallet: &Arc<Wallet>,
        tags: Option<Tags>,
        waiter: Option<Waiter>,
        ctx: &mut Context<Self>,
    ) {
        let key = (Arc::as_ptr(wallet).addr(), tags.clone());
        if let Some(waiting) = self.fetches.get_mut(&key) {
            waiting.extend(waiter);
            return;
        }
        self.fetches.insert(key.clone(), waiter.into_iter().collect());
        let (source, wanted) = (wallet.source.clone(), tags.clone());
        let load = async move { source.load(wanted.as_ref()).await };
        let (wallet, endpoint) = (Arc::clone(wallet), endpoint.to_owned());
        let number = tags.is_none().then(|| wallet.begin());
        ctx.spawn(load.into_actor(self).map(move |loaded, pool, ctx| {
            let (result, next) = match loaded {
                Ok(loaded) => {
                    let jitter = f64::from(Uuid::new_v4().as_u128() as u8) / 255.0;
                    let next = loaded.refresh_in(SystemTime::now(), jitter);
                    let loaded = Arc::new(loaded);
                    wallet.store(tags.clone(), &loaded);
                    (Ok(loaded), next)
                }
                Err(error) => {
                    tracing::warn!(endpoint, %error, "An endpoint has no credential.");
                    let pause = wallet.failed(tags.clone(), &error.to_string());
                    (Err(error.to_string()), Some(pause))
                }
            };
            for waiter in pool.fetches.remove(&key).unwrap_or_default() {
                let _ = waiter.send(result.clone());
            }
            // Those with tags are fetched by those who need them.
            if let (Some(number), Some(next)) = (number, next) {
                let wallet = Arc::downgrade(&wallet);
                ctx.run_later(next, move |pool, ctx| {
                    // A fetch that a request caused meanwhile has a successor of its own.
                    let wallet = wallet.upgrade().filter(|wallet| wallet.is_latest(number));
                    if let Some(wallet) = wallet {
                        pool.fetch(&endpoint, &wallet, None, None, ctx);
                    }
                });
            }
        }));
    }
}

impl Actor for SessionPool {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.equip(ctx);
        // After a crash nobody else remembers when the next refresh is due.
        for session in self.table().used() {
            if session.wallet.plain().is_some() || session.wallet.trouble().is_some() {
                self.fetch(&session.endpoint.name, &session.wallet, None, None, ctx);
            }
        }
        reload::keep_fresh(ctx);
    }
}

impl Handler<Reload> for SessionPool {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        let database = self.database.clone();
        let read = async move { storage::endpoints::live(&database).await };
        ctx.spawn(read.into_actor(self).map(|read, pool, ctx| match read {
            Ok(live) => {
                pool.publish(live);
                pool.equip(ctx);
            }
            Err(error) => {
                tracing::warn!(%error, "The endpoints cannot be read; the last ones stay.");
                reload::again_soon(ctx);
            }
        }));
    }
}

/// The order to fetch a new credential, unless there is another than the `stale` one by now.
#[derive(Clone, Message)]
#[rtype(result = "Result<Arc<Loaded>, String>")]
pub(super) struct Refresh {
    pub(super) session: Arc<Session>,
    pub(super) tags: Option<Tags>,
    pub(super) stale: Option<Arc<Loaded>>,
}

impl Handler<Refresh> for SessionPool {
    type Result = ResponseActFuture<Self, Result<Arc<Loaded>, String>>;

    fn handle(&mut self, order: Refresh, ctx: &mut Context<Self>) -> Self::Result {
        let Refresh { session, tags, stale } = order;
        let is_fresh = |it: &Arc<Loaded>| stale.as_ref().is_none_or(|old| !Arc::ptr_eq(old, it));
        let fresh = session.wallet.ready(tags.as_ref()).map(|(ready, _)| ready).filter(is_fresh);
        let refused = || session.wallet.refused(tags.as_ref());
        if let Some(known) = fresh.map(Ok).or_else(|| Some(Err(refused()?.to_string()))) {
            return Box::pin(async { known }.into_actor(self));
        }
        let (answer, answered) = oneshot::channel();
        self.fetch(&session.endpoint.name, &session.wallet, tags, Some(answer), ctx);
        let answered = async { answered.await.unwrap_or_else(|error| Err(error.to_string())) };
        Box::pin(answered.into_actor(self))
    }
}

/// What an exchange has told of an endpoint.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Told {
    pub(super) session: Arc<Session>,
    pub(super) model: String,
    pub(super) route: Route,
    pub(super) finding: Finding,
    pub(super) latency: Option<Duration>,
    pub(super) began: Duration,
}

impl Handler<Told> for SessionPool {
    type Result = ();

    fn handle(&mut self, told: Told, _: &mut Context<Self>) {
        let Told { session, model, route, finding, latency, began } = told;
        let place = (session.hash, model, route);
        if self.places.len() >= MOST_PLACES && !self.places.contains_key(&place) {
            return;
        }
        let (now, gates) = (now(), &session.vital.gates);
        let known = self.places.contains_key(&place);
        let (endpoint, model) = (&session.endpoint.name, place.1.clone());
        let health = self.places.entry(place).or_default();
        health.tally.record(finding, latency, now);
        if finding == Finding::Served {
            health.served_at = Some(now);
        }
        let before = health.breaker.standing();
        health.breaker.record(finding, began, now);
        let after = health.breaker.standing();
        // After a crash of this actor the gate may tell of what it no longer knows.
        if before != after || !known {
            gates.publish(&model, route, after);
        }
        log(endpoint, &model, before, after);
    }
}

fn log(endpoint: &str, model: &str, before: Standing, after: Standing) {
    match (before.blocked_until, after.blocked_until) {
        (None, Some(_)) if after.parked => {
            tracing::warn!(endpoint, model, "A daily quota is used up; the endpoint is parked.");
        }
        (None, Some(_)) => tracing::warn!(endpoint, model, "A breaker has opened."),
        (Some(_), None) => tracing::info!(endpoint, model, "A breaker has closed."),
        _ => {}
    }
}

#[cfg(feature = "chaos")]
crate::actors::tree::chaos::crashable!(SessionPool);
