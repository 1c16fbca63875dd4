//! When a delivery that failed is tried again, and when it is given up.

use core::time::Duration;

/// Attempts until a delivery is parked: over about two and a half hours.
pub const MOST_ATTEMPTS: u32 = 12;
const FIRST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// How long to wait after so many failed attempts, moved by `jitter` (0 to 1) so that not all come
/// at once; `None` where it is enough.
#[must_use]
pub fn wait(attempts: u32, jitter: f64) -> Option<Duration> {
    if attempts >= MOST_ATTEMPTS {
        return None;
    }
    let doubled = FIRST.saturating_mul(1 << attempts.saturating_sub(1).min(16));
    Some(doubled.min(LONGEST).mul_f64(0.8 + 0.4 * jitter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_end() {
        let wait = |attempts| wait(attempts, 0.5).map(|wait| wait.as_secs());
        assert_eq!([1, 2, 3].map(wait), [Some(5), Some(10), Some(20)]);
        assert_eq!(wait(MOST_ATTEMPTS - 1), Some(3600));
        assert_eq!([MOST_ATTEMPTS, u32::MAX].map(wait), [None, None]);
        let all: u64 = (1..MOST_ATTEMPTS).filter_map(wait).sum();
        assert!((7200..10_800).contains(&all), "{all} s in all");
        let moved = [0.0, 1.0].map(|jitter| super::wait(1, jitter).unwrap().as_secs());
        assert_eq!(moved, [4, 6]);
    }
}
