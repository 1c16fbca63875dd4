//! Budgets: how much money may be spent within a day, a week or a month, and what happens on the way
//! there.

mod book;
mod dollars;
mod period;
mod policy;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use book::{Applied, Book, Source};
pub use dollars::{Nanos, dollars};
pub use period::Period;
pub use policy::{Action, Policy, Preset, Rule};

use super::limit::Shape;

/// What a budget is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Each user whose team has no budget for its users, and who has none.
    Default,
    /// Each user of a team who has no budget of their own.
    TeamDefault,
    /// One user.
    User,
    /// All users and keys of a team together.
    Team,
    /// One key.
    Key,
}

impl Target {
    const ALL: [Self; 5] = [Self::Default, Self::TeamDefault, Self::User, Self::Team, Self::Key];

    /// The word that rows and JSON use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::TeamDefault => "team_default",
            Self::User => "user",
            Self::Team => "team",
            Self::Key => "key",
        }
    }

    /// The target of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|target| target.name() == name)
    }
}

/// A budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Budget {
    /// The id.
    pub id: Uuid,
    /// What it is for.
    pub target: Target,
    /// The user, team or key; nil for the default of all.
    pub subject_id: Uuid,
    /// In what time it may be spent.
    pub period: Period,
    /// What may be spent, in nano-dollars; `None` means that no default applies and nothing is limited.
    pub amount: Option<i64>,
    /// What happens on the way.
    pub policy: Policy,
}

/// How far a budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Below every rule.
    Ok,
    /// A rule that notifies is reached.
    Warning,
    /// Requests are throttled.
    Shaped,
    /// Requests are refused.
    Blocked,
}

impl Status {
    /// The word that headers and JSON use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Shaped => "shaped",
            Self::Blocked => "blocked",
        }
    }
}

impl Budget {
    /// The spending at which requests are refused; [`i64::MAX`] where none are.
    #[must_use]
    pub fn cap(&self) -> i64 {
        let blocks = |rule: &Rule| rule.action == Action::Block;
        let rule = self.policy.rules().find(blocks);
        rule.map_or(i64::MAX, |rule| self.threshold(rule.at_percent))
    }

    /// From where on it throttles, if it does.
    #[must_use]
    pub fn shape(&self) -> Option<Shape> {
        self.policy.rules().find_map(|rule| match rule.action {
            Action::Shape { requests_per_minute } => {
                Some(Shape { at: self.threshold(rule.at_percent), requests_per_minute })
            }
            _ => None,
        })
    }

    /// The spending at which a rule of so many percent is reached.
    #[must_use]
    pub fn threshold(&self, percent: u32) -> i64 {
        let Some(amount) = self.amount else { return i64::MAX };
        let at = i128::from(amount) * i128::from(percent) / 100;
        i64::try_from(at).unwrap_or(i64::MAX)
    }

    /// How far it is spent.
    #[must_use]
    pub fn status(&self, spent: i64) -> Status {
        let reached = self.reached(spent).map(|rule| match rule.action {
            Action::Notify => Status::Warning,
            Action::Shape { .. } => Status::Shaped,
            Action::Block => Status::Blocked,
        });
        reached.max().unwrap_or(Status::Ok)
    }

    /// The rules that are reached, lowest first.
    pub fn reached(&self, spent: i64) -> impl Iterator<Item = Rule> {
        let limited = self.amount.is_some();
        self.policy.rules().filter(move |rule| limited && spent >= self.threshold(rule.at_percent))
    }

    /// What is spent, in whole percent; all of a budget of nothing is always spent.
    #[must_use]
    pub fn percent(&self, spent: i64) -> u32 {
        match self.amount {
            None => 0,
            Some(amount) if amount <= 0 => 100,
            Some(amount) => u32::try_from(i128::from(spent.max(0)) * 100 / i128::from(amount))
                .unwrap_or(u32::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(policy: Policy) -> Budget {
        Budget {
            id: Uuid::nil(),
            target: Target::User,
            subject_id: Uuid::nil(),
            period: Period::Daily,
            amount: Some(1_000),
            policy,
        }
    }

    #[test]
    fn presets_act_where_they_should() {
        let status = |preset, spent| budget(Policy::Preset(preset)).status(spent);
        for (preset, spent, expected) in [
            (Preset::Standard, 799, Status::Ok),
            (Preset::Standard, 800, Status::Warning),
            (Preset::Standard, 1_000, Status::Blocked),
            (Preset::Soft, 1_499, Status::Warning),
            (Preset::Soft, 1_500, Status::Blocked),
            (Preset::Shaped, 999, Status::Warning),
            (Preset::Shaped, 1_000, Status::Shaped),
            (Preset::Shaped, 1_500, Status::Blocked),
        ] {
            assert_eq!(status(preset, spent), expected, "{preset:?} at {spent}");
        }
        let shaped = budget(Policy::Preset(Preset::Shaped));
        assert_eq!(shaped.shape(), Some(Shape { at: 1_000, requests_per_minute: 5 }));
        assert_eq!(shaped.cap(), 1_500);
        assert_eq!(budget(Policy::Preset(Preset::Standard)).cap(), 1_000);
    }

    #[test]
    fn without_a_block_nothing_is_refused_and_without_an_amount_nothing_is_limited() {
        let watched = budget(Policy::Own(vec![Rule { at_percent: 50, action: Action::Notify }]));
        assert_eq!((watched.cap(), watched.status(5_000)), (i64::MAX, Status::Warning));
        let exempt = Budget { amount: None, ..budget(Policy::Preset(Preset::Standard)) };
        assert_eq!((exempt.cap(), exempt.status(5_000)), (i64::MAX, Status::Ok));
        assert_eq!(exempt.percent(5_000), 0);
        let nothing = Budget { amount: Some(0), ..budget(Policy::Preset(Preset::Standard)) };
        assert_eq!((nothing.status(0), nothing.percent(0)), (Status::Blocked, 100));
    }
}
