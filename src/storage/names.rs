//! What users, teams and keys are called, by their ids.

use std::collections::HashMap;

use diesel::QueryableByName;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The names of those that exist.
///
/// # Errors
/// [`StorageError`]
pub async fn of(
    connection: &mut Connection,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, String>, StorageError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let named: Vec<Named> = diesel::sql_query(
        "select id, name from users where id = any($1) \
         union all select id, name from teams where id = any($1) \
         union all select id, name from api_keys where id = any($1)",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(connection)
    .await?;
    Ok(named.into_iter().map(|Named { id, name }| (id, name)).collect())
}
