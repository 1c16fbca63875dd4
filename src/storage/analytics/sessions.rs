//! Sessions of Claude Code, and the tree of agents inside each.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::filter::Filter;
use crate::storage::schema::users;
use crate::storage::{Connection, Database, StorageError};

/// What other tables know of a session `s`.
const KNOWN: &str = "(select name from users where users.id = s.user_id) as user_name, \
    (select count(*) from usage_agents as a where a.user_id = s.user_id \
    and a.session_id = s.session_id) as agents";
/// Users of a name at the most.
const MAX_NAMED: i64 = 1000;

/// One session of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct Session {
    /// The user; the nil id where there was none.
    #[diesel(sql_type = SqlUuid)]
    pub user_id: Uuid,
    /// The user's name, where the user still exists.
    #[diesel(sql_type = Nullable<Text>)]
    pub user_name: Option<String>,
    /// Claude Code's id of the session.
    #[diesel(sql_type = Text)]
    pub session_id: String,
    /// The team; the nil id where there was none.
    #[diesel(sql_type = SqlUuid)]
    pub team_id: Uuid,
    /// The project; empty where it is not known.
    #[diesel(sql_type = Text)]
    pub project: String,
    /// The client's last version.
    #[diesel(sql_type = Nullable<Text>)]
    pub client_version: Option<String>,
    /// When its first request began.
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// When its last request ended.
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime<Utc>,
    /// Agents, the main conversation included.
    #[diesel(sql_type = BigInt)]
    pub agents: i64,
    /// Requests.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// Of them those that failed.
    #[diesel(sql_type = BigInt)]
    pub failed: i64,
    /// Prompt tokens outside the cache.
    #[diesel(sql_type = BigInt)]
    pub input_tokens: i64,
    /// Generated tokens.
    #[diesel(sql_type = BigInt)]
    pub output_tokens: i64,
    /// Tokens read from the cache.
    #[diesel(sql_type = BigInt)]
    pub cache_read_tokens: i64,
    /// Tokens written to the cache.
    #[diesel(sql_type = BigInt)]
    pub cache_write_tokens: i64,
    /// Billionths of a dollar.
    #[diesel(sql_type = BigInt)]
    pub cost_nanos: i64,
}

/// The order of a list of sessions, with the place where the page before ended: a session's value
/// and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionOrder {
    /// Latest first.
    Latest(Option<(DateTime<Utc>, String)>),
    /// Dearest first.
    Dearest(Option<(i64, String)>),
}

/// Sessions whose last request lies in the span of time, at most `limit`; filters by user and team
/// apply. With a search, only those whose id begins with that text, or that have it in their project
/// or their user's name.
///
/// # Errors
/// [`StorageError`]
pub async fn sessions(
    database: &Database,
    filter: &Filter,
    order: SessionOrder,
    search: Option<&str>,
    limit: u32,
) -> Result<Vec<Session>, StorageError> {
    let (column, is_later) = match &order {
        SessionOrder::Latest(place) => ("last_at", place.is_some()),
        SessionOrder::Dearest(place) => ("cost_nanos", place.is_some()),
    };
    let ordered = format!("order by {column} desc, session_id desc limit {}", limit.min(1000));
    let before =
        if is_later { format!(" and ({column}, session_id) < ($8, $9)") } else { String::new() };
    let fitting = |condition: &str| {
        format!(
            "(select * from usage_sessions where last_at >= $1 and last_at < $2 \
             and ($3 is null or user_id = any($3)) and ($4 is null or team_id = any($4)){before} \
             {condition} {ordered})"
        )
    };
    // Each way to be found has an index of its own; together they would have none.
    let found = match search {
        None => fitting(""),
        Some(_) => [
            "and session_id like $5",
            "and project <> '' and project ilike $6",
            "and user_id = any($7)",
        ]
        .map(fitting)
        .join(" union "),
    };
    let text =
        format!("select s.*, {KNOWN} from (select * from ({found}) as f {ordered}) as s {ordered}");
    let some = |ids: &[Uuid]| (!ids.is_empty()).then(|| ids.to_vec());
    let (from, to, users, teams) =
        (filter.from, filter.to, some(&filter.users), some(&filter.teams));
    let begins = search.map(|text| format!("{}%", crate::storage::exactly(text)));
    let within = search.map(crate::storage::containing);
    database
        .run(async move |mut connection| {
            let named = match &within {
                Some(pattern) => of_name(&mut connection, pattern).await?,
                None => Vec::new(),
            };
            let query = diesel::sql_query(text)
                .into_boxed::<Pg>()
                .bind::<Timestamptz, _>(from)
                .bind::<Timestamptz, _>(to)
                .bind::<Nullable<Array<SqlUuid>>, _>(users)
                .bind::<Nullable<Array<SqlUuid>>, _>(teams)
                .bind::<Nullable<Text>, _>(begins)
                .bind::<Nullable<Text>, _>(within)
                .bind::<Array<SqlUuid>, _>(named);
            let query = match order {
                SessionOrder::Latest(Some((at, id))) => {
                    query.bind::<Timestamptz, _>(at).bind::<Text, _>(id)
                }
                SessionOrder::Dearest(Some((cost, id))) => {
                    query.bind::<BigInt, _>(cost).bind::<Text, _>(id)
                }
                SessionOrder::Latest(None) | SessionOrder::Dearest(None) => query,
            };
            Ok(query.load(&mut connection).await?)
        })
        .await
}

