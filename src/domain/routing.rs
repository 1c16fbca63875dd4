//! Which of several endpoints serves a request, and why. Each strategy has a home for each request;
//! what is throttled, full or broken is passed by for this request only, so that a conversation comes
//! back to its warm prompt cache.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::breaker::Phase;

/// The load that one endpoint may have over the average of all, in hundredths.
const OVER_AVERAGE: usize = 125;
/// Requests in flight that an endpoint may always have, whatever the average.
const ALWAYS: usize = 8;

/// How a pool's endpoints are chosen from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Each session has a home, so that its prompt cache stays warm; none gets much more than its
    /// share.
    #[default]
    StickySession,
    /// The first that works.
    PrimaryFallback,
    /// One after the other.
    RoundRobin,
    /// The one with the fewest requests in flight.
    LeastBusy,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::StickySession, Self::PrimaryFallback, Self::RoundRobin, Self::LeastBusy];

    /// The word for it, in SQL and JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::StickySession => "sticky_session",
            Self::PrimaryFallback => "primary_fallback",
            Self::RoundRobin => "round_robin",
            Self::LeastBusy => "least_busy",
        }
    }

    /// The strategy of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|strategy| strategy.name() == name)
    }
}

/// Why an endpoint was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Routed {
    /// It is where the strategy sends the request.
    Home,
    /// The home is throttled, or has more than its share.
    Overflow,
    /// Another was tried before and failed.
    Failover,
    /// The home's breaker is open, or its daily quota used up.
    Breaker,
    /// Nowhere: it got the answer to the same request before it, whose client had left.
    Joined,
}

/// An endpoint as the choice sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// A number of its own that is the same on all instances.
    pub id: u64,
    /// Requests that it serves now.
    pub in_flight: usize,
    /// Whether it works, for this model.
    pub phase: Phase,
    /// Whether this request has failed there.
    pub tried: bool,
    /// Whether it cannot serve the request at all, such as for lack of the model.
    pub excluded: bool,
}

/// A number of its own for a text, the same on all instances and in all versions.
#[must_use]
pub fn stable_hash(text: &str) -> u64 {
    // FNV-1a, and a finish that moves every bit.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    mixed(hash)
}

fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// Chooses among `candidates`, which stand in their order of preference. `affinity` is the
/// [`stable_hash`] of what stays together; `turn` counts the requests of the pool.
///
/// An open breaker keeps nobody out where all are open: a request that may fail is better than one
/// that must. A used-up daily quota does.
#[must_use]
pub fn choose(
    strategy: Strategy,
    candidates: &[Candidate],
    affinity: u64,
    turn: u64,
) -> Option<(usize, Routed)> {
    let able = || candidates.iter().enumerate().filter(|(_, candidate)| !candidate.excluded);
    let (count, load) =
        able().fold((0, 0), |(count, load), (_, able)| (count + 1, load + able.in_flight));
    if count == 0 {
        return None;
    }
    let share = ((load + 1) * OVER_AVERAGE).div_ceil(100 * count).max(ALWAYS);
    let first = usize::try_from(turn % candidates.len() as u64).unwrap_or(0);
    // The smallest is preferred.
    let preference = |index: usize, candidate: &Candidate| -> (u64, usize) {
        let rotated = (index + candidates.len() - first) % candidates.len();
        match strategy {
            Strategy::StickySession => (u64::MAX - mixed(affinity ^ candidate.id), index),
            Strategy::PrimaryFallback => (0, index),
            Strategy::RoundRobin => (0, rotated),
            Strategy::LeastBusy => (candidate.in_flight as u64, rotated),
        }
    };
    let is_full =
        |candidate: &Candidate| strategy == Strategy::StickySession && candidate.in_flight >= share;
    let (home_index, home) =
        able().min_by_key(|(index, candidate)| preference(*index, candidate))?;
    let untried = able().filter(|(_, candidate)| !candidate.tried);
    let usable = untried.filter(|(_, candidate)| candidate.phase != Phase::Parked);
    let (index, chosen) = usable.min_by_key(|(index, candidate)| {
        (rank(candidate.phase), is_full(candidate), preference(*index, candidate))
    })?;
    let routed = if able().any(|(_, candidate)| candidate.tried) {
        Routed::Failover
    } else if matches!(home.phase, Phase::Open | Phase::Parked) || chosen.phase == Phase::Open {
        Routed::Breaker
    } else if index == home_index {
        Routed::Home
    } else {
        Routed::Overflow
    };
    Some((index, routed))
}

