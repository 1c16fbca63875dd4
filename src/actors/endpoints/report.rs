//! How the endpoints do, as this instance knows it: for pages, the API and metrics.

use std::time::{Duration, SystemTime};

use actix::{Context, Handler, Message};
use uuid::Uuid;

use super::gate::Route;
use super::owner::SessionPool;
use super::session::{Session, now};
use crate::domain::breaker::Phase;
use crate::domain::geography::Geography;
use crate::domain::tally::Recent;

/// How one endpoint does.
#[derive(Debug, Clone)]
pub struct EndpointReport {
    /// Its row; `None` for the one that the environment makes.
    pub id: Option<Uuid>,
    /// Its name.
    pub name: String,
    /// Its AWS region.
    pub region: String,
    /// Whose profiles are used.
    pub geography: Geography,
    /// Whether it takes requests.
    pub enabled: bool,
    /// Whether anybody's requests go there.
    pub in_use: bool,
    /// Requests that it serves now.
    pub in_flight: usize,
    /// Whether there is a credential that works, as far as it is known.
    pub has_credential: bool,
    /// When that credential ends; `None` where it does not.
    pub credential_expires_at: Option<SystemTime>,
    /// Why no credential could be fetched the last time.
    pub credential_trouble: Option<String>,
    /// Its models, as far as they were called.
    pub places: Vec<PlaceReport>,
}

/// How one model does at an endpoint.
#[derive(Debug, Clone)]
pub struct PlaceReport {
    /// The model.
    pub model: String,
    /// What is called.
    pub route: Route,
    /// What its breaker says.
    pub phase: Phase,
    /// When a blocked place is tried again, since the Unix epoch.
    pub blocked_until: Option<Duration>,
    /// Whether it is blocked because the day's quota is used up.
    pub parked: bool,
    /// When it last served, since the Unix epoch.
    pub served_at: Option<Duration>,
    /// What happened in the last quarter of an hour.
    pub recent: Recent,
}

/// The question how the endpoints do.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "Vec<EndpointReport>")]
pub(super) struct Report;

impl Handler<Report> for SessionPool {
    type Result = Vec<EndpointReport>;

    fn handle(&mut self, _: Report, _: &mut Context<Self>) -> Vec<EndpointReport> {
        let (now, table) = (now(), self.table());
        let used: Vec<u64> = table.used().iter().map(|session| session.hash).collect();
        let report = |session: &Session| {
            let credential = session.wallet.plain();
            let ready = session.wallet.ready(None).is_some();
            EndpointReport {
                id: session.id,
                name: session.endpoint.name.clone(),
                region: session.endpoint.region.clone(),
                geography: session.catalog.geography,
                enabled: session.enabled,
                in_use: used.contains(&session.hash),
                in_flight: session.in_flight(),
                has_credential: ready,
                credential_expires_at: credential.and_then(|loaded| loaded.expires_at),
                credential_trouble: session.wallet.trouble().map(|reason| reason.to_string()),
                places: self.places_of(session, now),
            }
        };
        table.sessions.iter().map(|session| report(session)).collect()
    }
}

impl SessionPool {
    fn places_of(&self, session: &Session, now: Duration) -> Vec<PlaceReport> {
        let own = self.places.iter().filter(|((hash, ..), _)| *hash == session.hash);
        let mut places: Vec<PlaceReport> = own
            .map(|((_, model, route), health)| PlaceReport {
                model: model.clone(),
                route: *route,
                phase: session.vital.gates.phase(model, *route, now),
                blocked_until: health.breaker.standing().blocked_until,
                parked: health.breaker.standing().parked,
                served_at: health.served_at,
                recent: health.tally.recent(now),
            })
            .collect();
        places.sort_by(|one, other| {
            (&one.model, one.route.name()).cmp(&(&other.model, other.route.name()))
        });
        places
    }
}
