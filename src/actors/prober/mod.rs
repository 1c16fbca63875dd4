//! Asks AWS's control planes what each endpoint has, and tells the outside of endpoints in trouble. Of all
//! instances one does each thing, by a claim in Postgres, and all learn. What is found here never counts
//! for or against an endpoint: health comes from traffic.

mod drained;
mod probe;
mod watch;

use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, WrapFuture as _};

use uuid::Uuid;

use super::endpoints::Endpoints;
use super::tree::Tombstone;
use crate::storage::{Database, StorageError};

/// How often it is looked for what is due, and for trouble; Postgres has the answers.
const LOOK: Duration = Duration::from_secs(5);
/// Probes at the same time, so that an endpoint that does not answer keeps no other waiting.
const MAX_PROBES: usize = 4;

/// How endpoints are probed.
#[derive(Debug, Clone)]
pub struct Probing {
    /// How often each.
    pub interval: Duration,
    /// The base URL of Service Quotas, where it is not AWS's own.
    pub quotas_url: Option<String>,
}

/// The actor.
pub struct Prober {
    database: Database,
    endpoints: Endpoints,
    probing: Option<Probing>,
    probes: usize,
    is_watching: bool,
    /// Tells this instance's counts from others'.
    instance: Uuid,
    _tombstone: Tombstone,
}

impl Prober {
    /// Watches `endpoints`, and probes each of them where there is a `probing`.
    #[must_use]
    pub fn new(
        database: Database,
        endpoints: Endpoints,
        probing: Option<Probing>,
        tombstone: Tombstone,
    ) -> Self {
        Self {
            database,
            endpoints,
            probing,
            probes: 0,
            is_watching: false,
            instance: Uuid::now_v7(),
            _tombstone: tombstone,
        }
    }
}

impl Actor for Prober {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.notify(Look);
        ctx.run_interval(LOOK, |_, ctx| {
            ctx.notify(Look);
            ctx.notify(Watch);
        });
    }
}

/// The order to probe an endpoint that is due and that nobody else probes.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Look;

impl Handler<Look> for Prober {
    type Result = ();

    fn handle(&mut self, _: Look, ctx: &mut Context<Self>) {
        let Some(probing) = self.probing.clone() else { return };
        if self.probes >= MAX_PROBES {
            return;
        }
        self.probes += 1;
        let (database, endpoints) = (self.database.clone(), self.endpoints.clone());
        let claiming = async move { probe::claim(&database, &endpoints, probing.interval).await };
        ctx.spawn(claiming.into_actor(self).map(|claimed, prober, ctx| match claimed {
            Ok(Some(due)) => {
                prober.probe(due, ctx);
                ctx.notify(Look);
            }
            Ok(None) => prober.probes -= 1,
            Err(error) => {
                prober.probes -= 1;
                tracing::warn!(%error, "The endpoints cannot be probed now.");
            }
        }));
    }
}

impl Prober {
    fn probe(&self, due: probe::Due, ctx: &mut Context<Self>) {
        let (database, endpoints) = (self.database.clone(), self.endpoints.clone());
        let quotas_url = self.probing.as_ref().and_then(|probing| probing.quotas_url.clone());
        let probing =
            async move { probe::probe(&database, &endpoints, due, quotas_url.as_deref()).await };
        ctx.spawn(probing.into_actor(self).map(|probed, prober, ctx| {
            prober.probes -= 1;
            match probed {
                Ok(()) => ctx.notify(Look),
                Err(error) => {
                    tracing::warn!(%error, "What a probe has found cannot be stored.");
                }
            }
        }));
    }
}

/// The order to look for endpoints in trouble.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
struct Watch;

impl Handler<Watch> for Prober {
    type Result = ();

    fn handle(&mut self, _: Watch, ctx: &mut Context<Self>) {
        if self.is_watching {
            return;
        }
        self.is_watching = true;
        let (database, endpoints) = (self.database.clone(), self.endpoints.clone());
        let instance = self.instance;
        let watching = async move {
            let Ok(reports) = endpoints.report().await else { return Ok(()) };
            drained::note(&database, instance, &reports).await?;
            watch::watch(&database, &reports).await
        };
        ctx.spawn(watching.into_actor(self).map(|watched, prober, _| {
            prober.is_watching = false;
            let watched: Result<(), StorageError> = watched;
            if let Err(error) = watched {
                tracing::warn!(%error, "Trouble of endpoints cannot be told of now.");
            }
        }));
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(Prober);
