//! The breakers as requests read them, without asking anybody: the owner publishes each place's
//! standing here, and a request that may be a probe claims it here.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::domain::breaker::{Phase, Standing};

/// How long a probe may stay away until another is let through, in milliseconds.
const PATIENCE: u64 = 30_000;
/// Models of an endpoint that have gates at the most.
const MOST: usize = 500;

/// What is called: each has a health of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    /// Answers, streamed or whole.
    Messages,
    /// Counts of tokens.
    CountTokens,
}

impl Route {
    /// The word for it, in JSON and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::CountTokens => "count_tokens",
        }
    }
}

/// The published standing of one place; times in milliseconds since the Unix epoch, 0 for none.
#[derive(Debug, Default)]
pub(super) struct Gate {
    blocked_until: AtomicU64,
    parked: AtomicBool,
    throttled_until: AtomicU64,
    probed_at: AtomicU64,
}

impl Gate {
    fn publish(&self, standing: Standing) {
        self.parked.store(standing.parked, Ordering::Relaxed);
        self.throttled_until.store(millis(standing.throttled_until), Ordering::Relaxed);
        self.probed_at.store(0, Ordering::Relaxed);
        let until = standing.blocked_until.map_or(0, millis);
        self.blocked_until.store(until, Ordering::Release);
    }

    fn standing(&self) -> Standing {
        let until = self.blocked_until.load(Ordering::Acquire);
        Standing {
            blocked_until: (until > 0).then(|| Duration::from_millis(until)),
            parked: self.parked.load(Ordering::Relaxed),
            throttled_until: Duration::from_millis(self.throttled_until.load(Ordering::Relaxed)),
        }
    }

    fn phase(&self, now: Duration) -> Phase {
        let standing = self.standing();
        match standing.phase(now) {
            Phase::HalfOpen if self.is_probed(now) && standing.parked => Phase::Parked,
            Phase::HalfOpen if self.is_probed(now) => Phase::Open,
            phase => phase,
        }
    }

    fn is_probed(&self, now: Duration) -> bool {
        let at = self.probed_at.load(Ordering::Relaxed);
        at != 0 && millis(now).saturating_sub(at) < PATIENCE
    }

    /// Claims the one probe; false where another has it.
    pub(super) fn claim(&self, now: Duration) -> bool {
        let before = self.probed_at.load(Ordering::Relaxed);
        !self.is_probed(now)
            && self
                .probed_at
                .compare_exchange(before, millis(now), Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Lets another probe, since this one found out nothing.
    pub(super) fn release(&self) {
        self.probed_at.store(0, Ordering::Relaxed);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

type ByModel = HashMap<String, [Option<Arc<Gate>>; 2]>;

/// The gates of one endpoint. A place that never failed has none.
#[derive(Debug, Default)]
pub(super) struct Gates(ArcSwap<ByModel>);

impl Gates {
    /// The gate of a place, where it has one.
    pub(super) fn of(&self, model: &str, route: Route) -> Option<Arc<Gate>> {
        let gates = self.0.load();
        if gates.is_empty() {
            return None;
        }
        let [messages, counts] = gates.get(model)?;
        match route {
            Route::Messages => messages.clone(),
            Route::CountTokens => counts.clone(),
        }
    }

    /// What a place is at `now`.
    pub(super) fn phase(&self, model: &str, route: Route, now: Duration) -> Phase {
        self.of(model, route).map_or(Phase::Closed, |gate| gate.phase(now))
    }

    /// Publishes the standing of a place; only its owner does.
    pub(super) fn publish(&self, model: &str, route: Route, standing: Standing) {
        if let Some(gate) = self.of(model, route) {
            gate.publish(standing);
            return;
        }
        if standing == Standing::default() {
            return;
        }
        let mut gates = ByModel::clone(&self.0.load());
        if gates.len() >= MOST && !gates.contains_key(model) {
            return;
        }
        let gate = Arc::<Gate>::default();
        gate.publish(standing);
        let [messages, counts] = gates.entry(model.to_owned()).or_default();
        *match route {
            Route::Messages => messages,
            Route::CountTokens => counts,
        } = Some(gate);
        self.0.store(Arc::new(gates));
    }

    /// How many models are in this phase at `now`, as far as answers go.
    pub(super) fn count(&self, phase: Phase, now: Duration) -> usize {
        let gates = self.0.load();
        let answers = gates.values().filter_map(|[messages, _]| messages.as_ref());
        answers.filter(|gate| gate.phase(now) == phase).count()
    }

    /// When the first of the gates for `model` lets a probe through.
    pub(super) fn opens_at(&self, model: &str, route: Route) -> Option<Duration> {
        self.of(model, route)?.standing().blocked_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_probe_at_a_time_until_it_stays_away_for_too_long() {
        let (gates, at) = (Gates::default(), Duration::from_secs);
        assert_eq!(gates.phase("m", Route::Messages, at(1)), Phase::Closed);
        let blocked = Standing { blocked_until: Some(at(5)), ..Standing::default() };
        gates.publish("m", Route::Messages, blocked);
        assert_eq!(gates.phase("m", Route::Messages, at(4)), Phase::Open);
        assert_eq!(gates.phase("m", Route::CountTokens, at(4)), Phase::Closed);
        assert_eq!(gates.phase("m", Route::Messages, at(5)), Phase::HalfOpen);
        let gate = gates.of("m", Route::Messages).unwrap();
        assert!(gate.claim(at(5)));
        assert!(!gate.claim(at(6)));
        assert_eq!(gates.phase("m", Route::Messages, at(6)), Phase::Open);
        assert_eq!(gates.phase("m", Route::Messages, at(36)), Phase::HalfOpen);
        gate.release();
        assert!(gate.claim(at(7)));
        gates.publish("m", Route::Messages, Standing::default());
        assert_eq!(gates.phase("m", Route::Messages, at(7)), Phase::Closed);
    }
}
