//! Owns the settings: reads them from Postgres and publishes them as a snapshot.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, WrapFuture as _};
use arc_swap::ArcSwap;

use super::changes::Reload;
use super::tree::Tombstone;
use crate::domain::settings::Settings;
use crate::storage::{self, Database};

/// The net under lost announcements.
const POLL: Duration = Duration::from_secs(60);
const RETRY: Duration = Duration::from_secs(2);

/// The snapshot that requests read.
pub type Published = Arc<ArcSwap<Settings>>;

/// The actor.
pub struct SettingsOwner {
    database: Database,
    published: Published,
    _tombstone: Tombstone,
}

impl SettingsOwner {
    /// An owner that publishes to `published`.
    #[must_use]
    pub fn new(database: Database, published: Published, tombstone: Tombstone) -> Self {
        Self { database, published, _tombstone: tombstone }
    }

    fn publish(&self, stored: &[(String, serde_json::Value)]) {
        let (settings, unfit) = Settings::read(stored);
        for name in unfit {
            tracing::warn!(name, "A stored setting is unknown or has an unfit value.");
        }
        self.published.store(Arc::new(settings));
    }
}

impl Actor for SettingsOwner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.notify(Reload);
        ctx.run_interval(POLL, |_, ctx| ctx.notify(Reload));
    }
}

impl Handler<Reload> for SettingsOwner {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        let database = self.database.clone();
        let read = async move { storage::settings::all(&database).await };
        ctx.spawn(read.into_actor(self).map(|stored, owner, ctx| match stored {
            Ok(stored) => owner.publish(&stored),
            Err(error) => {
                tracing::warn!(%error, "The settings cannot be read; the last ones stay.");
                ctx.notify_later(Reload, RETRY);
            }
        }));
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(SettingsOwner);
