//! Models without a price of their own, which were charged a conservative one.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use super::filter::Filter;
use super::source::Question;
use super::spend::Dimension;
use crate::storage::{Database, StorageError};

/// A model without a price of its own.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Unpriced {
    /// The model as its usage names it.
    #[diesel(sql_type = Text)]
    pub model: String,
    /// Requests that were charged so.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// The last hour or day in which there was one.
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime<Utc>,
}

/// The models that were charged so, most used first.
///
/// # Errors
/// [`StorageError`]
pub async fn unpriced(database: &Database, filter: &Filter) -> Result<Vec<Unpriced>, StorageError> {
    let head = "select model, sum(unpriced)::bigint as requests, max(last_at) as last_at";
    let tail = "and unpriced > 0 group by 1 order by 2 desc, 1 limit 200";
    let query = filter.query(head, Question::Sums(&[Dimension::Model]), tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}
