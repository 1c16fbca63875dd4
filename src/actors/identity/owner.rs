//! The actor: reads from Postgres and from the providers, and publishes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::{
    Actor, ActorFutureExt as _, AsyncContext as _, Context, Handler, Message, ResponseFuture,
    WrapFuture as _,
};
use chrono::Utc;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Identity;
use super::directory::Directory;
use super::wire::Pace;
use crate::actors::others::Others;
use crate::actors::reload::{self, Reload};
use crate::actors::tree::Tombstone;
use crate::bedrock::client::client;
use crate::storage::{self, Database, StorageError};

const CONNECT: Duration = Duration::from_secs(5);
/// How often it is looked whether a provider is due.
const LOOK: Duration = Duration::from_secs(5);

/// The actor.
pub struct IdentityOwner {
    pub(super) identity: Identity,
    database: Database,
    others: Others,
    pub(super) client: awc::Client,
    pub(super) paces: HashMap<Uuid, Pace>,
    pub(super) asking: HashMap<Uuid, Vec<oneshot::Sender<()>>>,
    reading: bool,
    changed: bool,
    waiting: Vec<oneshot::Sender<bool>>,
    pub(super) exchanges: Arc<()>,
    _tombstone: Tombstone,
}

impl IdentityOwner {
    pub(super) fn new(
        identity: Identity,
        database: Database,
        others: Others,
        tombstone: Tombstone,
    ) -> Self {
        Self {
            identity,
            database,
            others,
            client: client(CONNECT),
            paces: HashMap::new(),
            asking: HashMap::new(),
            reading: false,
            changed: false,
            waiting: Vec::new(),
            exchanges: Arc::new(()),
            _tombstone: tombstone,
        }
    }

    fn read(&mut self, ctx: &mut Context<Self>) {
        self.changed = true;
        if self.reading {
            return;
        }
        (self.reading, self.changed) = (true, false);
        let waiting = std::mem::take(&mut self.waiting);
        let database = self.database.clone();
        let read = async move { storage::identities::directory(&database).await };
        ctx.spawn(read.into_actor(self).map(|read, owner, ctx| {
            owner.reading = false;
            let is_read = read.is_ok();
            owner.publish(read, ctx);
            for waiter in waiting {
                let _ = waiter.send(is_read);
            }
            if owner.changed {
                owner.read(ctx);
            }
        }));
    }

    fn publish(
        &mut self,
        read: Result<storage::identities::Directory, StorageError>,
        ctx: &mut Context<Self>,
    ) {
        let rows = match read {
            Ok(rows) => rows,
            Err(error) => {
                tracing::warn!(%error, "Who people are cannot be read; what was known stays.");
                reload::again_soon(ctx);
                return;
            }
        };
        let next = Directory::new(rows, &self.identity.vault, &self.identity.admin_users);
        let before = self.identity.published.swap(Arc::new(next));
        let now = self.identity.published.load_full();
        self.others.stop_requests(before.gone(&now, Utc::now()), ctx);
        self.paces.retain(|id, _| now.provider(*id).is_some());
        for known in &now.providers {
            let id = known.provider.id;
            let wire = self.identity.wires.load().get(&id).cloned();
            if wire.is_some_and(|wire| !wire.is_of(&known.provider)) {
                self.paces.remove(&id);
            }
            self.paces.entry(id).or_insert_with(|| Pace::new(Instant::now()));
        }
        self.look(ctx);
    }
}

impl Actor for IdentityOwner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        reload::keep_fresh(ctx);
        ctx.run_interval(LOOK, Self::look);
    }
}

impl Handler<Reload> for IdentityOwner {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        self.read(ctx);
    }
}

/// The order to read what is stored, begun after the order came; false where it cannot be read.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "bool")]
pub(super) struct Freshen;

impl Handler<Freshen> for IdentityOwner {
    type Result = ResponseFuture<bool>;

    fn handle(&mut self, _: Freshen, ctx: &mut Context<Self>) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        self.waiting.push(answer);
        self.read(ctx);
        Box::pin(async { answered.await.unwrap_or(false) })
    }
}

#[cfg(feature = "chaos")]
crate::actors::tree::chaos::crashable!(IdentityOwner);
