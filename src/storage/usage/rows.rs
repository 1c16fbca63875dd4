//! The rows of `usage` as lists and exports read them: latest first, page by page behind a place,
//! along an index.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::storage::analytics::{Filter, Statement};
use crate::storage::{Database, StorageError};

/// One request as it is stored, with the names of those it belongs to, where they still exist.
#[derive(Debug, Clone, Serialize, QueryableByName, ToSchema)]
pub struct UsageRow {
    /// The value of the reply's `request-id` header.
    #[diesel(sql_type = Text)]
    pub request_id: String,
    /// When its head had been read.
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// When its answer ended.
    #[diesel(sql_type = Timestamptz)]
    pub ended_at: DateTime<Utc>,
    /// The API key.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub key_id: Option<Uuid>,
    /// The key's name.
    #[diesel(sql_type = Nullable<Text>)]
    pub key_name: Option<String>,
    /// The user.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub user_id: Option<Uuid>,
    /// The user's name.
    #[diesel(sql_type = Nullable<Text>)]
    pub user_name: Option<String>,
    /// The team it is counted for.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub team_id: Option<Uuid>,
    /// The team's name.
    #[diesel(sql_type = Nullable<Text>)]
    pub team_name: Option<String>,
    /// Claude Code's id of the session.
    #[diesel(sql_type = Nullable<Text>)]
    pub session_id: Option<String>,
    /// The subagent of the session.
    #[diesel(sql_type = Nullable<Text>)]
    pub agent_id: Option<String>,
    /// The agent that started it.
    #[diesel(sql_type = Nullable<Text>)]
    pub parent_agent_id: Option<String>,
    /// The project, from `x-ccag-project`.
    #[diesel(sql_type = Nullable<Text>)]
    pub project: Option<String>,
    /// The client's version.
    #[diesel(sql_type = Nullable<Text>)]
    pub client_version: Option<String>,
    /// The model as the client asked for it.
    #[diesel(sql_type = Nullable<Text>)]
    pub model: Option<String>,
    /// Anthropic's id of the model, where the gateway knows it.
    #[diesel(sql_type = Nullable<Text>)]
    pub model_id: Option<String>,
    /// The inference profile that served it.
    #[diesel(sql_type = Nullable<Text>)]
    pub profile: Option<String>,
    /// The endpoint that served it.
    #[diesel(sql_type = Nullable<Text>)]
    pub endpoint: Option<String>,
    /// Whether a stream was asked for.
    #[diesel(sql_type = Bool)]
    pub streaming: bool,
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
    /// Whether the output tokens are estimated from what was sent.
    #[diesel(sql_type = Bool)]
    pub tokens_estimated: bool,
    /// Searches of the web that were charged.
    #[diesel(sql_type = Nullable<Integer>)]
    pub web_searches: Option<i32>,
    /// The price, in billionths of a dollar.
    #[diesel(sql_type = BigInt)]
    pub cost_nanos: i64,
    /// What reading from the cache saved against its price as plain input.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub cache_saved_nanos: Option<i64>,
    /// False where the model had no price and a conservative one was charged.
    #[diesel(sql_type = Bool)]
    pub priced: bool,
    /// The stored price that it was charged; null for built-in ones.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub price_id: Option<Uuid>,
    /// `completed`, `client_aborted`, `failed`, `refused` by Bedrock, `rejected` by the gateway, or `crashed`.
    #[diesel(sql_type = Text)]
    pub outcome: String,
    /// The HTTP status that the client saw.
    #[diesel(sql_type = SmallInt)]
    pub status: i16,
    /// The type of the error it ended with.
    #[diesel(sql_type = Nullable<Text>)]
    pub error_type: Option<String>,
    /// Why it ended so.
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    /// Why the model stopped.
    #[diesel(sql_type = Nullable<Text>)]
    pub stop_reason: Option<String>,
    /// Tools that the model called.
    #[diesel(sql_type = Nullable<Array<Text>>)]
    pub tools: Option<Vec<String>>,
    /// Milliseconds until the first generated token.
    #[diesel(sql_type = Nullable<Integer>)]
    pub first_token_ms: Option<i32>,
}

/// Which rows a list has.
#[derive(Debug, Clone)]
pub struct UsageFilter {
    /// The span of time, exact to the microsecond, and whose requests.
    pub of: Filter,
    /// Only these requests; none means all.
    pub requests: Vec<String>,
    /// Only these sessions.
    pub sessions: Vec<String>,
    /// Only these outcomes.
    pub outcomes: Vec<String>,
}

/// The place of a row in the list: the next page begins behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageCursor {
    /// Its `started_at`.
    pub started_at: DateTime<Utc>,
    /// Its `request_id`.
    pub request_id: String,
}

/// At most `limit` rows behind a place, latest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    database: &Database,
    filter: &UsageFilter,
    after: Option<UsageCursor>,
    limit: u32,
) -> Result<Vec<UsageRow>, StorageError> {
    let text = "select u.*, (select name from api_keys as k where k.id = u.key_id) as key_name, \
        (select name from users where users.id = u.user_id) as user_name, \
        (select name from teams where teams.id = u.team_id) as team_name \
        from usage as u where started_at >= $1 and started_at < $2";
    let of = &filter.of;
    let mut statement = Statement::over(text.to_owned(), of)
        .people(of)
        .ids("key_id", &of.keys)
        .names("coalesce(model_id, model)", &of.models)
        .names("endpoint", &of.endpoints)
        .names("project", &of.projects)
        .names("request_id", &filter.requests)
        .names("session_id", &filter.sessions)
        .names("outcome", &filter.outcomes);
    if let Some(UsageCursor { started_at, request_id }) = after {
        statement =
            statement.before::<Timestamptz, _>("started_at, request_id", (started_at, request_id));
    }
    let tail = format!("order by started_at desc, request_id desc limit {}", limit.min(1001));
    let query = statement.ending(&tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}
