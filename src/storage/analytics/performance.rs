//! How quick models are, from the latency buckets, and how much of their prompts came from the
//! cache.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{Filter, Grain};
use super::source::Question;
use super::spend::Dimension;
use crate::domain::histogram::{BOUNDS, percentile};
use crate::storage::{Database, StorageError};

/// Percentiles of one model or endpoint, in milliseconds; `None` where nothing was measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Latency {
    /// The model or endpoint.
    pub id: String,
    /// Requests that were counted: those that completed.
    pub requests: i64,
    /// Half of the whole answers took at most so long.
    pub p50: Option<f64>,
    /// 95 % did.
    pub p95: Option<f64>,
    /// 99 % did.
    pub p99: Option<f64>,
    /// Half of the first tokens came within this time.
    pub first_token_p50: Option<f64>,
    /// 95 % did.
    pub first_token_p95: Option<f64>,
    /// 99 % did.
    pub first_token_p99: Option<f64>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    requests: i64,
    #[diesel(sql_type = Array<BigInt>)]
    latency: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    first_token: Vec<i64>,
}

impl From<Row> for Latency {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            requests: row.requests,
            p50: percentile(&row.latency, 0.5),
            p95: percentile(&row.latency, 0.95),
            p99: percentile(&row.latency, 0.99),
            first_token_p50: percentile(&row.first_token, 0.5),
            first_token_p95: percentile(&row.first_token, 0.95),
            first_token_p99: percentile(&row.first_token, 0.99),
        }
    }
}

/// The percentiles by model or endpoint, most used first.
///
/// # Errors
/// [`StorageError`]
pub async fn latency(
    database: &Database,
    filter: &Filter,
    dimension: Dimension,
) -> Result<Vec<Latency>, StorageError> {
    let (column, dimension) = match dimension {
        Dimension::Endpoint => ("endpoint", Dimension::Endpoint),
        _ => ("model", Dimension::Model),
    };
    let head = format!(
        "select {column} as id, sum(completed)::bigint as requests, {} as latency, {} as first_token",
        summed("latency"),
        summed("first_token")
    );
    let tail = "and completed > 0 group by 1 order by 2 desc, 1 limit 200";
    let query = filter.query(&head, Question::Latencies(&[dimension]), tail);
    database
        .run(async move |mut connection| {
            let rows: Vec<Row> = query.load(&mut connection).await?;
            Ok(rows.into_iter().map(Latency::from).collect())
        })
        .await
}

/// The sum of an array column, bucket by bucket.
fn summed(column: &str) -> String {
    let sums: Vec<String> =
        (1..=BOUNDS.len() + 1).map(|n| format!("sum({column}[{n}])::bigint")).collect();
    format!("array[{}]", sums.join(", "))
}

/// How much of the prompts came from the cache in one step of time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema, QueryableByName)]
pub struct CacheRate {
    /// Where the step begins.
    #[diesel(sql_type = Timestamptz)]
    pub starts_at: DateTime<Utc>,
    /// Tokens read from the cache.
    #[diesel(sql_type = BigInt)]
    pub cache_read_tokens: i64,
    /// All prompt tokens.
    #[diesel(sql_type = BigInt)]
    pub prompt_tokens: i64,
}

/// The cache's share over time.
///
/// # Errors
/// [`StorageError`]
pub async fn cache_rate(
    database: &Database,
    filter: &Filter,
    grain: Grain,
) -> Result<Vec<CacheRate>, StorageError> {
    let head = format!(
        "select date_trunc('{}', starts_at, 'UTC') as starts_at, \
         sum(cache_read_tokens)::bigint as cache_read_tokens, \
         sum(prompt_tokens)::bigint as prompt_tokens from (select starts_at, \
         sum(cache_read_tokens) as cache_read_tokens, sum(input_tokens + cache_read_tokens + \
         cache_write_5m_tokens + cache_write_1h_tokens) as prompt_tokens",
        grain.name()
    );
    let tail = "group by 1) as sums group by 1 order by 1";
    let query = filter.query(&head, Question::Steps(grain, &[]), tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}
