//! The time that requests are signed at: the machine's clock, corrected by what AWS says where it is
//! too far off to be believed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use actix_web::http::header::HttpDate;

/// Seconds that AWS's clock is ahead of the machine's; one machine has one clock.
static AHEAD: AtomicI64 = AtomicI64::new(0);
/// A difference that AWS accepts anyway is not corrected, in seconds.
const ACCEPTED: i64 = 60;

/// The time as AWS has it.
#[must_use]
pub fn now() -> SystemTime {
    let (now, ahead) = (SystemTime::now(), AHEAD.load(Ordering::Relaxed));
    let difference = Duration::from_secs(ahead.unsigned_abs());
    let shifted = if ahead < 0 { now.checked_sub(difference) } else { now.checked_add(difference) };
    shifted.unwrap_or(now)
}

/// Takes over the time of an answer's `date` header; true where signatures were made for another
/// time so far.
pub fn correct(date: &str) -> bool {
    let Ok(date) = date.parse::<HttpDate>() else { return false };
    let ahead = seconds_between(SystemTime::now(), date.into());
    let before = AHEAD.load(Ordering::Relaxed);
    if (ahead - before).abs() <= ACCEPTED {
        return false;
    }
    AHEAD.store(ahead, Ordering::Relaxed);
    tracing::warn!(seconds = ahead, "This machine's clock is off; signatures follow AWS's clock.");
    true
}

fn seconds_between(from: SystemTime, to: SystemTime) -> i64 {
    let seconds = |duration: Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match to.duration_since(from) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_corrected_once() {
        let truth = SystemTime::now() + Duration::from_secs(3600);
        let date = HttpDate::from(truth).to_string();
        assert!(correct(&date));
        assert!(seconds_between(truth, now()).abs() <= 2);
        assert!(!correct(&date), "it is right by now");
        assert!(!correct("yesterday"));
        let date = HttpDate::from(SystemTime::now()).to_string();
        assert!(correct(&date));
        assert!(seconds_between(SystemTime::now(), now()).abs() <= 2);
    }
}
