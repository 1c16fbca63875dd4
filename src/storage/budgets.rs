//! The table `budgets`, and what was spent of them in `spend`.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::database::{Connection, Database};
use super::error::StorageError;
use super::order::{Order, ordered};
use super::schema::budgets;
use crate::domain::budget::{Budget, Period, Target};
use crate::domain::limit::{Account, Window};

/// Budgets that are read at the most.
const MAX_BUDGETS: i64 = 200_000;

/// A budget as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = budgets, check_for_backend(Pg))]
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
    pub subject_name: String,
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
    /// Those for whom this text is part of the name, in any case.
    pub search: Option<String>,
    /// In which order, and from where on.
    pub order: Order,
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

/// At most `limit` budgets.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    which: &Which,
    limit: i64,
) -> Result<Vec<BudgetRow>, StorageError> {
    let mut query = budgets::table.select(BudgetRow::as_select()).limit(limit).into_boxed();
    if let Some(target) = which.target {
        query = query.filter(budgets::target.eq(target.name()));
    }
    if let Some(subject) = which.subject_id {
        query = query.filter(budgets::subject_id.eq(subject));
    }
    if let Some(search) = &which.search {
        query = query.filter(budgets::subject_name.ilike(super::containing(search)));
    }
    let query = ordered!(query, &which.order, budgets::id, budgets::subject_name);
    Ok(query.load(connection).await?)
}

/// The budgets of these ids, as far as there are any.
///
/// # Errors
/// [`StorageError`]
pub async fn of_ids(
    connection: &mut Connection,
    ids: Vec<Uuid>,
) -> Result<Vec<BudgetRow>, StorageError> {
    let query = budgets::table.filter(budgets::id.eq_any(ids)).select(BudgetRow::as_select());
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

/// Writes amount and policy of a budget that exists.
///
/// # Errors
/// [`StorageError`]
pub async fn update(connection: &mut Connection, row: &BudgetRow) -> Result<(), StorageError> {
    let changed = (
        budgets::amount_nanos.eq(row.amount_nanos),
        budgets::policy.eq(&row.policy),
        budgets::updated_at.eq(row.updated_at),
    );
    diesel::update(budgets::table.find(row.id)).set(changed).execute(connection).await?;
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

/// What users, teams and keys have spent, each in a window of whole days, in nano-dollars and in the
/// order that they are asked for.
///
/// # Errors
/// [`StorageError`]
pub async fn spent(
    connection: &mut Connection,
    asked: &[(Account, Window)],
) -> Result<Vec<i64>, StorageError> {
    #[derive(QueryableByName)]
    struct Sum {
        #[diesel(sql_type = BigInt)]
        nanos: i64,
    }
    let scopes: Vec<_> = asked.iter().map(|(account, _)| account.scope.name()).collect();
    let ids: Vec<_> = asked.iter().map(|(account, _)| account.id).collect();
    let starts: Vec<_> = asked.iter().map(|(_, window)| window.starts).collect();
    let ends: Vec<_> = asked.iter().map(|(_, window)| window.ends).collect();
    let sums: Vec<Sum> = diesel::sql_query(
        "select coalesce((select sum(nanos) from spend \
         where subject_id = asked.id and scope = asked.scope \
         and day >= (to_timestamp(asked.starts) at time zone 'UTC')::date \
         and day < (to_timestamp(asked.ends) at time zone 'UTC')::date), 0)::bigint as nanos \
         from unnest($1, $2, $3, $4) with ordinality as asked (id, scope, starts, ends, place) \
         order by place",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Text>, _>(scopes)
    .bind::<Array<BigInt>, _>(starts)
    .bind::<Array<BigInt>, _>(ends)
    .load(connection)
    .await?;
    Ok(sums.into_iter().map(|sum| sum.nanos).collect())
}

/// A budget that was told to be used up.
#[derive(Debug, Clone, QueryableByName)]
pub struct UsedUp {
    /// The budget.
    #[diesel(sql_type = SqlUuid)]
    pub budget_id: Uuid,
    /// Whose money it is: `user`, `team` or `key`.
    #[diesel(sql_type = Text)]
    pub scope: String,
    /// The user, team or key.
    #[diesel(sql_type = SqlUuid)]
    pub subject_id: Uuid,
}

/// Budgets of periods that begin at one of these moments, in Unix seconds, which were told to be
/// used up; at most `limit`, latest first.
///
/// # Errors
/// [`StorageError`]
pub async fn used_up(
    connection: &mut Connection,
    starts: Vec<i64>,
    limit: i64,
) -> Result<Vec<UsedUp>, StorageError> {
    let first = starts.iter().copied().min().unwrap_or_default();
    // The key is `budget:{scope}:{id}:{period}:{start}:{amount}:{percent}`.
    Ok(diesel::sql_query(
        "select (payload #>> '{detail,budget_id}')::uuid as budget_id, \
         split_part(key, ':', 2) as scope, split_part(key, ':', 3)::uuid as subject_id \
         from notifications where type = 'budget_blocked' and created_at >= to_timestamp($1) \
         and split_part(key, ':', 5) = any($2::bigint[]::text[]) \
         order by created_at desc limit $3",
    )
    .bind::<BigInt, _>(first)
    .bind::<Array<BigInt>, _>(starts)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}
