//! Keeps the tables of usage in shape: partitions ahead of time, and what was kept for long enough
//! goes. All instances look; one at a time does it.

use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, WrapFuture as _};

use super::tree::Tombstone;
use crate::domain::settings::Settings;
use crate::storage::usage::{self, Retention};
use crate::storage::{Database, StorageError, settings};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(60 * 60);
/// How long until the next look while there is more to do, or after a failure.
const SOON: Duration = Duration::from_secs(60);

/// The actor.
pub struct Upkeep {
    database: Database,
    _tombstone: Tombstone,
}

impl Upkeep {
    /// Keeps the tables of `database` as its settings say.
    #[must_use]
    pub fn new(database: Database, tombstone: Tombstone) -> Self {
        Self { database, _tombstone: tombstone }
    }
}

impl Actor for Upkeep {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.notify(Look);
    }
}

/// The order to do what is due.
#[derive(Message)]
#[rtype(result = "()")]
struct Look;

impl Handler<Look> for Upkeep {
    type Result = ();

    fn handle(&mut self, _: Look, ctx: &mut Context<Self>) {
        let database = self.database.clone();
        let work = async move { keep(&database).await };
        ctx.spawn(work.into_actor(self).map(|done, _, ctx| {
            let again = match done {
                Ok(deleted) if deleted > 0 => SOON,
                Ok(_) => LOOK,
                Err(error) => {
                    tracing::warn!(%error, "The tables of usage cannot be kept up.");
                    SOON
                }
            };
            ctx.notify_later(Look, again);
        }));
    }
}

/// Does what is due; how many rows it deleted.
async fn keep(database: &Database) -> Result<usize, StorageError> {
    // Not the snapshot: until it is read it holds the defaults, which could take away too much.
    let (settings, _) = Settings::read(&settings::all(database).await?);
    let months = usage::keep_partitions(database, settings.retention_requests_days).await?;
    let months = months.unwrap_or_default();
    if !months.is_empty() {
        tracing::info!(?months, "Usage that was kept for long enough was dropped.");
    }
    let retention = Retention {
        hourly: settings.retention_hourly_days,
        daily: settings.retention_daily_days,
        notifications: settings.retention_notifications_days,
    };
    Ok(usage::delete_outlived(database, retention).await?.unwrap_or(0))
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(Upkeep);
