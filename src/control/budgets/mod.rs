//! Budgets: set, list, change, take away; and how far they are spent.

mod levels;
mod status;
mod view;

use chrono::Utc;
use uuid::Uuid;

pub use levels::{UsedUp, levels, used_up};
pub use status::{Spending, SpendingOf, Status, spending, spending_of_caller};
pub use view::{Budget, BudgetFilter, CreateBudget, EditBudget};

use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::{Control, field};
use crate::domain::budget::{Nanos, Policy, Target};
use crate::storage::budgets::{self, BudgetRow, Which};
use crate::storage::{Connection, StorageError, keys, teams, users};

const TABLES: &[&str] = &["budgets"];

/// A page of the budgets; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: BudgetFilter,
    paging: Paging,
) -> Result<Page<Budget>, ControlError> {
    caller.admin()?;
    let search = field::search(asked.search)?;
    let (target, subject_id, order) = (asked.target, asked.subject_id, paging.order()?);
    let which = Which { target, subject_id, search, order };
    let (size, rows) = (paging.size()?, paging.rows()?);
    let found =
        control.read(async move |c: &mut Connection| budgets::list(c, &which, rows).await).await?;
    let found = found.into_iter().filter_map(Budget::of).collect();
    Ok(Page::of(found, size, |budget: &Budget| paging.place(budget.id, &budget.subject_name)))
}

/// One budget; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn get(control: &Control, caller: &Caller, id: Uuid) -> Result<Budget, ControlError> {
    caller.admin()?;
    let found = control.read(async move |c: &mut Connection| budgets::get(c, id).await).await?;
    found.and_then(Budget::of).ok_or(ControlError::NotFound("budget"))
}

/// Sets a budget. What was spent in the current period counts.
///
/// # Errors
/// [`ControlError`]; a conflict where there is one for this target, subject and period.
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: CreateBudget,
) -> Result<Budget, ControlError> {
    caller.admin()?;
    let CreateBudget { target, subject_id, period, amount_usd, policy } = order;
    let policy = policy.unwrap_or_default();
    check(target, amount_usd, &policy)?;
    let now = Utc::now();
    let row = BudgetRow {
        id: Uuid::now_v7(),
        target: target.name().to_owned(),
        subject_id: subject(target, subject_id)?,
        period: period.name().to_owned(),
        amount_nanos: amount_usd.map(|amount| amount.0),
        policy: serde_json::to_value(&policy).map_err(|_| ControlError::Fault)?,
        created_at: now,
        updated_at: now,
        subject_name: String::new(),
    };
    let written = control.write(caller, async move |c: &mut Connection| {
        let subject_name = named(c, target, row.subject_id).await?;
        let row = BudgetRow { subject_name, ..row };
        budgets::insert(c, &row).await.map_err(taken)?;
        let (id, title) = (row.id, title(&row));
        let budget = Budget::of(row).ok_or(ControlError::Fault)?;
        let change = Change::new("budget.create", TABLES).of(id, &title).after(&budget);
        Ok((budget, change))
    });
    written.await
}

/// Changes a budget; it counts within a second, with what is spent already.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: EditBudget,
) -> Result<Budget, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let mut row = budgets::get(c, id).await?.ok_or(ControlError::NotFound("budget"))?;
        let before = Budget::of(row.clone()).ok_or(ControlError::Fault)?;
        let amount = order.amount_usd.unwrap_or(before.amount_usd);
        let policy = order.policy.unwrap_or_else(|| before.policy.clone());
        check(before.target, amount, &policy)?;
        row.amount_nanos = amount.map(|amount| amount.0);
        row.policy = serde_json::to_value(&policy).map_err(|_| ControlError::Fault)?;
        row.updated_at = Utc::now();
        budgets::update(c, &row).await?;
        let title = title(&row);
        let after = Budget::of(row).ok_or(ControlError::Fault)?;
        let change = Change::new("budget.edit", TABLES).of(id, &title);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// Takes a budget away.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let row = budgets::get(c, id).await?.ok_or(ControlError::NotFound("budget"))?;
        budgets::delete(c, id).await?;
        let title = title(&row);
        let before = Budget::of(row).ok_or(ControlError::Fault)?;
        let change = Change::new("budget.delete", TABLES).of(id, &title);
        Ok(((), change.before(&before)))
    });
    written.await
}

/// The id of whom a budget is for: nil for the default, else one must be given.
fn subject(target: Target, given: Option<Uuid>) -> Result<Uuid, ControlError> {
    match (target, given) {
        (Target::Default, None) => Ok(Uuid::nil()),
        (Target::Default, Some(_)) => {
            Err(ControlError::invalid("subject_id", "takes nothing for the default of all"))
        }
        (_, Some(id)) => Ok(id),
        (_, None) => {
            Err(ControlError::invalid("subject_id", "takes the id of the user, team or key"))
        }
    }
}

fn check(target: Target, amount: Option<Nanos>, policy: &Policy) -> Result<(), ControlError> {
    if amount.is_none() && !matches!(target, Target::User | Target::TeamDefault) {
        let takes = "takes an amount; only a user's and a team's default may be null, for no limit";
        return Err(ControlError::invalid("amount_usd", takes));
    }
    policy.fault().map_or(Ok(()), |takes| Err(ControlError::invalid("policy", takes)))
}

/// The name of whom a budget is for.
async fn named(
    connection: &mut Connection,
    target: Target,
    id: Uuid,
) -> Result<String, ControlError> {
    let name = find_name(connection, target, id).await?;
    name.ok_or_else(|| {
        ControlError::invalid("subject_id", format!("there is no such {}", noun(target)))
    })
}

async fn find_name(
    connection: &mut Connection,
    target: Target,
    id: Uuid,
) -> Result<Option<String>, StorageError> {
    Ok(match target {
        Target::Default => Some("All users".to_owned()),
        Target::User => users::get(connection, id).await?.map(|(user, _)| user.name),
        Target::Team | Target::TeamDefault => teams::name(connection, id).await?,
        Target::Key => keys::get(connection, id).await?.map(|(key, ..)| key.name),
    })
}

fn noun(target: Target) -> &'static str {
    match target {
        Target::Default | Target::User => "user",
        Target::Team | Target::TeamDefault => "team",
        Target::Key => "key",
    }
}

/// What the audit log calls a budget.
fn title(row: &BudgetRow) -> String {
    let (period, target, name) = (&row.period, row.target.replace('_', " "), &row.subject_name);
    format!("{period} {target} budget of {name}")
}

fn taken(error: StorageError) -> ControlError {
    match error {
        StorageError::Duplicate(_) => {
            let message =
                "There is a budget for this target, subject and period already: change it.";
            ControlError::conflict("budget_exists", message)
        }
        error => error.into(),
    }
}
