//! One request's way through the endpoints: which is tried next, until one answers or none is left.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Endpoints;
use super::gate::{Gate, Route};
use super::owner::{SessionPool, Told};
use super::session::{Session, now};
use super::table::Pool;
use crate::actors::tree::Name;
use crate::bedrock::credentials::{Credential, Loaded, Tags};
use crate::bedrock::endpoint::Endpoint;
use crate::domain::breaker::{Finding, Phase};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::{Resolved, UnknownModel};
use crate::domain::principal::Principal;
use crate::domain::routing::{Candidate, Routed, choose, stable_hash};

/// Who is asking, as far as routing goes by it.
#[derive(Clone)]
pub struct Origin {
    principal: Arc<Principal>,
    /// What stays together: the session, else the user.
    affinity: u64,
}

impl Origin {
    /// Somebody's request; those of one `session` stay at one endpoint, and those of one user where
    /// there is none.
    #[must_use]
    pub fn new(principal: &Arc<Principal>, session: Option<&str>) -> Self {
        let user = || stable_hash(&principal.user_id.to_string());
        let affinity = session.map_or_else(user, stable_hash);
        Self { principal: Arc::clone(principal), affinity }
    }

    fn tags(&self) -> Tags {
        let Principal { user_name, team_name, .. } = &*self.principal;
        Tags { user: user_name.clone(), team: team_name.clone() }
    }
}

/// One request's way.
pub struct Choosing {
    endpoints: Endpoints,
    pool: Arc<Pool>,
    origin: Origin,
    requested: String,
    model: String,
    route: Route,
    turn: u64,
    tried: Vec<u64>,
    excluded: Vec<u64>,
    unknown: Option<UnknownModel>,
    failed: Option<ApiError>,
}

impl Choosing {
    /// The way of a request for the model `requested`.
    pub(super) fn new(
        endpoints: &Endpoints,
        origin: Origin,
        requested: &str,
        route: Route,
    ) -> Self {
        let pool = endpoints.pool(origin.principal.team_id);
        Self {
            model: endpoints.canonical(requested),
            turn: pool.turn(),
            endpoints: endpoints.clone(),
            pool,
            origin,
            requested: requested.to_owned(),
            route,
            tried: Vec::new(),
            excluded: Vec::new(),
            unknown: None,
            failed: None,
        }
    }

    /// A lease on the endpoint that is tried next, and what the model's name stands for there. An
    /// endpoint without a credential is passed by.
    ///
    /// # Errors
    /// What the client is to be told, where none is left.
    pub async fn next(&mut self) -> Result<(Lease, Resolved), ApiError> {
        loop {
            let now = now();
            let Some((session, routed)) = self.choose(now) else { return Err(self.none_left()) };
            let resolved = match session.catalog.resolve(&self.requested) {
                Ok(resolved) => resolved,
                Err(unknown) => {
                    self.excluded.push(session.hash);
                    self.unknown.get_or_insert(unknown);
                    continue;
                }
            };
            let gate = session.vital.gates.of(&self.model, self.route);
            let is_probe = session.vital.gates.phase(&self.model, self.route, now);
            let probe = gate.filter(|_| is_probe == Phase::HalfOpen);
            if probe.as_ref().is_some_and(|gate| !gate.claim(now)) {
                // Another request has become the probe this very moment.
                continue;
            }
            self.tried.push(session.hash);
            let lease = Lease {
                credential: None,
                tags: session.wallet.source.is_tagged().then(|| self.origin.tags()),
                model: self.model.clone(),
                route: self.route,
                routed,
                began: now,
                probe,
                pool: self.endpoints.name.clone(),
                session,
            };
            lease.session.vital.in_flight.fetch_add(1, Ordering::Relaxed);
            match lease.with_credential(&self.endpoints).await {
                Ok(lease) => return Ok((lease, resolved)),
                Err(error) => self.failed = Some(error),
            }
        }
    }

