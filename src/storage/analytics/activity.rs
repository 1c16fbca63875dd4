//! Who is active, and when.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{Filter, Grain};
use super::source::Question;
use super::spend::Dimension;
use crate::storage::{Database, StorageError};

/// The users of one step of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct ActiveUsers {
    /// Where the step begins.
    #[diesel(sql_type = Timestamptz)]
    pub starts_at: DateTime<Utc>,
    /// Users who made a request.
    #[diesel(sql_type = BigInt)]
    pub users: i64,
    /// Of them those who had made none before it in the asked span of time.
    #[diesel(sql_type = BigInt)]
    pub first_seen: i64,
}

/// The active users over time.
///
/// # Errors
/// [`StorageError`]
pub async fn active_users(
    database: &Database,
    filter: &Filter,
    grain: Grain,
) -> Result<Vec<ActiveUsers>, StorageError> {
    let question = Question::Activity(grain, &[Dimension::User]);
    // Hours come sorted from their index: to read them twice is quicker than to keep them.
    let kept = if grain == Grain::Hour { "not materialized" } else { "materialized" };
    let step = filter.step(grain);
    let head = format!("with pairs as {kept} (select distinct {step} as starts_at, user_id");
    let tail = "and user_id <> '00000000-0000-0000-0000-000000000000'), \
        active as (select starts_at, count(*) as users from pairs group by 1), \
        firsts as (select user_id, min(starts_at) as starts_at from pairs group by 1), \
        seen as (select starts_at, count(*) as first_seen from firsts group by 1) \
        select starts_at, users, coalesce(first_seen, 0) as first_seen \
        from active left join seen using (starts_at) order by 1";
    let query = filter.query(&head, question, tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}

/// One hour of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct HeatCell {
    /// 1 is Monday, 7 is Sunday (UTC).
    #[diesel(sql_type = Integer)]
    pub weekday: i32,
    /// 0 to 23 (UTC).
    #[diesel(sql_type = Integer)]
    pub hour: i32,
    /// Requests.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// Billionths of a dollar.
    #[diesel(sql_type = BigInt)]
    pub cost_nanos: i64,
}

/// Requests by hour of the week; hours without any are left out.
///
/// # Errors
/// [`StorageError`]
pub async fn heat_map(database: &Database, filter: &Filter) -> Result<Vec<HeatCell>, StorageError> {
    let head = "select extract(isodow from starts_at at time zone 'UTC')::integer as weekday, \
        extract(hour from starts_at at time zone 'UTC')::integer as hour, \
        sum(requests)::bigint as requests, sum(cost_nanos)::bigint as cost_nanos from \
        (select starts_at, sum(requests) as requests, sum(cost_nanos) as cost_nanos";
    let tail = "group by starts_at) as hours group by 1, 2 order by 1, 2";
    let query = filter.query(head, Question::Activity(Grain::Hour, &[]), tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}
