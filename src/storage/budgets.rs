//! The table `budgets`, and what was spent of them in `spend`.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::database::{Connection, Database};
use super::error::StorageError;
use super::schema::budgets;
use crate::domain::budget::{Budget, Period, Target};
use crate::domain::limit::{Scope, Window};

/// Budgets that are read at the most.
const MAX_BUDGETS: i64 = 200_000;

/// A budget as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = budgets, treat_none_as_null = true, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct BudgetRow {
    pub id: Uuid,
    pub target: String,
    pub subject_id: Uuid,
    pub period: String,
    pub amount_nanos: Option<i64>,
    pub policy: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl BudgetRow {
    /// The budget that the row stands for; `None` where a later version has written what this one
    /// does not know.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        Some(Budget {
            id: self.id,
            target: Target::named(&self.target)?,
            subject_id: self.subject_id,
            period: Period::named(&self.period)?,
            amount: self.amount_nanos,
            policy: serde_json::from_value(self.policy.clone()).ok()?,
        })
    }
}

/// Which budgets a list has.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Those for this.
    pub target: Option<Target>,
    /// Those of this user, team or key.
    pub subject_id: Option<Uuid>,
}

/// All budgets.
///
/// # Errors
/// [`StorageError`]
pub async fn all(database: &Database) -> Result<Vec<Budget>, StorageError> {
    database
        .run(async |mut connection| {
            let rows: Vec<BudgetRow> = budgets::table
                .select(BudgetRow::as_select())
                .limit(MAX_BUDGETS)
                .load(&mut connection)
                .await?;
            Ok(rows.iter().filter_map(BudgetRow::budget).collect())
        })
        .await
}

/// The budgets of these users, teams and keys, and the defaults of all.
///
/// # Errors
/// [`StorageError`]
pub async fn of_subjects(
    connection: &mut Connection,
    mut subjects: Vec<Uuid>,
) -> Result<Vec<Budget>, StorageError> {
    subjects.push(Uuid::nil());
    let rows: Vec<BudgetRow> = budgets::table
        .filter(budgets::subject_id.eq_any(subjects))
        .select(BudgetRow::as_select())
        .load(connection)
        .await?;
    Ok(rows.iter().filter_map(BudgetRow::budget).collect())
}

/// At most `limit` budgets, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    which: &Which,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<BudgetRow>, StorageError> {
    let mut query = budgets::table
        .select(BudgetRow::as_select())
        .order(budgets::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(target) = which.target {
        query = query.filter(budgets::target.eq(target.name()));
    }
    if let Some(subject) = which.subject_id {
        query = query.filter(budgets::subject_id.eq(subject));
    }
    if let Some(before) = before {
        query = query.filter(budgets::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// One budget.
///
/// # Errors
/// [`StorageError`]
pub async fn get(connection: &mut Connection, id: Uuid) -> Result<Option<BudgetRow>, StorageError> {
    let row = budgets::table.find(id).select(BudgetRow::as_select());
    Ok(row.first(connection).await.optional()?)
}

/// Writes a new budget.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where there is one for this subject and period.
pub async fn insert(connection: &mut Connection, row: &BudgetRow) -> Result<(), StorageError> {
    diesel::insert_into(budgets::table).values(row).execute(connection).await?;
    Ok(())
}

/// Writes all columns of a budget that exists.
///
/// # Errors
/// [`StorageError`]
pub async fn update(connection: &mut Connection, row: &BudgetRow) -> Result<(), StorageError> {
    diesel::update(budgets::table.find(row.id)).set(row).execute(connection).await?;
    Ok(())
}

/// Takes a budget away.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(budgets::table.find(id)).execute(connection).await?;
    Ok(())
}

/// What a user, team or key has spent in a window of whole days, in nano-dollars.
///
/// # Errors
/// [`StorageError`]
pub async fn spent(
    connection: &mut Connection,
    scope: Scope,
    subject: Uuid,
    window: Window,
) -> Result<i64, StorageError> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        nanos: i64,
    }
    let sum: Sum = diesel::sql_query(
        "select coalesce(sum(nanos), 0)::bigint as nanos from spend \
         where subject_id = $1 and scope = $2 \
         and day >= (to_timestamp($3) at time zone 'UTC')::date \
         and day < (to_timestamp($4) at time zone 'UTC')::date",
    )
    .bind::<SqlUuid, _>(subject)
    .bind::<diesel::sql_types::Text, _>(scope.name())
    .bind::<BigInt, _>(window.starts)
    .bind::<BigInt, _>(window.ends)
    .get_result(connection)
    .await?;
    Ok(sum.nanos)
}
