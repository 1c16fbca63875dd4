//! How far a budget is spent, as a bar with words beside it.

use askama::Template;
use chrono::Utc;

use super::words::{self, Moment};
use crate::control::budgets::Status;
use crate::domain::budget::{Action, Period, Policy, Status as State};

/// One budget's bar. It is as long as the last of the budget's thresholds, which are marked on it.
#[derive(Template)]
#[template(path = "level.html")]
pub(super) struct Level {
    part: u32,
    marks: Vec<u32>,
    look: &'static str,
    /// What is spent.
    pub(super) spent: String,
    /// Of what.
    pub(super) amount: String,
    /// What is left.
    pub(super) remaining: String,
    /// What is spent, in percent.
    pub(super) percent: u32,
    /// When the next period begins.
    pub(super) resets: Moment,
    /// How long that is from now.
    pub(super) resets_in: String,
    /// The look and the word of its state.
    pub(super) state: (&'static str, &'static str),
}

impl From<&Status> for Level {
    fn from(status: &Status) -> Self {
        let thresholds: Vec<_> = status.policy.rules().map(|rule| rule.at_percent).collect();
        let whole = thresholds.iter().copied().max().unwrap_or(0).max(100);
        let of_whole = |percent: u32| percent.min(whole).saturating_mul(100) / whole;
        let state = state(status.status);
        Self {
            part: of_whole(status.percent),
            marks: thresholds.into_iter().map(of_whole).filter(|mark| *mark < 100).collect(),
            look: state.0,
            spent: words::dollars(status.spent_usd.0),
            amount: words::dollars(status.amount_usd.0),
            remaining: words::dollars(status.remaining_usd.0),
            percent: status.percent,
            resets: status.resets_at.into(),
            resets_in: words::duration(status.resets_at - Utc::now()),
            state,
        }
    }
}

fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Ok => ("good", "within"),
        State::Warning => ("warn", "warned"),
        State::Shaped => ("warn", "slowed down"),
        State::Blocked => ("bad", "blocked"),
    }
}

/// What happens on the way, in words: `80 % notify, 100 % block`.
pub(super) fn policy(policy: &Policy) -> String {
    let rules = policy.rules().map(|rule| {
        let action = match rule.action {
            Action::Notify => "notify".to_owned(),
            Action::Shape { requests_per_minute } => {
                format!("slow down to {requests_per_minute} a minute")
            }
            Action::Block => "block".to_owned(),
        };
        format!("{} % {action}", rule.at_percent)
    });
    rules.collect::<Vec<_>>().join(", ")
}

/// A period as people say it.
pub(super) fn period(period: Period) -> &'static str {
    match period {
        Period::Daily => "each day",
        Period::Weekly => "each week",
        Period::Monthly => "each month",
    }
}

/// The current period as people say it.
pub(super) fn this_period(period: Period) -> &'static str {
    match period {
        Period::Daily => "Today",
        Period::Weekly => "This week",
        Period::Monthly => "This month",
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;
    use crate::domain::budget::{Nanos, Preset, Source};

    #[test]
    fn a_bar_is_as_long_as_the_last_threshold() {
        let soft = Policy::Preset(Preset::Soft);
        let status = |percent| Status {
            budget_id: Uuid::nil(),
            scope: "user".to_owned(),
            subject_id: Uuid::nil(),
            source: Source::Own,
            period: Period::Monthly,
            period_starts_at: DateTime::UNIX_EPOCH,
            resets_at: DateTime::UNIX_EPOCH,
            amount_usd: Nanos(1),
            spent_usd: Nanos(1),
            remaining_usd: Nanos(0),
            percent,
            status: State::Warning,
            policy: soft.clone(),
        };
        let level = Level::from(&status(75));
        assert_eq!((level.part, level.marks.as_slice()), (50, [53, 66].as_slice()));
        assert_eq!(Level::from(&status(u32::MAX)).part, 100);
        assert_eq!(policy(&soft), "80 % notify, 100 % notify, 150 % block");
    }
}