    fn choose(&self, now: Duration) -> Option<(Arc<Session>, Routed)> {
        let sessions = &self.pool.sessions;
        let candidate = |session: &Arc<Session>| Candidate {
            id: session.hash,
            in_flight: session.in_flight(),
            phase: session.phase(&self.model, self.route, now),
            tried: self.tried.contains(&session.hash),
            excluded: self.excluded.contains(&session.hash),
        };
        let candidates: Vec<Candidate> = sessions.iter().map(candidate).collect();
        let (index, routed) =
            choose(self.pool.strategy, &candidates, self.origin.affinity, self.turn)?;
        Some((Arc::clone(sessions.get(index)?), routed))
    }

    /// Why none is left.
    fn none_left(&mut self) -> ApiError {
        if let Some(failed) = self.failed.take() {
            return failed;
        }
        let able = |session: &&Arc<Session>| !self.excluded.contains(&session.hash);
        let able: Vec<_> = self.pool.sessions.iter().filter(able).collect();
        if let (true, Some(unknown)) = (able.is_empty(), self.unknown.take()) {
            return unknown.into();
        }
        if able.is_empty() {
            let message = "None of the endpoints that this team may use is enabled.";
            return ApiError::new(ErrorKind::Unavailable, message).not_worth_retrying();
        }
        let opens = able.iter().filter_map(|s| s.vital.gates.opens_at(&self.model, self.route));
        let wait = opens.min().unwrap_or_default().saturating_sub(now()).as_secs() + 1;
        let message = format!(
            "Bedrock's daily quota for this model is used up; it is asked again in {} min.",
            wait.div_ceil(60)
        );
        // Above a minute clients give up at once, as they should here.
        let seconds = u32::try_from(wait).unwrap_or(u32::MAX);
        ApiError::new(ErrorKind::RateLimit, message).retry_after(seconds.max(61))
    }

    /// Whether another endpoint is left to be tried.
    #[must_use]
    pub fn has_another(&self) -> bool {
        self.choose(now()).is_some()
    }
}

/// One request's right to use an endpoint; given back when it is dropped.
pub struct Lease {
    session: Arc<Session>,
    credential: Option<Arc<Loaded>>,
    tags: Option<Tags>,
    model: String,
    route: Route,
    routed: Routed,
    began: Duration,
    probe: Option<Arc<Gate>>,
    pool: Name<SessionPool>,
}

impl Lease {
    /// Where the request goes.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.session.endpoint
    }

    /// What it is authorised with.
    #[must_use]
    pub fn credential(&self) -> Option<&Credential> {
        self.credential.as_ref().map(|loaded| &loaded.credential)
    }

    /// Why this endpoint was chosen.
    #[must_use]
    pub fn routed(&self) -> Routed {
        self.routed
    }

    async fn with_credential(mut self, endpoints: &Endpoints) -> Result<Self, ApiError> {
        let tags = self.tags.clone();
        self.credential = Some(match self.session.wallet.ready(tags.as_ref()) {
            Some((ready, ends_soon)) => {
                if ends_soon {
                    endpoints.refresh_later(&self.session, tags, Arc::clone(&ready));
                }
                ready
            }
            None => endpoints.refresh(&self.session, tags, None).await?,
        });
        Ok(self)
    }

    /// Takes a fresh credential, fetched once for all who ask meanwhile.
    ///
    /// # Errors
    /// What the client is to be told, where there is none.
    pub async fn refresh(&mut self, endpoints: &Endpoints) -> Result<(), ApiError> {
        let stale = self.credential.take();
        let fresh = endpoints.refresh(&self.session, self.tags.clone(), stale).await?;
        self.credential = Some(fresh);
        Ok(())
    }

    /// Says what the exchange has told of the endpoint; `latency` is the time until its answer began.
    pub fn tell(&mut self, finding: Finding, latency: Option<Duration>) {
        self.probe = None;
        self.pool.tell(Told {
            session: Arc::clone(&self.session),
            model: self.model.clone(),
            route: self.route,
            finding,
            latency,
            began: self.began,
        });
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.session.vital.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(gate) = &self.probe {
            gate.release();
        }
    }
}
