//! The circuit breaker of one place: an endpoint, a model and a route. It says when the place is left
//! alone, and for how long; throttles are tracked apart from faults, since they pass by themselves.
//!
//! Times are since the Unix epoch.

use std::time::Duration;

/// Faults in a row that open it.
const IN_A_ROW: u32 = 5;
/// The window over which the share of faults is taken, in seconds.
const WINDOW: u64 = 30;
/// Parts of the window.
const PARTS: usize = 6;
/// Exchanges in the window from which their share counts.
const ENOUGH: u32 = 20;
/// How long it stays open for the first time; doubled with each probe that fails.
const FIRST_OPEN: Duration = Duration::from_secs(5);
const LONGEST_OPEN: Duration = Duration::from_secs(60);
/// How long a throttled place is avoided at first; doubled with each throttle in a row.
const FIRST_COOLING: Duration = Duration::from_secs(2);
const LONGEST_COOLING: Duration = Duration::from_secs(60);
/// How often a place whose daily quota is used up is asked again: AWS does not tell when it resets.
const PARKED: Duration = Duration::from_secs(15 * 60);
const DAY: u64 = 24 * 60 * 60;

/// What an exchange tells of the place where it was made. Refusals that are about the request itself
/// tell nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// An answer began, or the request itself was refused: the place works.
    Served,
    /// Too much is asked of the place at the moment.
    Throttled,
    /// The place's quota of the day is used up.
    DailyQuota,
    /// The place is broken: an error of its own, no connection, no answer in time.
    Fault,
    /// The gateway's credential is not taken there, or not for this model.
    Access,
}

/// When a place may be used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// Until when nothing is sent there; from then on one probe at a time. `None` while it is closed.
    pub blocked_until: Option<Duration>,
    /// Whether it is blocked because the day's quota is used up.
    pub parked: bool,
    /// Until when others are preferred, because it was throttled.
    pub throttled_until: Duration,
}

/// What a place is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It works.
    Closed,
    /// It was throttled a moment ago; others are preferred.
    Throttled,
    /// It was blocked for long enough: one request may try it.
    HalfOpen,
    /// It is broken.
    Open,
    /// Its daily quota is used up.
    Parked,
}

impl Phase {
    /// The word for it, in JSON and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Throttled => "throttled",
            Self::HalfOpen => "half_open",
            Self::Open => "open",
            Self::Parked => "parked",
        }
    }
}

