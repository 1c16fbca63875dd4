//! The upkeep of usage: the months to come get their partitions ahead of time, and what has been
//! kept for long enough goes, class by class. One instance does it at a time.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};

use crate::storage::{Connection, Database, StorageError};

/// Names the work among the advisory locks.
const LOCK: i64 = 0x6363_6167_7570;
/// Months that have their partition ahead of time.
const AHEAD: i64 = 3;
/// Rows of one table that are deleted at once.
const BATCH: i64 = 20_000;

/// How long what can be deleted row by row is kept, in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Sums by hour, and sessions with their agents.
    pub hourly: u32,
    /// Sums by day.
    pub daily: u32,
    /// Notifications and their deliveries.
    pub notifications: u32,
}

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

#[derive(QueryableByName)]
struct Month {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Makes the partitions to come and drops those of months all of whose requests are older than so
/// many days; the dropped ones, or `None` where another instance is at it.
///
/// # Errors
/// [`StorageError`]
pub async fn keep_partitions(
    database: &Database,
    days: u32,
) -> Result<Option<Vec<String>>, StorageError> {
    database
        .transaction(async move |connection: &mut Connection| {
            // Waits for no long reader: behind this all writers would wait.
            connection.batch_execute("set local lock_timeout = '2s'").await?;
            if !is_alone(connection).await? {
                return Ok(None);
            }
            make_partitions(connection).await?;
            Ok(Some(drop_partitions(connection, days).await?))
        })
        .await
}

/// Deletes sums, sessions and notifications that were kept for long enough, a bounded number; how
/// many, or `None` where another instance is at it.
///
/// # Errors
/// [`StorageError`]
pub async fn delete_outlived(
    database: &Database,
    retention: Retention,
) -> Result<Option<usize>, StorageError> {
    database
        .transaction(async move |connection: &mut Connection| {
            if !is_alone(connection).await? {
                return Ok(None);
            }
            // A week is kept for as long as one of its days is.
            let weekly = retention.daily.saturating_add(7);
            let mut deleted = 0;
            for (table, column, days) in [
                ("usage_hourly", "starts_at", retention.hourly),
                ("usage_activity", "starts_at", retention.hourly),
                ("usage_hourly_models", "starts_at", retention.hourly),
                ("usage_hourly_projects", "starts_at", retention.hourly),
                ("usage_sessions", "last_at", retention.hourly),
                ("usage_agents", "last_at", retention.hourly),
                ("usage_daily", "starts_at", retention.daily),
                ("usage_daily_models", "starts_at", retention.daily),
                ("usage_daily_projects", "starts_at", retention.daily),
                ("usage_daily_people", "starts_at", retention.daily),
                ("usage_tools", "starts_at", retention.daily),
                ("usage_weekly", "starts_at", weekly),
                ("usage_weekly_people", "starts_at", weekly),
                ("usage_weekly_tools", "starts_at", weekly),
                ("notifications", "created_at", retention.notifications),
            ] {
                deleted += delete(connection, table, column, days).await?;
            }
            Ok(Some(deleted))
        })
        .await
}

async fn is_alone(connection: &mut Connection) -> Result<bool, StorageError> {
    let taken: Taken = diesel::sql_query("select pg_try_advisory_xact_lock($1) as taken")
        .bind::<BigInt, _>(LOCK)
        .get_result(connection)
        .await?;
    Ok(taken.taken)
}

async fn make_partitions(connection: &mut Connection) -> Result<(), StorageError> {
    diesel::sql_query(
        "select usage_ensure_partition(now() + n * interval '1 month') \
         from generate_series(0, $1) as n",
    )
    .bind::<BigInt, _>(AHEAD)
    .execute(connection)
    .await?;
    Ok(())
}

async fn drop_partitions(
    connection: &mut Connection,
    days: u32,
) -> Result<Vec<String>, StorageError> {
    let months: Vec<Month> = diesel::sql_query(
        "select relname::text as name from pg_inherits join pg_class on pg_class.oid = inhrelid \
         where inhparent = 'usage'::regclass and relname ~ '^usage_[0-9]{4}_[0-9]{2}$' \
         and (to_date(substring(relname from 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC' \
         <= now() - $1 * interval '1 day' order by 1",
    )
    .bind::<BigInt, _>(i64::from(days))
    .load(connection)
    .await?;
    for month in &months {
        // The name is one of ours: letters, digits and underscores.
        connection.batch_execute(&format!("drop table {}", month.name)).await?;
    }
    Ok(months.into_iter().map(|month| month.name).collect())
}

/// Deletes the oldest rows that are older than so many days, a bounded number at a time.
async fn delete(
    connection: &mut Connection,
    table: &str,
    column: &str,
    days: u32,
) -> Result<usize, StorageError> {
    let deleted = diesel::sql_query(format!(
        "delete from {table} where ctid = any(array(select ctid from {table} \
         where {column} < now() - $1 * interval '1 day' order by {column} limit {BATCH}))"
    ))
    .bind::<BigInt, _>(i64::from(days))
    .execute(connection)
    .await?;
    Ok(deleted)
}
