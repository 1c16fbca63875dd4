//! How far budgets are spent, by the usage that Postgres has.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::control::caller::{Caller, Reach, Who};
use crate::control::error::ControlError;
use crate::control::{Control, keys, teams, users};
use crate::domain::budget::{self, Applied, Book, Nanos, Period, Policy, Source};
use crate::domain::limit::{Account, Measure, Purse, Scope};
use crate::domain::principal::Principal;
use crate::storage::{Connection, StorageError, budgets};

/// Whose spending is asked for: one of them, or nobody's for the caller's own.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SpendingOf {
    /// A user, with the budgets of the user's team.
    pub user_id: Option<Uuid>,
    /// A team.
    pub team_id: Option<Uuid>,
    /// A key.
    pub key_id: Option<Uuid>,
}

/// How far one budget is spent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Status {
    /// The budget.
    pub budget_id: Uuid,
    /// Whose money it is: a user's, a team's or a key's.
    pub scope: String,
    /// The user, team or key.
    pub subject_id: Uuid,
    /// From where the budget comes.
    pub source: Source,
    /// In what time it may be spent.
    pub period: Period,
    /// When the current period began.
    pub period_starts_at: DateTime<Utc>,
    /// When the next one begins.
    pub resets_at: DateTime<Utc>,
    /// What may be spent.
    pub amount_usd: Nanos,
    /// What is spent.
    pub spent_usd: Nanos,
    /// What is left.
    pub remaining_usd: Nanos,
    /// What is spent, in whole percent.
    pub percent: u32,
    /// What has come of it.
    pub status: budget::Status,
    /// What happens on the way.
    pub policy: Policy,
}

/// What somebody spends.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Spending {
    /// The budgets that apply.
    pub budgets: Vec<Status>,
    /// What is spent today.
    pub daily_usd: Nanos,
    /// What is spent since Monday.
    pub weekly_usd: Nanos,
    /// What is spent this month.
    pub monthly_usd: Nanos,
}

/// Whose spending is read.
#[derive(Debug, Clone, Copy, Default)]
struct Owner {
    user: Option<Uuid>,
    team: Option<Uuid>,
    key: Option<Uuid>,
}

/// The spending of somebody; members see their own, their team's and that of their keys.
///
/// # Errors
/// [`ControlError`]
pub async fn spending(
    control: &Control,
    caller: &Caller,
    asked: SpendingOf,
) -> Result<Spending, ControlError> {
    let _: Reach = caller.reach()?;
    let owner = match (asked.user_id, asked.team_id, asked.key_id, &caller.who) {
        (Some(id), None, None, _) => {
            let team = users::get(control, caller, id).await?.team_id;
            Owner { user: Some(id), team, key: None }
        }
        (None, Some(id), None, _) => {
            teams::get(control, caller, id).await?;
            Owner { team: Some(id), ..Owner::default() }
        }
        (None, None, Some(id), _) => {
            keys::get(control, caller, id).await?;
            Owner { key: Some(id), ..Owner::default() }
        }
        (None, None, None, Who::User { id, team_id, .. }) => {
            Owner { user: Some(*id), team: *team_id, key: None }
        }
        _ => {
            let takes = "takes the id of a user; or give one of team_id and key_id instead";
            return Err(ControlError::invalid("user_id", takes));
        }
    };
    let (purses, spent) = read(control, owner).await?;
    let [daily_usd, weekly_usd, monthly_usd] = spent.map(Nanos);
    let budgets = purses.iter().map(Status::of).collect();
    Ok(Spending { budgets, daily_usd, weekly_usd, monthly_usd })
}

/// The budgets that apply to whoever makes requests with a credential, and what its user has spent
/// today, this week and this month, in nano-dollars.
///
/// # Errors
/// [`ControlError`]
pub async fn spending_of_caller(
    control: &Control,
    principal: &Principal,
) -> Result<(Vec<Purse>, [i64; 3]), ControlError> {
    let user = Some(principal.user_id);
    read(control, Owner { user, team: principal.team_id, key: principal.key_id }).await
}

async fn read(control: &Control, owner: Owner) -> Result<(Vec<Purse>, [i64; 3]), ControlError> {
    control.read(async move |c: &mut Connection| read_by(c, owner).await).await
}

async fn read_by(
    connection: &mut Connection,
    Owner { user, team, key }: Owner,
) -> Result<(Vec<Purse>, [i64; 3]), StorageError> {
    let now = Utc::now();
    let subjects = [user, team, key].into_iter().flatten().collect();
    let book = Book::new(budgets::of_subjects(connection, subjects).await?);
    let purses = purses(connection, book.applied(user, team, key, now)).await?;
    let mut spent = [0; 3];
    let owner = user.map(|id| (Scope::User, id));
    let owner = owner.or(team.map(|id| (Scope::Team, id))).or(key.map(|id| (Scope::Key, id)));
    if let Some((scope, id)) = owner {
        let asked = Period::ALL.map(|period| {
            let account = Account { scope, id, measure: Measure::Money(period) };
            (account, period.window(now))
        });
        let sums = budgets::spent(connection, &asked).await?;
        spent.iter_mut().zip(sums).for_each(|(kept, sum)| *kept = sum);
    }
    Ok((purses, spent))
}

/// What is spent of budgets as they apply.
pub(super) async fn purses(
    connection: &mut Connection,
    applied: Vec<Applied>,
) -> Result<Vec<Purse>, StorageError> {
    let asked: Vec<_> = applied.iter().map(|one| (one.account, one.window)).collect();
    let spent = budgets::spent(connection, &asked).await?;
    let pairs = applied.into_iter().zip(spent);
    Ok(pairs.map(|(applied, spent)| Purse { applied, spent }).collect())
}

impl Status {
    pub(super) fn of(purse: &Purse) -> Self {
        let (applied, budget) = (&purse.applied, &purse.applied.budget);
        let date = |seconds| DateTime::from_timestamp(seconds, 0).unwrap_or_default();
        Self {
            budget_id: budget.id,
            scope: applied.account.scope.name().to_owned(),
            subject_id: applied.account.id,
            source: applied.source,
            period: budget.period,
            period_starts_at: date(applied.window.starts),
            resets_at: date(applied.window.ends),
            amount_usd: Nanos(budget.amount.unwrap_or_default()),
            spent_usd: Nanos(purse.spent),
            remaining_usd: Nanos(purse.remaining()),
            percent: budget.percent(purse.spent),
            status: purse.status(),
            policy: budget.policy.clone(),
        }
    }
}