/// The users whose names fit a pattern.
async fn of_name(connection: &mut Connection, pattern: &str) -> Result<Vec<Uuid>, StorageError> {
    let named = users::table.filter(users::name.ilike(pattern.to_owned()));
    Ok(named.select(users::id).limit(MAX_NAMED).load(connection).await?)
}

/// One session; `None` where the user has none of this id.
///
/// # Errors
/// [`StorageError`]
pub async fn session(
    database: &Database,
    user_id: Uuid,
    session_id: String,
) -> Result<Option<Session>, StorageError> {
    database
        .run(async move |mut connection| {
            let query = diesel::sql_query(format!(
                "select s.*, {KNOWN} from usage_sessions as s \
                     where user_id = $1 and session_id = $2"
            ))
            .bind::<SqlUuid, _>(user_id)
            .bind::<Text, _>(session_id);
            Ok(query.get_result(&mut connection).await.optional()?)
        })
        .await
}

/// One agent of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct Agent {
    /// Its id; empty for the main conversation.
    #[diesel(sql_type = Text)]
    pub agent_id: String,
    /// The agent that started it; none for the main conversation and its direct children.
    #[diesel(sql_type = Nullable<Text>)]
    pub parent_agent_id: Option<String>,
    /// Models it used.
    #[diesel(sql_type = Array<Text>)]
    pub models: Vec<String>,
    /// When its first request began.
    #[diesel(sql_type = Timestamptz)]
    pub started_at: DateTime<Utc>,
    /// When its last request ended.
    #[diesel(sql_type = Timestamptz)]
    pub last_at: DateTime<Utc>,
    /// Requests.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// Prompt tokens outside the cache.
    #[diesel(sql_type = BigInt)]
    pub input_tokens: i64,
    /// Generated tokens.
    #[diesel(sql_type = BigInt)]
    pub output_tokens: i64,
    /// Tokens read from the cache.
    #[diesel(sql_type = BigInt)]
    pub cache_read_tokens: i64,
    /// Tokens written to the cache.
    #[diesel(sql_type = BigInt)]
    pub cache_write_tokens: i64,
    /// Billionths of a dollar.
    #[diesel(sql_type = BigInt)]
    pub cost_nanos: i64,
}

/// The agents of one session, in the order in which they began; `parent_agent_id` makes the tree.
///
/// # Errors
/// [`StorageError`]
pub async fn agents(
    database: &Database,
    user_id: Uuid,
    session_id: String,
) -> Result<Vec<Agent>, StorageError> {
    database
        .run(async move |mut connection| {
            let query = diesel::sql_query(
                "select * from usage_agents where user_id = $1 and session_id = $2 \
                 order by started_at, agent_id limit 1000",
            )
            .bind::<SqlUuid, _>(user_id)
            .bind::<Text, _>(session_id);
            Ok(query.load(&mut connection).await?)
        })
        .await
}
