//! Owns the Bedrock session pool: which endpoints there are, and a fresh credential for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use actix::{
    Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, ResponseActFuture,
    WrapFuture as _,
};
use arc_swap::ArcSwapOption;
use uuid::Uuid;

use super::tree::{Name, Tombstone};
use crate::bedrock::credentials::{Credential, CredentialSource, Loaded};
use crate::bedrock::endpoint::Endpoint;
use crate::domain::error::{ApiError, ErrorKind};

/// The name of the endpoint that the gateway's own environment makes.
pub const OWN: &str = "default";

const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// An endpoint with the credential that is good now.
pub struct Session {
    /// Where requests go.
    pub endpoint: Endpoint,
    credential: ArcSwapOption<Loaded>,
    in_flight: AtomicUsize,
}

/// One request's right to use an endpoint; given back when it is dropped.
pub struct Lease {
    session: Arc<Session>,
    credential: Arc<Loaded>,
}

impl Lease {
    /// Where the request goes.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.session.endpoint
    }

    /// What it is authorised with.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential.credential
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.session.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// How requests reach the pool.
#[derive(Clone)]
pub struct Endpoints {
    /// The owner.
    pub name: Name<SessionPool>,
    session: Arc<Session>,
}

impl Endpoints {
    /// A pool of one endpoint.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        let (credential, in_flight) = (ArcSwapOption::empty(), AtomicUsize::new(0));
        let session = Arc::new(Session { endpoint, credential, in_flight });
        Self { name: Name::new("endpoints"), session }
    }

    /// A lease on the endpoint that serves this request.
    ///
    /// # Errors
    /// What the client is to be told, where no endpoint has a credential.
    pub async fn lease(&self) -> Result<Lease, ApiError> {
        let ready = self.session.credential.load_full().filter(|loaded| is_fresh(loaded));
        let credential = match ready {
            Some(credential) => credential,
            None => self.refresh().await?,
        };
        self.session.in_flight.fetch_add(1, Ordering::Relaxed);
        Ok(Lease { session: Arc::clone(&self.session), credential })
    }

    /// Fetches a new credential, once for all who ask meanwhile.
    ///
    /// # Errors
    /// What the client is to be told, where there is none.
    pub async fn refresh(&self) -> Result<Arc<Loaded>, ApiError> {
        let unavailable = |message: String| ApiError::new(ErrorKind::Unavailable, message);
        self.name
            .ask_again(Refresh)
            .await
            .map_err(|error| unavailable(error.to_string()).retry_after(1))?
            .map_err(|message| unavailable(message).retry_after(5))
    }

    /// The AWS region that requests go to.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.session.endpoint.region
    }

    /// Requests that hold a lease.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.session.in_flight.load(Ordering::Relaxed)
    }

    /// The owner, built anew after each crash; the published credential stays.
    #[must_use]
    pub fn owner(&self, source: CredentialSource, tombstone: Tombstone) -> SessionPool {
        let session = Arc::clone(&self.session);
        SessionPool {
            source,
            session,
            retry: FIRST_RETRY,
            fetch: Fetch::default(),
            _tombstone: tombstone,
        }
    }
}

fn is_fresh(loaded: &Loaded) -> bool {
    loaded.expires_at.is_none_or(|end| SystemTime::now() < end)
}

/// The one fetch that may be under way, and those who wait for it.
#[derive(Default)]
struct Fetch {
    running: bool,
    waiting: Vec<tokio::sync::oneshot::Sender<Result<Arc<Loaded>, String>>>,
}

/// The actor.
pub struct SessionPool {
    source: CredentialSource,
    session: Arc<Session>,
    retry: Duration,
    fetch: Fetch,
    _tombstone: Tombstone,
}

impl Actor for SessionPool {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        self.fetch(ctx);
    }
}

/// The order to fetch a new credential.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Result<Arc<Loaded>, String>")]
struct Refresh;

impl Handler<Refresh> for SessionPool {
    type Result = ResponseActFuture<Self, Result<Arc<Loaded>, String>>;

    fn handle(&mut self, _: Refresh, ctx: &mut Context<Self>) -> Self::Result {
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.fetch.waiting.push(answer);
        self.fetch(ctx);
        let answered = async { answered.await.unwrap_or_else(|error| Err(error.to_string())) };
        Box::pin(answered.into_actor(self))
    }
}

impl SessionPool {
    fn fetch(&mut self, ctx: &mut Context<Self>) {
        if self.fetch.running {
            return;
        }
        self.fetch.running = true;
        let source = self.source.clone();
        let load = async move { source.load().await };
        ctx.spawn(load.into_actor(self).map(|loaded, pool, ctx| {
            pool.fetch.running = false;
            let result = match loaded {
                Ok(loaded) => Ok(pool.publish(loaded, ctx)),
                Err(error) => {
                    tracing::warn!(%error, "The endpoint has no credential.");
                    ctx.run_later(pool.retry, Self::fetch);
                    pool.retry = (pool.retry * 2).min(LONGEST_RETRY);
                    Err(error.to_string())
                }
            };
            for waiter in pool.fetch.waiting.drain(..) {
                let _ = waiter.send(result.clone());
            }
        }));
    }

    fn publish(&mut self, loaded: Loaded, ctx: &mut Context<Self>) -> Arc<Loaded> {
        self.retry = FIRST_RETRY;
        let jitter = f64::from(Uuid::new_v4().as_u128() as u8) / 255.0;
        if let Some(wait) = loaded.refresh_in(SystemTime::now(), jitter) {
            ctx.run_later(wait, Self::fetch);
        }
        let loaded = Arc::new(loaded);
        self.session.credential.store(Some(Arc::clone(&loaded)));
        loaded
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(SessionPool);
