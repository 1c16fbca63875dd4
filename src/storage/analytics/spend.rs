//! Sums of money, requests and tokens: in all, over time, and by user, team, model and so on.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::{Filter, Grain};
use super::source::Question;
use crate::storage::{Database, StorageError};

/// Most groups of a breakdown.
const MAX_GROUPS: u32 = 1000;
/// The columns of [`Sums`], over rows of sums.
const SUMS: &str = "coalesce(sum(requests), 0)::bigint as requests, \
    coalesce(sum(completed), 0)::bigint as completed, \
    coalesce(sum(failed), 0)::bigint as failed, \
    coalesce(sum(streaming), 0)::bigint as streaming, \
    coalesce(sum(input_tokens), 0)::bigint as input_tokens, \
    coalesce(sum(output_tokens), 0)::bigint as output_tokens, \
    coalesce(sum(cache_read_tokens), 0)::bigint as cache_read_tokens, \
    coalesce(sum(cache_write_5m_tokens), 0)::bigint as cache_write_5m_tokens, \
    coalesce(sum(cache_write_1h_tokens), 0)::bigint as cache_write_1h_tokens, \
    coalesce(sum(web_searches), 0)::bigint as web_searches, \
    coalesce(sum(cost_nanos), 0)::bigint as cost_nanos, \
    coalesce(sum(cache_saved_nanos), 0)::bigint as cache_saved_nanos, \
    coalesce(sum(unpriced), 0)::bigint as unpriced, \
    coalesce(sum(duration_ms), 0)::bigint as duration_ms";

/// What groups are made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// Users.
    User,
    /// Teams.
    Team,
    /// API keys.
    Key,
    /// Models.
    Model,
    /// Endpoints.
    Endpoint,
    /// Projects.
    Project,
}

impl Dimension {
    /// The dimension of a name: `user`, `team`, `key`, `model`, `endpoint` or `project`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "user" => Self::User,
            "team" => Self::Team,
            "key" => Self::Key,
            "model" => Self::Model,
            "endpoint" => Self::Endpoint,
            "project" => Self::Project,
            _ => return None,
        })
    }

    /// The column of the group's id: a UUID for users, teams and keys, else text.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::User => "user_id",
            Self::Team => "team_id",
            Self::Key => "key_id",
            Self::Model => "model",
            Self::Endpoint => "endpoint",
            Self::Project => "project",
        }
    }

    /// An expression for the name of the group `g.of`; null where it is gone or means "none".
    fn name(self) -> &'static str {
        match self {
            Self::User => "(select name from users where users.id = g.of)",
            Self::Team => "(select name from teams where teams.id = g.of)",
            Self::Key => "(select name from api_keys where api_keys.id = g.of)",
            Self::Model | Self::Endpoint | Self::Project => "nullif(g.of, '')",
        }
    }
}

/// Sums over some usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct Sums {
    /// Requests, whatever became of them.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// Of them those whose whole answer was handed to the client.
    #[diesel(sql_type = BigInt)]
    pub completed: i64,
    /// Of them those that failed, were refused by Bedrock, or crashed.
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    /// Of them those that asked for a stream.
    #[diesel(sql_type = BigInt)]
    pub streaming: i64,
    /// Prompt tokens outside the cache.
    #[diesel(sql_type = BigInt)]
    pub input_tokens: i64,
    /// Generated tokens.
    #[diesel(sql_type = BigInt)]
    pub output_tokens: i64,
    /// Tokens read from the cache.
    #[diesel(sql_type = BigInt)]
    pub cache_read_tokens: i64,
    /// Tokens written to the cache for 5 minutes.
    #[diesel(sql_type = BigInt)]
    pub cache_write_5m_tokens: i64,
    /// Tokens written to the cache for 1 hour.
    #[diesel(sql_type = BigInt)]
    pub cache_write_1h_tokens: i64,
    /// Web searches.
    #[diesel(sql_type = BigInt)]
    pub web_searches: i64,
    /// Their price, in billionths of a dollar.
    #[diesel(sql_type = BigInt)]
    pub cost_nanos: i64,
    /// What reading from the cache saved against its price as plain input.
    #[diesel(sql_type = BigInt)]
    pub cache_saved_nanos: i64,
    /// Requests whose model has no price of its own.
    #[diesel(sql_type = BigInt)]
    pub unpriced: i64,
    /// Sum of their times, in milliseconds.
    #[diesel(sql_type = BigInt)]
    pub duration_ms: i64,
    /// How many users made them.
    #[diesel(sql_type = BigInt)]
    pub users: i64,
}

impl Sums {
    /// All prompt tokens.
    #[must_use]
    pub fn prompt_tokens(&self) -> i64 {
        self.input_tokens
            + self.cache_read_tokens
            + self.cache_write_5m_tokens
            + self.cache_write_1h_tokens
    }

    /// All tokens.
    #[must_use]
    pub fn tokens(&self) -> i64 {
        self.prompt_tokens() + self.output_tokens
    }

    /// The share of prompt tokens that came from the cache, 0 to 1.
    #[must_use]
    pub fn cache_rate(&self) -> Option<f64> {
        let prompt = self.prompt_tokens();
        (prompt > 0).then(|| self.cache_read_tokens as f64 / prompt as f64)
    }
}

