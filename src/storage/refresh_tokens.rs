//! The table `refresh_tokens`: what keeps a client signed in, each used once.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::refresh_tokens;

/// A refresh token's session, and when the token was used.
///
/// # Errors
/// [`StorageError`]
pub async fn session(
    connection: &mut Connection,
    hash: &[u8],
) -> Result<Option<(Uuid, Option<DateTime<Utc>>)>, StorageError> {
    let token = refresh_tokens::table.filter(refresh_tokens::token_hash.eq(hash)).for_update();
    let found = token.select((refresh_tokens::session_id, refresh_tokens::used_at));
    Ok(found.first(connection).await.optional()?)
}

/// Writes a new refresh token of a session, and takes away those that were used long ago.
///
/// # Errors
/// [`StorageError`]
pub async fn add(
    connection: &mut Connection,
    session_id: Uuid,
    hash: Vec<u8>,
) -> Result<(), StorageError> {
    let stale = diesel::dsl::sql::<diesel::sql_types::Bool>("used_at < now() - interval '30 days'");
    diesel::delete(
        refresh_tokens::table.filter(refresh_tokens::session_id.eq(session_id)).filter(stale),
    )
    .execute(connection)
    .await?;
    diesel::insert_into(refresh_tokens::table)
        .values((refresh_tokens::token_hash.eq(hash), refresh_tokens::session_id.eq(session_id)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Notes that a refresh token was used now, unless it was before.
///
/// # Errors
/// [`StorageError`]
pub async fn note_use(connection: &mut Connection, hash: &[u8]) -> Result<(), StorageError> {
    let token = refresh_tokens::table
        .filter(refresh_tokens::token_hash.eq(hash))
        .filter(refresh_tokens::used_at.is_null());
    diesel::update(token).set(refresh_tokens::used_at.eq(now)).execute(connection).await?;
    Ok(())
}
