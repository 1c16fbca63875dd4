//! Windows of one minute, aligned to the clock, in which so many requests are allowed.
//!
//! Aligned windows can be shared between instances by handing out parts of one number.

use std::time::Duration;

const WINDOW_SECONDS: u64 = 60;

/// What one key has used of its current window.
#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    index: u64,
    used: u32,
}

/// Where a key stands after a request was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Requests allowed per window.
    pub limit: u32,
    /// Requests left in this window.
    pub remaining: u32,
    /// Seconds until the next window, at least 1.
    pub reset_seconds: u32,
}

/// The window is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exhausted(pub Standing);

impl Window {
    /// Counts one request at `now` (since the Unix epoch).
    ///
    /// # Errors
    /// [`Exhausted`] where `limit` requests were counted in this window already.
    pub fn take(&mut self, now: Duration, limit: u32) -> Result<Standing, Exhausted> {
        let index = now.as_secs() / WINDOW_SECONDS;
        if self.index != index {
            *self = Self { index, used: 0 };
        }
        let left = WINDOW_SECONDS - now.as_secs() % WINDOW_SECONDS;
        let reset_seconds = u32::try_from(left).unwrap_or(u32::MAX);
        if self.used >= limit {
            return Err(Exhausted(Standing { limit, remaining: 0, reset_seconds }));
        }
        self.used += 1;
        Ok(Standing { limit, remaining: limit - self.used, reset_seconds })
    }

    /// True where nothing was counted in the window that holds `now`, so that the entry may go.
    #[must_use]
    pub fn is_stale(&self, now: Duration) -> bool {
        self.index != now.as_secs() / WINDOW_SECONDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_within_a_window_and_is_new_in_the_next() {
        let mut window = Window::default();
        let at = |seconds: u64| Duration::from_secs(6_000 + seconds);
        let first = window.take(at(10), 2).unwrap();
        assert_eq!(first, Standing { limit: 2, remaining: 1, reset_seconds: 50 });
        assert_eq!(window.take(at(59), 2).unwrap().remaining, 0);
        assert_eq!(window.take(at(59), 2).unwrap_err().0.reset_seconds, 1);
        assert!(!window.is_stale(at(59)) && window.is_stale(at(60)));
        assert_eq!(window.take(at(60), 2).unwrap().remaining, 1);
    }

    #[test]
    fn a_lowered_limit_takes_effect_within_the_window() {
        let mut window = Window::default();
        for _ in 0..5 {
            window.take(Duration::from_secs(1), 10).unwrap();
        }
        assert!(window.take(Duration::from_secs(1), 5).is_err());
    }
}