/// The sums of one group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct Group {
    /// The id or name that the group is made by; the nil id and the empty text mean "none".
    #[diesel(sql_type = Text)]
    pub id: String,
    /// Its name for people, where it has one.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// The last hour or day in which it was used.
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime<Utc>,
    /// Its sums.
    #[diesel(embed)]
    #[serde(flatten)]
    pub sums: Sums,
}

/// One group's sums in one step of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct Point {
    /// Where the step begins.
    #[diesel(sql_type = Timestamptz)]
    pub starts_at: DateTime<Utc>,
    /// The group; `None` is the rest of all groups that are not among the dearest.
    #[diesel(sql_type = Nullable<Text>)]
    pub id: Option<String>,
    /// Its name for people, where it has one.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
    /// Requests.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// Tokens of all classes.
    #[diesel(sql_type = BigInt)]
    pub tokens: i64,
    /// Billionths of a dollar.
    #[diesel(sql_type = BigInt)]
    pub cost_nanos: i64,
}

/// The sums of everything that the filter lets through.
///
/// # Errors
/// [`StorageError`]
pub async fn totals(database: &Database, filter: &Filter) -> Result<Sums, StorageError> {
    // By user first: counting them so needs no sorting.
    let head = format!("select {SUMS}, count(*) as users from (select user_id, {SUMS}");
    let query = filter.query(&head, Question::Sums(&[Dimension::User]), "group by 1) as of_users");
    database.run(async move |mut connection| Ok(query.get_result(&mut connection).await?)).await
}

/// The sums by group, dearest first, at most `limit`.
///
/// # Errors
/// [`StorageError`]
pub async fn breakdown(
    database: &Database,
    filter: &Filter,
    dimension: Dimension,
    limit: u32,
) -> Result<Vec<Group>, StorageError> {
    let column = dimension.column();
    let sums = format!(
        "select of, max(last_at) as last_at, {SUMS}, count(*) as users from (select {column} as of, \
         user_id, max(last_at) as last_at, {SUMS}"
    );
    let asked = [dimension, Dimension::User];
    let rows = (sums.as_str(), asked.as_slice(), "group by 1, 2) as of_users");
    dearest(database, filter, dimension, limit, rows).await
}

/// As [`breakdown`], but without counting users (there are 0): much quicker for models and endpoints,
/// whose sums by day know of no user.
///
/// # Errors
/// [`StorageError`]
pub async fn ranking(
    database: &Database,
    filter: &Filter,
    dimension: Dimension,
    limit: u32,
) -> Result<Vec<Group>, StorageError> {
    let column = dimension.column();
    let sums =
        format!("select {column} as of, max(last_at) as last_at, {SUMS}, 0::bigint as users");
    dearest(database, filter, dimension, limit, (&sums, &[dimension], "")).await
}

async fn dearest(
    database: &Database,
    filter: &Filter,
    dimension: Dimension,
    limit: u32,
    (sums, asked, grouped): (&str, &[Dimension], &str),
) -> Result<Vec<Group>, StorageError> {
    let (name, limit) = (dimension.name(), limit.min(MAX_GROUPS));
    let head = format!("select g.*, g.of::text as id, {name} as name from ({sums}");
    let tail = format!(
        "{grouped} group by 1 order by sum(cost_nanos) desc, sum(requests) desc, 1 limit {limit}) as g \
         order by cost_nanos desc, requests desc, id"
    );
    let query = filter.query(&head, Question::Sums(asked), &tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}

/// The sums over time of the `groups` dearest groups, and of the rest as one; of everything as one
/// where `dimension` is none.
///
/// # Errors
/// [`StorageError`]
pub async fn over_time(
    database: &Database,
    filter: &Filter,
    grain: Grain,
    dimension: Option<Dimension>,
    groups: u32,
) -> Result<Vec<Point>, StorageError> {
    let column = dimension.map_or("null::text", Dimension::column);
    let name = dimension.map_or("null::text", Dimension::name);
    // Truncating a time is dear: of each there is only one afterwards.
    let head = format!(
        "with of_rows as (select starts_at, {column} as of, \
         sum(requests) as requests, sum(cost_nanos) as cost_nanos, \
         sum(input_tokens + output_tokens + cache_read_tokens + cache_write_5m_tokens + \
         cache_write_1h_tokens) as tokens"
    );
    let tail = format!(
        "group by 1, 2), \
         steps as (select date_trunc('{}', starts_at, 'UTC') as starts_at, of, \
         sum(requests) as requests, sum(cost_nanos) as cost_nanos, sum(tokens) as tokens \
         from of_rows group by 1, 2), \
         dearest as (select of from steps where of is not null group by of \
         order by sum(cost_nanos) desc, of limit {}), \
         g as (select starts_at, case when of in (select of from dearest) then of end as of, \
         sum(requests)::bigint as requests, sum(tokens)::bigint as tokens, \
         sum(cost_nanos)::bigint as cost_nanos from steps group by 1, 2) \
         select g.*, g.of::text as id, {name} as name from g order by starts_at, of nulls last",
        grain.name(),
        groups.min(50)
    );
    let asked: Vec<_> = dimension.into_iter().collect();
    let query = filter.query(&head, Question::Steps(grain, &asked), &tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}
