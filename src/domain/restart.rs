//! How often a child may die before its parent gives up, and how long each rebuild waits.

use std::collections::VecDeque;
use std::time::Duration;

/// Restarts that one child is granted within [`WINDOW`]; the death after them is one too many.
pub const MAX_RESTARTS: usize = 5;
/// The time over which deaths are counted.
pub const WINDOW: Duration = Duration::from_secs(60);
/// The wait before the first rebuild; each further death in the window doubles it.
pub const FIRST_DELAY: Duration = Duration::from_millis(1);

/// What the parent does about a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Rebuild the child after this wait.
    Restart(Duration),
    /// Too many deaths: give up, and die oneself.
    GiveUp,
}

/// The recent deaths of one child.
#[derive(Debug, Default)]
pub struct Intensity {
    deaths: VecDeque<Duration>,
}

impl Intensity {
    /// Counts a death at `now`, a time since any fixed moment, and says what to do about it.
    pub fn hit(&mut self, now: Duration) -> Verdict {
        while self.deaths.front().is_some_and(|&t| now.saturating_sub(t) >= WINDOW) {
            self.deaths.pop_front();
        }
        self.deaths.push_back(now);
        let deaths = self.deaths.len();
        if deaths > MAX_RESTARTS {
            return Verdict::GiveUp;
        }
        let doublings = u32::try_from(deaths.saturating_sub(1)).unwrap_or(u32::MAX);
        Verdict::Restart(FIRST_DELAY * 2u32.saturating_pow(doublings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_and_the_sixth_death_is_final() {
        let (mut intensity, now) = (Intensity::default(), WINDOW);
        for doublings in 0..5 {
            assert_eq!(intensity.hit(now), Verdict::Restart(FIRST_DELAY * 2u32.pow(doublings)));
        }
        assert_eq!(intensity.hit(now), Verdict::GiveUp);
    }

    #[test]
    fn deaths_outside_the_window_are_forgotten() {
        let mut intensity = Intensity::default();
        for minute in 0..20 {
            assert_eq!(intensity.hit(WINDOW * minute), Verdict::Restart(FIRST_DELAY));
        }
    }
}
