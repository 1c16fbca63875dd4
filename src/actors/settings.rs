//! Owns the settings: reads them from Postgres and publishes them as a snapshot.

use std::sync::Arc;

use actix::{Actor, Context, Handler};
use arc_swap::ArcSwap;

use super::reload::{self, Reload};
use super::tree::Tombstone;
use crate::domain::settings::Settings;
use crate::storage::{self, Database};

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
        reload::keep_fresh(ctx);
    }
}

impl Handler<Reload> for SettingsOwner {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        let database = self.database.clone();
        let read = async move { storage::settings::all(&database).await };
        reload::read(self, ctx, "settings", read, |owner, stored| owner.publish(&stored));
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(SettingsOwner);