impl Standing {
    /// What the place is at `now`.
    #[must_use]
    pub fn phase(&self, now: Duration) -> Phase {
        match self.blocked_until {
            Some(until) if now >= until => Phase::HalfOpen,
            Some(_) if self.parked => Phase::Parked,
            Some(_) => Phase::Open,
            None if now < self.throttled_until => Phase::Throttled,
            None => Phase::Closed,
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Part {
    index: u64,
    good: u32,
    bad: u32,
}

/// The breaker of one place.
#[derive(Debug, Clone, Default)]
pub struct Breaker {
    standing: Standing,
    /// Since when it is blocked: what was sent earlier says nothing of it as it is now.
    since: Duration,
    faults_in_a_row: u32,
    throttles_in_a_row: u32,
    throttled_at: Duration,
    openings: u32,
    parts: [Part; PARTS],
}

impl Breaker {
    /// When the place may be used.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Takes in what an exchange that was begun at `began` has told at `now`.
    pub fn record(&mut self, finding: Finding, began: Duration, now: Duration) {
        match finding {
            Finding::Throttled => self.throttled(began, now),
            Finding::DailyQuota => self.park(now),
            Finding::Served => self.served(began, now),
            Finding::Fault | Finding::Access => self.failed(began, now),
        }
    }

    fn served(&mut self, began: Duration, now: Duration) {
        if began >= self.throttled_at {
            self.throttles_in_a_row = 0;
        }
        if self.standing.blocked_until.is_some() {
            if began < self.since {
                return;
            }
            (self.standing.blocked_until, self.standing.parked) = (None, false);
            (self.openings, self.parts) = (0, Default::default());
        }
        self.faults_in_a_row = 0;
        self.part(now).good += 1;
    }

    fn failed(&mut self, began: Duration, now: Duration) {
        if self.standing.blocked_until.is_some() {
            // The probe failed; what was sent before it opened is no news.
            if began >= self.since && !self.standing.parked {
                self.open(now);
            }
            return;
        }
        self.faults_in_a_row += 1;
        self.part(now).bad += 1;
        if self.faults_in_a_row >= IN_A_ROW || self.mostly_fails(now) {
            self.open(now);
        }
    }

    fn open(&mut self, now: Duration) {
        let length = FIRST_OPEN.saturating_mul(1 << self.openings.min(8)).min(LONGEST_OPEN);
        self.openings = self.openings.saturating_add(1);
        (self.faults_in_a_row, self.parts) = (0, Default::default());
        self.block(now, length);
    }

    fn park(&mut self, now: Duration) {
        let midnight = Duration::from_secs((now.as_secs() / DAY + 1) * DAY);
        self.block(now, PARKED.min(midnight.saturating_sub(now)));
        self.standing.parked = true;
    }

    fn block(&mut self, now: Duration, length: Duration) {
        self.since = now;
        self.standing.blocked_until = Some(now + length);
        self.standing.parked = false;
    }

    fn throttled(&mut self, began: Duration, now: Duration) {
        // A throttle is an answer: the place is there.
        if self.standing.blocked_until.is_some() && began >= self.since && !self.standing.parked {
            self.standing.blocked_until = None;
            self.openings = 0;
        }
        self.faults_in_a_row = 0;
        // Many that were under way together are one throttle.
        if began >= self.throttled_at || self.throttles_in_a_row == 0 {
            let length = FIRST_COOLING.saturating_mul(1 << self.throttles_in_a_row.min(8));
            self.throttles_in_a_row = self.throttles_in_a_row.saturating_add(1);
            self.standing.throttled_until = now + length.min(LONGEST_COOLING);
            self.throttled_at = now;
        }
    }

    fn mostly_fails(&self, now: Duration) -> bool {
        let first = (now.as_secs() * PARTS as u64 / WINDOW).saturating_sub(PARTS as u64 - 1);
        let recent = self.parts.iter().filter(|part| part.index >= first);
        let (good, bad) =
            recent.fold((0, 0), |(good, bad), part| (good + part.good, bad + part.bad));
        good + bad >= ENOUGH && bad >= good
    }

    /// The part of the window that holds `now`; the oldest makes room for a new one.
    fn part(&mut self, now: Duration) -> &mut Part {
        let index = now.as_secs() * PARTS as u64 / WINDOW;
        let [.., last] = &self.parts;
        if last.index != index {
            self.parts.rotate_left(1);
            let [.., last] = &mut self.parts;
            *last = Part { index, good: 0, bad: 0 };
        }
        let [.., last] = &mut self.parts;
        last
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(1_795_305_600 + seconds)
    }

    fn record(breaker: &mut Breaker, finding: Finding, seconds: u64) {
        breaker.record(finding, at(seconds), at(seconds));
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..IN_A_ROW {
            record(&mut breaker, Finding::Fault, 0);
        }
        breaker
    }

    #[test]
    fn faults_in_a_row_open_it_and_a_probe_that_is_served_closes_it() {
        let mut breaker = opened();
        assert_eq!(breaker.standing().phase(at(4)), Phase::Open);
        assert_eq!(breaker.standing().phase(at(5)), Phase::HalfOpen);
        record(&mut breaker, Finding::Served, 5);
        assert_eq!(breaker.standing().phase(at(5)), Phase::Closed);
        for _ in 1..IN_A_ROW {
            record(&mut breaker, Finding::Fault, 6);
        }
        assert_eq!(breaker.standing().phase(at(6)), Phase::Closed, "it counts anew");
    }

    #[test]
    fn each_probe_that_fails_doubles_the_pause_up_to_a_minute() {
        let mut breaker = opened();
        let mut now = 0;
        for pause in [5, 10, 20, 40, 60, 60] {
            assert_eq!(breaker.standing().blocked_until, Some(at(now + pause)));
            now += pause;
            record(&mut breaker, Finding::Fault, now);
        }
    }

    #[test]
    fn what_was_sent_before_it_opened_neither_closes_it_nor_keeps_it_open() {
        let mut breaker = opened();
        let before = breaker.standing();
        for finding in [Finding::Served, Finding::Fault] {
            breaker.record(finding, at(0) - Duration::from_millis(1), at(3));
            assert_eq!(breaker.standing(), before, "{finding:?}");
        }
    }

    #[test]
    fn a_share_of_one_half_over_the_window_opens_it() {
        let mut breaker = Breaker::default();
        for number in 0..20 {
            let finding = if number % 2 == 0 { Finding::Served } else { Finding::Fault };
            assert_eq!(breaker.standing().phase(at(number)), Phase::Closed);
            record(&mut breaker, finding, number);
        }
        assert_eq!(breaker.standing().phase(at(19)), Phase::Open);
        let mut slow = Breaker::default();
        for number in 0..200 {
            let finding = if number % 2 == 0 { Finding::Served } else { Finding::Fault };
            record(&mut slow, finding, number * 4);
        }
        assert_eq!(slow.standing().phase(at(800)), Phase::Closed, "too few within the window");
    }

    #[test]
    fn a_used_up_day_parks_it_until_it_is_asked_again_or_the_day_ends() {
        let mut breaker = Breaker::default();
        record(&mut breaker, Finding::DailyQuota, 0);
        assert_eq!(breaker.standing().phase(at(PARKED.as_secs() - 1)), Phase::Parked);
        assert_eq!(breaker.standing().phase(at(PARKED.as_secs())), Phase::HalfOpen);
        record(&mut breaker, Finding::DailyQuota, DAY - 60);
        assert_eq!(breaker.standing().phase(at(DAY)), Phase::HalfOpen);
        record(&mut breaker, Finding::Served, DAY);
        assert_eq!(breaker.standing().phase(at(DAY)), Phase::Closed);
    }

    #[test]
    fn throttles_at_once_are_one_and_those_in_a_row_wait_longer() {
        let mut breaker = Breaker::default();
        for _ in 0..50 {
            breaker.record(Finding::Throttled, at(0), at(1));
        }
        assert_eq!(breaker.standing().throttled_until, at(3));
        record(&mut breaker, Finding::Throttled, 4);
        assert_eq!(breaker.standing().throttled_until, at(8));
        record(&mut breaker, Finding::Served, 9);
        record(&mut breaker, Finding::Throttled, 10);
        assert_eq!(breaker.standing().throttled_until, at(12));
    }

    fn finding() -> impl Strategy<Value = Finding> {
        prop_oneof![
            Just(Finding::Served),
            Just(Finding::Throttled),
            Just(Finding::DailyQuota),
            Just(Finding::Fault),
            Just(Finding::Access),
        ]
    }

    proptest! {
        #[test]
        fn every_pause_ends_within_its_bound(events in prop::collection::vec((finding(), 0u64..90), 1..200)) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            for (finding, pause) in events {
                now += pause;
                record(&mut breaker, finding, now);
                let standing = breaker.standing();
                if let Some(until) = standing.blocked_until {
                    let longest = if standing.parked { PARKED } else { LONGEST_OPEN };
                    prop_assert!(until <= at(now) + longest);
                }
                prop_assert!(standing.throttled_until <= at(now) + LONGEST_COOLING);
            }
        }

        #[test]
        fn throttles_and_answers_alone_never_open_it(events in prop::collection::vec((any::<bool>(), 0u64..90), 1..200)) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            for (served, pause) in events {
                now += pause;
                record(&mut breaker, if served { Finding::Served } else { Finding::Throttled }, now);
                prop_assert_eq!(breaker.standing().blocked_until, None);
            }
        }

        #[test]
        fn an_answer_to_a_new_request_always_closes_it(events in prop::collection::vec((finding(), 0u64..90), 1..200)) {
            let (mut breaker, mut now) = (Breaker::default(), 0);
            for (finding, pause) in events {
                now += pause;
                record(&mut breaker, finding, now);
            }
            record(&mut breaker, Finding::Served, now + 1);
            prop_assert_eq!(breaker.standing().blocked_until, None);
        }
    }
}
