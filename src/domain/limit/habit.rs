//! What requests really take of what they could take at the most.
//!
//! Claude Code asks for 32,000 tokens of output and gets a few hundred. Were the most reserved, a
//! team's budget would seem used up by its requests of one moment. So each account learns the ratio,
//! as TCP learns its round trips (RFC 6298): the mean plus four mean deviations is reserved.

const ONE: i64 = 1_000_000;
/// Estimates of a prompt can be too low; beyond this a ratio is an outlier.
const HIGHEST: i64 = 2 * ONE;

/// The ratio of one account, in millionths; everything until something was learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Habit(Option<Learned>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Learned {
    mean: i64,
    deviation: i64,
}

impl Habit {
    /// What to reserve for a request that takes `most` at the most; at least 1.
    pub(super) fn expected(self, most: i64) -> i64 {
        let ratio = self.0.map_or(ONE, |Learned { mean, deviation }| mean + 4 * deviation);
        scaled(most, ratio.min(HIGHEST), ONE).max(1)
    }

    /// Learns from a request that has ended.
    pub(super) fn learn(&mut self, most: i64, actual: i64) {
        if most <= 0 || actual <= 0 {
            return;
        }
        let ratio = scaled(actual, ONE, most).min(HIGHEST);
        self.0 = Some(match self.0 {
            None => Learned { mean: ratio, deviation: ratio / 2 },
            Some(Learned { mean, deviation }) => Learned {
                mean: mean + (ratio - mean) / 8,
                deviation: deviation + ((ratio - mean).abs() - deviation) / 4,
            },
        });
    }
}

/// `value` times `by` / `of`.
fn scaled(value: i64, by: i64, of: i64) -> i64 {
    let scaled = i128::from(value) * i128::from(by) / i128::from(of.max(1));
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_is_reserved_until_something_is_learned_then_about_what_is_taken() {
        let mut habit = Habit::default();
        assert_eq!(habit.expected(1000), 1000);
        habit.learn(1000, 100);
        assert_eq!(habit.expected(1000), 300);
        for _ in 0..50 {
            habit.learn(1000, 100);
        }
        assert!((100..=110).contains(&habit.expected(1000)), "{habit:?}");
        habit.learn(1000, 1000);
        assert!(habit.expected(1000) >= 1000, "one surprise makes it careful: {habit:?}");
        assert_eq!(habit.expected(0), 1);
    }

    #[test]
    fn what_took_nothing_teaches_nothing() {
        let mut habit = Habit::default();
        habit.learn(1000, 0);
        habit.learn(0, 10);
        assert_eq!(habit, Habit::default());
        habit.learn(1, i64::MAX);
        assert_eq!(habit.expected(i64::MAX), i64::MAX);
    }
}
