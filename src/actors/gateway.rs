//! The handles by which the edge reaches the actors, and the start of the tree.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor as _, Addr, Arbiter};
use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::changes::{Changes, Listeners};
use super::counting::Counts;
use super::drain::Readiness;
use super::endpoints::{Endpoints, Own};
use super::identity::Identity;
use super::keys::Keys;
use super::limiter::Limits;
use super::notifier::Notifier;
use super::others::Others;
use super::prices::{Prices, Refresh};
use super::prober::{Prober, Probing};
use super::settings::{Published, SettingsOwner};
use super::stream::{Connection, Unclaimed};
use super::streams::{List, LiveStreams, StopOne, Streams};
use super::tree::{Adopt, Board, Mail, Name, OnArbiter, Recipe, Retire, Supervisor};
use super::upkeep::Upkeep;
use super::usage::Usage;
use super::verdicts::Learned;
use crate::bedrock::endpoint::Deadlines;
use crate::storage::Database;
use crate::storage::vault::Vault;
use crate::telemetry::trace::Tracing;
use crate::telemetry::traffic::Traffic;

/// What the tree is started with.
pub struct Start {
    /// The database, migrated.
    pub database: Database,
    /// The endpoint that the environment makes.
    pub own: Own,
    /// What secrets at rest are opened with.
    pub vault: Vault,
    /// The key cache, loaded.
    pub keys: Keys,
    /// The limits and budgets, loaded.
    pub limits: Limits,
    /// Who people are.
    pub identity: Identity,
    /// The usage journal.
    pub usage: Usage,
    /// Whether and from where prices are refreshed.
    pub price_refresh: Option<Refresh>,
    /// Whether and from where endpoints are probed.
    pub probing: Option<Probing>,
    /// What is told to the outside.
    pub notifier: Notifier,
    /// How long the parts of an exchange may take.
    pub deadlines: Deadlines,
    /// The silence after which a stream gets a ping.
    pub ping_interval: Duration,
    /// Connections that one worker serves at once.
    pub max_live_streams: usize,
    /// What requests are traced with.
    pub tracing: Tracing,
}

/// Everything the edge and the connections use; cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    /// The settings' snapshot.
    pub settings: Published,
    /// The key cache.
    pub keys: Keys,
    /// Who people are.
    pub identity: Identity,
    /// The limits.
    pub limiter: Limits,
    /// The Bedrock session pool.
    pub endpoints: Endpoints,
    /// Usage and its journal.
    pub usage: Usage,
    /// What requests cost.
    pub prices: Prices,
    /// What is known of endpoints and profiles beyond the capability table.
    pub learned: Learned,
    /// Counts of tokens that were asked for.
    pub counts: Counts,
    /// Whole answers whose clients have left.
    pub unclaimed: Unclaimed,
    /// Whether endpoints are probed.
    pub is_probing: bool,
    /// What is told to the outside.
    pub notifier: Notifier,
    /// Whether new work is taken.
    pub readiness: Readiness,
    /// The live connections.
    pub live: LiveStreams,
    /// What requests are traced with.
    pub tracing: Tracing,
    /// What is counted of requests.
    pub traffic: Traffic,
    /// When this instance was started.
    pub started_at: DateTime<Utc>,
    /// The supervised actors.
    pub board: Board,
    /// The database's pool, for its gauges.
    pub database: Database,
    /// Names of the remaining owners.
    pub others: Others,
    pub(super) root: Addr<Supervisor>,
    pub(super) deadlines: Deadlines,
    pub(super) ping_interval: Duration,
    pub(super) max_live_streams: usize,
}

