//! The table `price_terms`: what the company's contract says about all prices, with its history.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Why;
use crate::domain::price::Terms;
use crate::storage::{Connection, StorageError};

/// Terms as they are stored.
#[derive(Debug, Clone, QueryableByName)]
pub struct TermsRow {
    /// The row.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = BigInt)]
    multiplier_ppm: i64,
    #[diesel(sql_type = BigInt)]
    web_search_nanos: i64,
    /// Why they were set.
    #[diesel(sql_type = Text)]
    pub reason: String,
    /// Who set them.
    #[diesel(sql_type = Nullable<Text>)]
    pub changed_by: Option<String>,
    /// When they began to count; they end where the next begin.
    #[diesel(sql_type = Timestamptz)]
    pub valid_from: DateTime<Utc>,
}

impl TermsRow {
    /// The terms that the row stands for.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms {
            multiplier_ppm: self.multiplier_ppm.unsigned_abs(),
            web_search_nanos: self.web_search_nanos.unsigned_abs(),
        }
    }
}

/// The terms that count now, where any were ever set.
///
/// # Errors
/// [`StorageError`]
pub async fn terms(connection: &mut Connection) -> Result<Option<TermsRow>, StorageError> {
    Ok(terms_history(connection, None, 1).await?.into_iter().next())
}

/// All terms there ever were: the latest first, at most `limit` before the row of an id.
///
/// # Errors
/// [`StorageError`]
pub async fn terms_history(
    connection: &mut Connection,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<TermsRow>, StorageError> {
    Ok(diesel::sql_query(
        "select * from price_terms where $1 is null \
         or (valid_from, id) < (select valid_from, id from price_terms where id = $1) \
         order by valid_from desc, id desc limit $2",
    )
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// Sets the terms that count from now on.
///
/// # Errors
/// [`StorageError`]
pub async fn put_terms(
    connection: &mut Connection,
    terms: Terms,
    why: &Why,
) -> Result<(), StorageError> {
    let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    diesel::sql_query(
        "insert into price_terms (id, multiplier_ppm, web_search_nanos, reason, changed_by) \
         values ($1, $2, $3, $4, $5)",
    )
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<BigInt, _>(number(terms.multiplier_ppm))
    .bind::<BigInt, _>(number(terms.web_search_nanos))
    .bind::<Text, _>(why.reason.clone())
    .bind::<Text, _>(why.changed_by.clone())
    .execute(connection)
    .await?;
    Ok(())
}
