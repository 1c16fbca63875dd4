//! How the endpoints do at a scrape, read from what requests read: nobody is asked.

use std::time::Duration;

use super::Endpoints;
use super::session::now;
use crate::domain::breaker::Phase;

/// The phases of breakers that are told; a closed one is no news.
pub const TROUBLED: [Phase; 4] = [Phase::Throttled, Phase::HalfOpen, Phase::Open, Phase::Parked];

/// How an endpoint does.
#[derive(Debug, Clone)]
pub struct Vitals {
    /// Its name.
    pub name: String,
    /// Requests that it serves now.
    pub in_flight: usize,
    /// Whether there is a credential that works, as far as it is known.
    pub has_credential: bool,
    /// How long ago the credential was fetched.
    pub credential_age: Option<Duration>,
    /// How many models are in each of [`TROUBLED`], as far as answers go.
    pub troubled: [usize; TROUBLED.len()],
}

impl Endpoints {
    /// How those endpoints do that somebody uses.
    #[must_use]
    pub fn vitals(&self) -> Vec<Vitals> {
        let now = now();
        let used = self.shared.table.load().used();
        let vitals = used.iter().map(|session| Vitals {
            name: session.endpoint.name.clone(),
            in_flight: session.in_flight(),
            has_credential: session.wallet.ready(None).is_some(),
            credential_age: session.wallet.fetched_at().map(|at| now.saturating_sub(at)),
            troubled: TROUBLED.map(|phase| session.vital.gates.count(phase, now)),
        });
        vitals.collect()
    }
}