fn rank(phase: Phase) -> u8 {
    match phase {
        // A probe is safe: where it fails, the request goes elsewhere.
        Phase::Closed | Phase::HalfOpen => 0,
        Phase::Throttled => 1,
        Phase::Open | Phase::Parked => 2,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::{Just, Strategy as _};

    use super::*;

    fn candidates(count: u64) -> Vec<Candidate> {
        let id = |number: u64| stable_hash(&format!("endpoint-{number}"));
        (0..count)
            .map(|number| Candidate {
                id: id(number),
                in_flight: 0,
                phase: Phase::Closed,
                tried: false,
                excluded: false,
            })
            .collect()
    }

    fn homes(all: &[Candidate], sessions: usize) -> Vec<u64> {
        let home = |session: usize| {
            let affinity = stable_hash(&format!("session-{session}"));
            let (index, routed) = choose(Strategy::StickySession, all, affinity, 0).unwrap();
            assert_eq!(routed, Routed::Home);
            all[index].id
        };
        (0..sessions).map(home).collect()
    }

    #[test]
    fn sessions_spread_evenly_and_only_those_of_an_endpoint_that_goes_move() {
        let all = candidates(5);
        let before = homes(&all, 5_000);
        for candidate in &all {
            let share = before.iter().filter(|home| **home == candidate.id).count();
            assert!((850..=1150).contains(&share), "{share}");
        }
        let after = homes(&all[..4], 5_000);
        for (before, after) in before.iter().zip(&after) {
            assert!(before == after || *before == all[4].id);
        }
    }

    #[test]
    fn a_throttled_home_is_passed_by_for_this_request_and_used_again_afterwards() {
        let mut all = candidates(3);
        let (home, _) = choose(Strategy::StickySession, &all, 7, 0).unwrap();
        all[home].phase = Phase::Throttled;
        let (other, routed) = choose(Strategy::StickySession, &all, 7, 0).unwrap();
        assert_ne!(other, home);
        assert_eq!(routed, Routed::Overflow);
        all[home].phase = Phase::Closed;
        assert_eq!(choose(Strategy::StickySession, &all, 7, 0), Some((home, Routed::Home)));
    }

    #[test]
    fn a_home_with_more_than_its_share_overflows() {
        let mut all = candidates(2);
        let (home, _) = choose(Strategy::StickySession, &all, 7, 0).unwrap();
        all[home].in_flight = ALWAYS - 1;
        assert_eq!(choose(Strategy::StickySession, &all, 7, 0), Some((home, Routed::Home)));
        all[home].in_flight = 100;
        let (other, routed) = choose(Strategy::StickySession, &all, 7, 0).unwrap();
        assert_eq!((other, routed), (1 - home, Routed::Overflow));
        all[1 - home].in_flight = 90;
        assert_eq!(choose(Strategy::StickySession, &all, 7, 0), Some((home, Routed::Home)));
    }

    #[test]
    fn each_strategy_has_its_order() {
        let mut all = candidates(3);
        let chosen = |strategy, all: &[Candidate], turn| choose(strategy, all, 1, turn).unwrap();
        assert_eq!(chosen(Strategy::PrimaryFallback, &all, 5), (0, Routed::Home));
        for turn in 0..6 {
            let expected = (turn as usize % 3, Routed::Home);
            assert_eq!(chosen(Strategy::RoundRobin, &all, turn), expected);
        }
        (all[0].in_flight, all[1].in_flight, all[2].in_flight) = (4, 2, 3);
        assert_eq!(chosen(Strategy::LeastBusy, &all, 0), (1, Routed::Home));
        all[0].phase = Phase::Open;
        assert_eq!(chosen(Strategy::PrimaryFallback, &all, 0), (1, Routed::Breaker));
        all[1].tried = true;
        assert_eq!(chosen(Strategy::PrimaryFallback, &all, 0), (2, Routed::Failover));
    }

    #[test]
    fn where_all_are_open_one_is_tried_and_where_all_are_parked_none() {
        let mut all = candidates(2);
        for candidate in &mut all {
            candidate.phase = Phase::Open;
        }
        assert_eq!(choose(Strategy::PrimaryFallback, &all, 0, 0), Some((0, Routed::Breaker)));
        all[0].phase = Phase::Parked;
        assert_eq!(choose(Strategy::PrimaryFallback, &all, 0, 0), Some((1, Routed::Breaker)));
        all[1].phase = Phase::Parked;
        assert_eq!(choose(Strategy::PrimaryFallback, &all, 0, 0), None);
    }

    fn candidate() -> impl proptest::strategy::Strategy<Value = Candidate> {
        let phase = prop_oneof![
            Just(Phase::Closed),
            Just(Phase::Throttled),
            Just(Phase::HalfOpen),
            Just(Phase::Open),
            Just(Phase::Parked)
        ];
        let flags = (proptest::bool::weighted(0.3), proptest::bool::weighted(0.2));
        (0..u64::MAX, 0usize..200, phase, flags).prop_map(
            |(id, in_flight, phase, (tried, excluded))| Candidate {
                id,
                in_flight,
                phase,
                tried,
                excluded,
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn none_is_chosen_that_cannot_serve_or_was_tried_and_one_that_works_always_is(
            all in proptest::collection::vec(candidate(), 0..20),
            strategy in 0usize..4, affinity in 0..u64::MAX, turn in 0..u64::MAX,
        ) {
            let strategy = Strategy::ALL[strategy];
            let may = |c: &Candidate| !c.tried && !c.excluded && c.phase != Phase::Parked;
            match choose(strategy, &all, affinity, turn) {
                None => prop_assert!(!all.iter().any(may)),
                Some((index, routed)) => {
                    let chosen = &all[index];
                    prop_assert!(may(chosen));
                    let works = |c: &Candidate| may(c) && c.phase == Phase::Closed;
                    if all.iter().any(works) {
                        prop_assert_eq!(rank(chosen.phase), 0);
                    }
                    let tried = all.iter().any(|c| c.tried && !c.excluded);
                    prop_assert_eq!(routed == Routed::Failover, tried);
                }
            }
        }
    }
}
