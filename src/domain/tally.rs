//! What happened at one place in the last quarter of an hour, minute by minute.

use std::time::Duration;

use super::breaker::Finding;
use super::histogram::{BOUNDS, percentile};

const MINUTES: usize = 15;
const BUCKETS: usize = BOUNDS.len() + 1;

#[derive(Debug, Clone, Copy, Default)]
struct Minute {
    index: u64,
    served: u32,
    throttled: u32,
    faults: u32,
    refused: u32,
    latencies: [u32; BUCKETS],
}

/// The counts of a place.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    minutes: [Minute; MINUTES],
}

/// The sums over the last quarter of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Recent {
    /// Exchanges whose answer began.
    pub served: u64,
    /// Exchanges that were throttled, for the minute or the day.
    pub throttled: u64,
    /// Exchanges that failed by a fault of the place.
    pub faults: u64,
    /// Exchanges for which the gateway's credential was not taken.
    pub refused: u64,
    /// Median time until an answer began, in milliseconds.
    pub p50_ms: Option<f64>,
    /// The time until an answer began that 19 of 20 kept to, in milliseconds.
    pub p95_ms: Option<f64>,
}

impl Tally {
    /// Counts an exchange that ended at `now` (since the Unix epoch); `latency` is the time until its
    /// answer began.
    pub fn record(&mut self, finding: Finding, latency: Option<Duration>, now: Duration) {
        let index = now.as_secs() / 60;
        let [first, ..] = &self.minutes;
        if first.index != index {
            self.minutes.rotate_right(1);
            let [first, ..] = &mut self.minutes;
            *first = Minute { index, ..Minute::default() };
        }
        let [minute, ..] = &mut self.minutes;
        *match finding {
            Finding::Served => &mut minute.served,
            Finding::Throttled | Finding::DailyQuota => &mut minute.throttled,
            Finding::Fault => &mut minute.faults,
            Finding::Access => &mut minute.refused,
        } += 1;
        if let Some(latency) = latency {
            let bucket = BOUNDS.partition_point(|bound| u128::from(*bound) < latency.as_millis());
            if let Some(count) = minute.latencies.get_mut(bucket) {
                *count += 1;
            }
        }
    }

    /// The sums at `now`.
    #[must_use]
    pub fn recent(&self, now: Duration) -> Recent {
        let oldest = (now.as_secs() / 60).saturating_sub(MINUTES as u64 - 1);
        let mut recent = Recent::default();
        let mut latencies = [0i64; BUCKETS];
        for minute in self.minutes.iter().filter(|minute| minute.index >= oldest) {
            recent.served += u64::from(minute.served);
            recent.throttled += u64::from(minute.throttled);
            recent.faults += u64::from(minute.faults);
            recent.refused += u64::from(minute.refused);
            for (sum, count) in latencies.iter_mut().zip(minute.latencies) {
                *sum += i64::from(count);
            }
        }
        (recent.p50_ms, recent.p95_ms) =
            (percentile(&latencies, 0.5), percentile(&latencies, 0.95));
        recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_quarter_of_an_hour_counts() {
        let mut tally = Tally::default();
        let minute = |n: u64| Duration::from_secs(1_795_305_600 + n * 60);
        for n in 0..20 {
            tally.record(Finding::Served, Some(Duration::from_millis(850)), minute(n));
            tally.record(Finding::Throttled, None, minute(n));
        }
        let recent = tally.recent(minute(19));
        assert_eq!((recent.served, recent.throttled, recent.faults), (15, 15, 0));
        assert!((700.0..=1000.0).contains(&recent.p50_ms.unwrap()));
        assert_eq!(tally.recent(minute(33)).served, 1);
        assert_eq!(tally.recent(minute(34)), Recent::default());
    }
}
