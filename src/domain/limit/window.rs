//! Windows of time, aligned to the clock so that all instances count in the same ones.

use chrono::{DateTime, Utc};

const MINUTE: i64 = 60;

/// A point in time, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// Milliseconds that have passed since `earlier`; 0 where it is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0).max(0)
    }

    fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(time: DateTime<Utc>) -> Self {
        Self(time.timestamp_millis())
    }
}

/// A stretch of time, in seconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Window {
    /// Its first second.
    pub starts: i64,
    /// The first second behind it.
    pub ends: i64,
}

impl Window {
    /// The one that never ends.
    pub const ALWAYS: Self = Self { starts: 0, ends: i64::MAX };

    /// The minute of the clock that holds `now`.
    #[must_use]
    pub fn minute(now: Moment) -> Self {
        let starts = now.seconds().div_euclid(MINUTE) * MINUTE;
        Self { starts, ends: starts + MINUTE }
    }

    /// The window of the same length that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self { starts: self.ends, ends: self.ends.saturating_add(self.ends - self.starts) }
    }

    /// The window of the same length before it.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { starts: self.starts.saturating_sub(self.ends - self.starts), ends: self.starts }
    }

    /// True once the window is over.
    #[must_use]
    pub fn is_over(self, now: Moment) -> bool {
        now.seconds() >= self.ends
    }

    /// Seconds until the window is over, at least 1.
    #[must_use]
    pub fn seconds_left(self, now: Moment) -> u32 {
        u32::try_from(self.ends.saturating_sub(now.seconds()).max(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minutes_are_those_of_the_clock() {
        let at = |seconds: i64| Moment((6_000 + seconds) * 1000 + 999);
        let minute = Window::minute(at(10));
        assert_eq!(minute, Window { starts: 6_000, ends: 6_060 });
        assert_eq!((minute.seconds_left(at(10)), minute.seconds_left(at(59))), (50, 1));
        assert!(!minute.is_over(at(59)) && minute.is_over(at(60)));
        assert_eq!(minute.next(), Window::minute(at(60)));
        assert_eq!(minute.next().previous(), minute);
        assert_eq!(Window::ALWAYS.seconds_left(at(0)), u32::MAX);
    }
}
