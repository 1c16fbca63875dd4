//! Which tools models call, and which MCP servers they belong to (`mcp__server__tool`).

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use utoipa::ToSchema;

use super::filter::Filter;
use super::source::Question;
use crate::storage::{Database, StorageError};

/// The server of a tool; null for tools of the client's own.
const SERVER: &str = "substring(tool from '^mcp__(.+?)__')";

/// One tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct Tool {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub tool: String,
    /// The MCP server it belongs to.
    #[diesel(sql_type = Nullable<Text>)]
    pub server: Option<String>,
    /// Requests in which it was called.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// Users who had it called.
    #[diesel(sql_type = BigInt)]
    pub users: i64,
}

/// One MCP server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, QueryableByName)]
pub struct ToolServer {
    /// Its name.
    #[diesel(sql_type = Text)]
    pub server: String,
    /// Its tools that were called.
    #[diesel(sql_type = BigInt)]
    pub tools: i64,
    /// Requests in which they were called; one counts once for each of them.
    #[diesel(sql_type = BigInt)]
    pub requests: i64,
    /// Users who had them called.
    #[diesel(sql_type = BigInt)]
    pub users: i64,
}

/// Tools, most called first, at most `limit`; filters by user and team apply.
///
/// # Errors
/// [`StorageError`]
pub async fn tools(
    database: &Database,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Tool>, StorageError> {
    let head = format!(
        "select tool, {SERVER} as server, sum(requests)::bigint as requests, \
         count(*) as users from (select tool, user_id, sum(requests) as requests"
    );
    let tail = format!(
        "group by 1, 2) as of_users group by 1 order by 3 desc, 1 limit {}",
        limit.min(1000)
    );
    let query = filter.query(&head, Question::Tools, &tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}

/// MCP servers, most called first; filters by user and team apply.
///
/// # Errors
/// [`StorageError`]
pub async fn servers(
    database: &Database,
    filter: &Filter,
) -> Result<Vec<ToolServer>, StorageError> {
    let head = format!(
        "select {SERVER} as server, count(distinct tool) as tools, \
         sum(requests)::bigint as requests, count(distinct user_id) as users \
         from (select tool, user_id, sum(requests) as requests"
    );
    let tail = r"and tool like 'mcp\_\_%\_\_%' group by 1, 2) as of_users group by 1 order by 3 desc, 1 limit 200";
    let query = filter.query(&head, Question::Tools, tail);
    database.run(async move |mut connection| Ok(query.load(&mut connection).await?)).await
}
