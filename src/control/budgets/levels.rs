//! How far many budgets are spent at once: those of a page, and those that are used up.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::Utc;
use uuid::Uuid;

use super::status::{Status, purses};
use super::view::Budget;
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::domain::budget::{self, Applied, Period, Source, Target};
use crate::domain::limit::{Account, Measure, Scope};
use crate::storage::{Connection, budgets, names};

/// Budgets that are looked at for whether they are used up.
const MOST_USED_UP: i64 = 500;

/// How far budgets are spent, by the id of the budget. Those of nobody in particular, and those
/// without an amount, are left out. For admins.
///
/// # Errors
/// [`ControlError`]
pub async fn levels(
    control: &Control,
    caller: &Caller,
    asked: &[Budget],
) -> Result<HashMap<Uuid, Status>, ControlError> {
    caller.admin()?;
    let now = Utc::now();
    let apply = |budget: &Budget| {
        let scope = match budget.target {
            Target::User => Scope::User,
            Target::Team => Scope::Team,
            Target::Key => Scope::Key,
            Target::Default | Target::TeamDefault => return None,
        };
        let budget = budget.inner();
        let account =
            Account { scope, id: budget.subject_id, measure: Measure::Money(budget.period) };
        let window = budget.period.window(now);
        budget.amount?;
        Some(Applied { account, window, budget: Arc::new(budget), source: Source::Own })
    };
    let applied: Vec<_> = asked.iter().filter_map(apply).collect();
    if applied.is_empty() {
        return Ok(HashMap::new());
    }
    let read = control.read(async move |c: &mut Connection| purses(c, applied).await).await?;
    Ok(read.iter().map(Status::of).map(|status| (status.budget_id, status)).collect())
}

/// A budget that refuses requests now.
#[derive(Debug, Clone, PartialEq)]
pub struct UsedUp {
    /// How far it is spent.
    pub status: Status,
    /// The name of the user, team or key, where it still exists.
    pub name: Option<String>,
}

/// The budgets that refuse requests now, of those that were told to be used up in this period; at
/// most 500, for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn used_up(control: &Control, caller: &Caller) -> Result<Vec<UsedUp>, ControlError> {
    caller.admin()?;
    let now = Utc::now();
    let starts = Period::ALL.map(|period| period.window(now).starts).to_vec();
    let read = control.read(async move |c: &mut Connection| {
        let told = budgets::used_up(c, starts, MOST_USED_UP).await?;
        let rows = budgets::of_ids(c, told.iter().map(|one| one.budget_id).collect()).await?;
        let known = rows.iter().filter_map(|row| Some((row.id, Arc::new(row.budget()?))));
        let known: HashMap<_, _> = known.collect();
        let mut applied: Vec<Applied> = Vec::new();
        for one in told {
            let found = known.get(&one.budget_id).zip(Scope::named(&one.scope));
            let Some((budget, scope)) = found else { continue };
            let (window, source) = (budget.period.window(now), Source::Own);
            let account =
                Account { scope, id: one.subject_id, measure: Measure::Money(budget.period) };
            if !applied.iter().any(|other| other.account == account) {
                applied.push(Applied { account, window, budget: Arc::clone(budget), source });
            }
        }
        let blocked: Vec<_> = purses(c, applied)
            .await?
            .iter()
            .map(Status::of)
            .filter(|status| status.status == budget::Status::Blocked)
            .collect();
        let ids = blocked.iter().map(|status| status.subject_id).collect();
        let mut names = names::of(c, ids).await?;
        let named = blocked.into_iter().map(|status| {
            let name = names.remove(&status.subject_id);
            UsedUp { status, name }
        });
        Ok(named.collect())
    });
    read.await
}
