//! The Postgres server and the database in it, as the status page tells of them.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;

use super::database::Connection;
use super::error::StorageError;

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Server {
    /// Its version.
    #[diesel(sql_type = Text)]
    pub version: String,
    /// The size of the gateway's database, in bytes.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    /// The migration that ran last.
    #[diesel(sql_type = Nullable<Text>)]
    pub schema: Option<String>,
    /// Whether lists are searched by an index.
    #[diesel(sql_type = diesel::sql_types::Bool)]
    pub has_trigrams: bool,
}

/// Asks the server.
///
/// # Errors
/// [`StorageError`]
pub async fn ask(connection: &mut Connection) -> Result<Server, StorageError> {
    let query = diesel::sql_query(
        "select current_setting('server_version') as version, \
         pg_database_size(current_database())::bigint as bytes, \
         (select max(version) from __diesel_schema_migrations) as schema, \
         exists (select from pg_extension where extname = 'pg_trgm') as has_trigrams",
    );
    Ok(query.get_result(connection).await?)
}
