//! Owns the prices: reads them from Postgres, publishes them as a snapshot, and has one instance
//! read the AWS Price List once a day for all.

use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, WrapFuture as _};
use arc_swap::ArcSwap;
use chrono::Utc;
use serde_json::json;

use super::notifier::Notifier;
use super::reload::{self, Reload};
use super::tree::{Name, Tombstone};
use crate::bedrock::client::client;
use crate::bedrock::price_list;
use crate::domain::notification::{Event, EventType, Severity};
use crate::domain::price::PriceTable;
use crate::storage::{self, Database, StorageError};

const CONNECT: Duration = Duration::from_secs(10);

/// Whether and from where prices are refreshed.
#[derive(Debug, Clone)]
pub struct Refresh {
    /// How often.
    pub interval: Duration,
    /// The base URL of the list.
    pub base_url: String,
    /// The region whose prices are charged.
    pub region: String,
}

/// How the rest of the gateway reaches the prices.
#[derive(Clone)]
pub struct Prices {
    /// The owner.
    pub name: Name<PriceOwner>,
    /// The snapshot that requests are priced by.
    pub published: Arc<ArcSwap<PriceTable>>,
    refresh: Option<Refresh>,
}

impl Prices {
    /// The built-in prices, until the owner has read the stored ones; refreshed where `refresh`
    /// says so.
    #[must_use]
    pub fn new(refresh: Option<Refresh>) -> Self {
        Self { name: Name::new("prices"), published: Arc::default(), refresh }
    }

    /// The owner, built anew after each crash; the snapshot stays.
    #[must_use]
    pub fn owner(
        &self,
        database: Database,
        notifier: Notifier,
        tombstone: Tombstone,
    ) -> PriceOwner {
        let (published, refresh) = (Arc::clone(&self.published), self.refresh.clone());
        PriceOwner { database, notifier, published, refresh, _tombstone: tombstone }
    }
}

/// The actor.
pub struct PriceOwner {
    database: Database,
    notifier: Notifier,
    published: Arc<ArcSwap<PriceTable>>,
    refresh: Option<Refresh>,
    _tombstone: Tombstone,
}

impl Actor for PriceOwner {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        reload::keep_fresh(ctx);
    }
}

impl Handler<Reload> for PriceOwner {
    type Result = ();

    fn handle(&mut self, _: Reload, ctx: &mut Context<Self>) {
        if self.refresh.is_some() {
            ctx.notify(Look);
        }
        let database = self.database.clone();
        let read = async move { storage::prices::current(&database).await };
        reload::read(self, ctx, "prices", read, |owner, (prices, terms)| {
            owner.published.store(Arc::new(PriceTable::new(prices, terms)));
        });
    }
}

/// The order to refresh the prices if that is due and nobody else does; the answer is in Postgres.
#[derive(Message)]
#[rtype(result = "()")]
struct Look;

impl Handler<Look> for PriceOwner {
    type Result = ();

    fn handle(&mut self, _: Look, ctx: &mut Context<Self>) {
        let Some(refresh) = self.refresh.clone() else { return };
        let (database, notifier) = (self.database.clone(), self.notifier.clone());
        let refreshing = async move { self::refresh(&database, &notifier, &refresh).await };
        ctx.spawn(refreshing.into_actor(self).map(|refreshed, _, _| {
            if let Err(error) = refreshed {
                tracing::warn!(%error, "The prices cannot be refreshed; the last ones stay.");
            }
        }));
    }
}

async fn refresh(
    database: &Database,
    notifier: &Notifier,
    refresh: &Refresh,
) -> Result<(), StorageError> {
    let seconds = i64::try_from(refresh.interval.as_secs()).unwrap_or(i64::MAX);
    if !storage::prices::claim_refresh(database, seconds).await? {
        return Ok(());
    }
    let listed = price_list::fetch(&client(CONNECT), &refresh.base_url, &refresh.region).await;
    let listed = listed.map_err(|error| {
        tracing::warn!(%error, "The prices are not refreshed; the last ones stay.");
        notifier.emit(failed(&error.to_string()));
        error.to_string()
    });
    let read = listed.is_ok();
    let changed = storage::prices::end_refresh(database, listed).await?;
    if read {
        tracing::info!(changed, "The AWS Price List was read.");
    }
    Ok(())
}

/// The notification of a refresh that failed, told once a day.
fn failed(error: &str) -> Event {
    let now = Utc::now();
    Event {
        key: format!("price_refresh_failed:{}", now.format("%Y-%m-%d")),
        event_type: EventType::PriceRefreshFailed,
        severity: Severity::Warning,
        user: None,
        team: None,
        detail: json!({ "error": error }),
        timestamp: now,
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(PriceOwner);
