//! All budgets of the deployment, and which of them a request counts against.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Budget, Period, Target};
use crate::domain::limit::{Account, Claim, Measure, Scope, Window};

/// From where somebody's budget comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// It is theirs.
    Own,
    /// Their team has it for each of its users.
    TeamDefault,
    /// Every user has it.
    Default,
}

/// A budget as it applies to a user, a team or a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The account that it limits.
    pub account: Account,
    /// The current period.
    pub window: Window,
    /// The budget.
    pub budget: Arc<Budget>,
    /// From where it comes.
    pub source: Source,
}

impl Applied {
    /// What a request that costs `most` at the most claims of it.
    #[must_use]
    pub fn claim(&self, most: i64) -> Claim {
        let Self { account, window, budget, .. } = self;
        Claim { account: *account, window: *window, cap: budget.cap(), most, shape: budget.shape() }
    }
}

/// All budgets.
#[derive(Debug, Default)]
pub struct Book(HashMap<(Target, Uuid, Period), Arc<Budget>>);

impl Book {
    /// The book of these budgets.
    #[must_use]
    pub fn new(budgets: Vec<Budget>) -> Self {
        let keyed = budgets
            .into_iter()
            .map(|budget| ((budget.target, budget.subject_id, budget.period), Arc::new(budget)));
        Self(keyed.collect())
    }

    /// The budgets that requests of this user, team and key count against; those without an amount
    /// only keep defaults away.
    #[must_use]
    pub fn applied(
        &self,
        user: Option<Uuid>,
        team: Option<Uuid>,
        key: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Vec<Applied> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let mut applied = Vec::new();
        for period in Period::ALL {
            let mut add = |scope, id, found: Option<(&Arc<Budget>, Source)>| {
                let Some((budget, source)) = found else { return };
                if budget.amount.is_some() {
                    let account = Account { scope, id, measure: Measure::Money(period) };
                    let (window, budget) = (period.window(now), Arc::clone(budget));
                    applied.push(Applied { account, window, budget, source });
                }
            };
            if let Some(user) = user {
                add(Scope::User, user, self.of_user(user, team, period));
            }
            if let Some(team) = team {
                add(Scope::Team, team, self.find(Target::Team, team, period, Source::Own));
            }
            if let Some(key) = key {
                add(Scope::Key, key, self.find(Target::Key, key, period, Source::Own));
            }
        }
        applied
    }

    fn of_user(
        &self,
        user: Uuid,
        team: Option<Uuid>,
        period: Period,
    ) -> Option<(&Arc<Budget>, Source)> {
        let of_team = || self.find(Target::TeamDefault, team?, period, Source::TeamDefault);
        let own = self.find(Target::User, user, period, Source::Own);
        own.or_else(of_team)
            .or_else(|| self.find(Target::Default, Uuid::nil(), period, Source::Default))
    }

    fn find(
        &self,
        target: Target,
        subject: Uuid,
        period: Period,
        source: Source,
    ) -> Option<(&Arc<Budget>, Source)> {
        self.0.get(&(target, subject, period)).map(|budget| (budget, source))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::budget::Policy;

    const ANN: Uuid = Uuid::from_u128(1);
    const TOOLS: Uuid = Uuid::from_u128(2);
    const KEY: Uuid = Uuid::from_u128(3);

    fn budget(target: Target, subject_id: Uuid, period: Period, amount: Option<i64>) -> Budget {
        let (id, policy) = (Uuid::nil(), Policy::default());
        Budget { id, target, subject_id, period, amount, policy }
    }

    fn amounts(book: &Book, team: Option<Uuid>, key: Option<Uuid>) -> Vec<(Scope, Source, i64)> {
        let applied = book.applied(Some(ANN), team, key, DateTime::UNIX_EPOCH);
        applied.iter().map(|a| (a.account.scope, a.source, a.budget.cap())).collect()
    }

    #[test]
    fn a_users_budget_is_the_own_one_else_the_teams_else_the_default() {
        let monthly = Period::Monthly;
        let mut budgets = vec![budget(Target::Default, Uuid::nil(), monthly, Some(1))];
        let book = |budgets: &[Budget]| Book::new(budgets.to_vec());
        let of = |budgets: &[Budget]| amounts(&book(budgets), Some(TOOLS), None);
        assert_eq!(of(&budgets), [(Scope::User, Source::Default, 1)]);
        budgets.push(budget(Target::TeamDefault, TOOLS, monthly, Some(2)));
        assert_eq!(of(&budgets), [(Scope::User, Source::TeamDefault, 2)]);
        assert_eq!(amounts(&book(&budgets), None, None), [(Scope::User, Source::Default, 1)]);
        budgets.push(budget(Target::User, ANN, monthly, Some(3)));
        assert_eq!(of(&budgets), [(Scope::User, Source::Own, 3)]);
        budgets.pop();
        budgets.push(budget(Target::User, ANN, monthly, None));
        assert_eq!(of(&budgets), [], "unlimited is a budget of one's own");
    }

    #[test]
    fn budgets_of_all_scopes_and_periods_apply_at_once() {
        let book = Book::new(vec![
            budget(Target::User, ANN, Period::Daily, Some(1)),
            budget(Target::User, ANN, Period::Monthly, Some(2)),
            budget(Target::Team, TOOLS, Period::Weekly, Some(3)),
            budget(Target::Key, KEY, Period::Daily, Some(4)),
            budget(Target::Key, Uuid::from_u128(9), Period::Daily, Some(5)),
        ]);
        let caps: Vec<_> = amounts(&book, Some(TOOLS), Some(KEY)).iter().map(|a| a.2).collect();
        assert_eq!(caps, [1, 4, 3, 2]);
    }
}