impl Gateway {
    /// Starts the tree on the current arbiter and two of its own; the receiver says when an actor
    /// died too often.
    #[must_use]
    pub fn start(start: Start) -> (Self, watch::Receiver<bool>) {
        let (gave_up, giving_up) = watch::channel(false);
        let board = Board::default();
        let root = Supervisor::new(board.clone(), gave_up).start();
        let others = Others::new();
        let gateway = Self {
            settings: Published::default(),
            keys: start.keys,
            limiter: start.limits,
            identity: start.identity,
            endpoints: Endpoints::new(start.own, start.vault),
            usage: start.usage,
            prices: Prices::new(start.price_refresh),
            learned: Learned::default(),
            counts: Counts::default(),
            unclaimed: Unclaimed::default(),
            is_probing: start.probing.is_some(),
            notifier: start.notifier,
            readiness: Readiness::default(),
            live: LiveStreams::default(),
            tracing: start.tracing,
            traffic: Traffic::default(),
            started_at: Utc::now(),
            board,
            database: start.database,
            others,
            root,
            deadlines: start.deadlines,
            ping_interval: start.ping_interval,
            max_live_streams: start.max_live_streams,
        };
        gateway.adopt_all(start.probing);
        (gateway, giving_up)
    }

    /// Starts the owners in the order of their dependence; drain comes last.
    fn adopt_all(&self, probing: Option<Probing>) {
        let here = Arbiter::current();
        // Flooded with a question per request: a thread of its own keeps the others quick.
        let limiter = Arbiter::new().handle();
        // Waits for the disk.
        let usage = Arbiter::new().handle();
        let database = || self.database.clone();
        let (db, published) = (database(), Arc::clone(&self.settings));
        self.adopt(OnArbiter::new(&self.others.settings, &here, move |tombstone| {
            SettingsOwner::new(db.clone(), Arc::clone(&published), tombstone)
        }));
        let (db, keys, others) = (database(), self.keys.clone(), self.others.clone());
        self.adopt(OnArbiter::new(&self.keys.name, &here, move |tombstone| {
            keys.owner(db.clone(), others.clone(), tombstone)
        }));
        let (db, identity, others) = (database(), self.identity.clone(), self.others.clone());
        self.adopt(OnArbiter::new(&self.identity.name, &here, move |tombstone| {
            identity.owner(db.clone(), others.clone(), tombstone)
        }));
        let (db, limits, notifier) = (database(), self.limiter.clone(), self.notifier.clone());
        self.adopt(OnArbiter::new(&self.limiter.name, &limiter, move |t| {
            limits.owner(db.clone(), notifier.clone(), t)
        }));
        let (db, endpoints) = (database(), self.endpoints.clone());
        self.adopt(OnArbiter::new(&self.endpoints.name, &here, move |tombstone| {
            endpoints.owner(db.clone(), tombstone)
        }));
        let (db, records) = (database(), self.usage.clone());
        let (limits, notifier) = (self.limiter.clone(), self.notifier.clone());
        self.adopt(OnArbiter::new(&self.usage.name, &usage, move |t| {
            records.owner(db.clone(), limits.clone(), notifier.clone(), t)
        }));
        // Reads large files.
        let outside = Arbiter::new().handle();
        let (db, prices, notifier) = (database(), self.prices.clone(), self.notifier.clone());
        self.adopt(OnArbiter::new(&self.prices.name, &outside, move |t| {
            prices.owner(db.clone(), notifier.clone(), t)
        }));
        let (db, notifier) = (database(), self.notifier.clone());
        self.adopt(OnArbiter::new(&self.notifier.name, &outside, move |tombstone| {
            notifier.owner(db.clone(), tombstone)
        }));
        let (db, learned) = (database(), self.learned.clone());
        self.adopt(OnArbiter::new(&self.learned.name, &here, move |t| {
            learned.owner(db.clone(), t)
        }));
        let db = database();
        self.adopt(OnArbiter::new(&self.others.upkeep, &here, move |tombstone| {
            Upkeep::new(db.clone(), tombstone)
        }));
        let (db, endpoints) = (database(), self.endpoints.clone());
        self.adopt(OnArbiter::new(&self.others.prober, &outside, move |tombstone| {
            Prober::new(db.clone(), endpoints.clone(), probing.clone(), tombstone)
        }));
        let db = database();
        let listeners = Listeners {
            keys: self.keys.name.clone(),
            limiter: self.limiter.name.clone(),
            identity: self.identity.name.clone(),
            settings: self.others.settings.clone(),
            prices: self.prices.name.clone(),
            verdicts: self.learned.name.clone(),
            endpoints: self.endpoints.name.clone(),
            prober: self.others.prober.clone(),
        };
        self.adopt(OnArbiter::new(&self.others.changes, &here, move |tombstone| {
            Changes::new(db.clone(), listeners.clone(), tombstone)
        }));
        let (readiness, live) = (self.readiness.clone(), self.live.clone());
        self.adopt(OnArbiter::new(&self.readiness.name, &here, move |tombstone| {
            readiness.owner(live.clone(), tombstone)
        }));
    }

