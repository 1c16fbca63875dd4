//! The table `price_refreshes`: when the AWS Price List was last read, so that one instance reads it
//! for all.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection as _, RunQueryDsl};

use crate::domain::price::Price;
use crate::storage::{Connection, Database, StorageError};

/// The only source of refreshes.
const PRICE_LIST: &str = "price_list";

/// The last refresh.
#[derive(Debug, Clone, QueryableByName)]
pub struct LastRefresh {
    /// When it began.
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// When it ended; none while it runs.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
    /// How many prices it changed.
    #[diesel(sql_type = Nullable<Integer>)]
    pub changed: Option<i32>,
    /// Why it failed.
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
}

/// The last refresh, where there was one.
///
/// # Errors
/// [`StorageError`]
pub async fn last_refresh(
    connection: &mut Connection,
) -> Result<Option<LastRefresh>, StorageError> {
    let found: Vec<LastRefresh> = diesel::sql_query(
        "select started_at, ended_at, changed, error from price_refreshes where source = $1",
    )
    .bind::<Text, _>(PRICE_LIST)
    .load(connection)
    .await?;
    Ok(found.into_iter().next())
}

/// Makes the next refresh due at once.
///
/// # Errors
/// [`StorageError`]
pub async fn ask_refresh(connection: &mut Connection) -> Result<(), StorageError> {
    diesel::sql_query(
        "update price_refreshes set started_at = 'epoch' where source = $1 and ended_at is not null",
    )
    .bind::<Text, _>(PRICE_LIST)
    .execute(connection)
    .await?;
    Ok(())
}

/// Claims the refresh that is due once in `seconds`; true for one instance only. A claim whose
/// refresh never ended is free again after ten minutes.
///
/// # Errors
/// [`StorageError`]
pub async fn claim_refresh(database: &Database, seconds: i64) -> Result<bool, StorageError> {
    database
        .run(async move |mut connection| {
            let claimed = diesel::sql_query(
                "insert into price_refreshes as last (source, started_at) values ($1, now()) \
                 on conflict (source) do update set started_at = now(), ended_at = null, \
                 changed = null, error = null \
                 where last.started_at < now() - $2 * interval '1 second' \
                 or (last.ended_at is null and last.started_at < now() - interval '10 minutes')",
            )
            .bind::<Text, _>(PRICE_LIST)
            .bind::<BigInt, _>(seconds)
            .execute(&mut connection)
            .await?;
            Ok(claimed > 0)
        })
        .await
}

/// Stores the prices of the list, in one transaction, and notes how the refresh ended. Returns how
/// many have changed.
///
/// # Errors
/// [`StorageError`]
pub async fn end_refresh(
    database: &Database,
    refreshed: Result<Vec<Price>, String>,
) -> Result<usize, StorageError> {
    database
        .run(async move |mut connection| {
            let (prices, error) = match refreshed {
                Ok(prices) => (prices, None),
                Err(error) => (Vec::new(), Some(error)),
            };
            connection
                .transaction(async move |connection| {
                    let mut changed = 0;
                    for price in &prices {
                        changed += usize::from(super::put(connection, price, None).await?);
                    }
                    diesel::sql_query(
                        "update price_refreshes set ended_at = now(), changed = $2, error = $3 \
                         where source = $1",
                    )
                    .bind::<Text, _>(PRICE_LIST)
                    .bind::<Integer, _>(i32::try_from(changed).unwrap_or(i32::MAX))
                    .bind::<Nullable<Text>, _>(error)
                    .execute(connection)
                    .await?;
                    Ok(changed)
                })
                .await
        })
        .await
}