    /// Ends supervision, before the threads of the workers end.
    pub fn retire(&self) {
        self.root.do_send(Retire);
    }

    fn adopt(&self, recipe: impl Recipe + 'static) {
        self.root.do_send(Adopt(Box::new(recipe)));
    }

    /// Takes on the `streams` of a worker.
    pub(super) fn adopt_streams(&self, name: Name<Streams>, recipe: impl Recipe + 'static) {
        self.others.add_streams(name);
        self.adopt(recipe);
    }

    /// The `streams` of all workers.
    #[must_use]
    pub fn streams(&self) -> Vec<Name<Streams>> {
        self.others.streams()
    }

    /// The connections of all workers; a worker whose list is being rebuilt is left out.
    pub async fn connections(&self) -> Vec<Connection> {
        let mut connections = Vec::new();
        for streams in self.streams() {
            connections.extend(streams.ask(List).await.unwrap_or_default());
        }
        connections
    }

    /// Ends the connection that serves the request of this id; false where there is none.
    pub async fn stop_connection(&self, request_id: &str) -> bool {
        for streams in self.streams() {
            if streams.ask(StopOne(request_id.to_owned())).await == Ok(true) {
                return true;
            }
        }
        false
    }

    /// What went to each actor so far.
    #[must_use]
    pub fn mail(&self) -> Vec<Mail> {
        let mut mail = vec![
            self.others.settings.mail(),
            self.keys.name.mail(),
            self.identity.name.mail(),
            self.limiter.name.mail(),
            self.endpoints.name.mail(),
            self.usage.name.mail(),
            self.prices.name.mail(),
            self.learned.name.mail(),
            self.notifier.name.mail(),
            self.others.changes.mail(),
            self.others.upkeep.mail(),
            self.others.prober.mail(),
            self.readiness.name.mail(),
        ];
        mail.extend(self.streams().iter().map(Name::mail));
        mail
    }

    /// Makes the named actor panic; `stream` means one live connection. False where there is none.
    #[cfg(feature = "chaos")]
    pub async fn crash(&self, actor: &str) -> bool {
        use super::streams::CrashStream;
        use super::tree::chaos::Crash;
        match actor {
            "settings" => self.others.settings.tell(Crash),
            "keys" => self.keys.name.tell(Crash),
            "identity" => self.identity.name.tell(Crash),
            "limiter" => self.limiter.name.tell(Crash),
            "endpoints" => self.endpoints.name.tell(Crash),
            "usage" => self.usage.name.tell(Crash),
            "prices" => self.prices.name.tell(Crash),
            "verdicts" => self.learned.name.tell(Crash),
            "notifier" => self.notifier.name.tell(Crash),
            "changes" => self.others.changes.tell(Crash),
            "upkeep" => self.others.upkeep.tell(Crash),
            "prober" => self.others.prober.tell(Crash),
            "drain" => self.readiness.name.tell(Crash),
            "stream" => {
                for streams in self.streams() {
                    if streams.ask(CrashStream).await == Ok(true) {
                        return true;
                    }
                }
                return false;
            }
            _ => match self.streams().into_iter().find(|streams| streams.label() == actor) {
                Some(streams) => streams.tell(Crash),
                None => return false,
            },
        }
        true
    }
}
