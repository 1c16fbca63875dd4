//! The table `setup_tokens`: with what a setup script fetches an API key, once.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::setup_tokens;

/// A token as it is stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = setup_tokens, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct SetupTokenRow {
    pub id: Uuid,
    pub token_hash: Vec<u8>,
    pub user_id: Uuid,
    pub key_name: String,
    pub expires_at: DateTime<Utc>,
}

/// Writes a new token, and takes those away that ended a day ago.
///
/// # Errors
/// [`StorageError`]
pub async fn insert(
    connection: &mut Connection,
    token: &SetupTokenRow,
) -> Result<(), StorageError> {
    let day_ago = Utc::now() - chrono::TimeDelta::days(1);
    let ended = setup_tokens::table.filter(setup_tokens::expires_at.lt(day_ago));
    diesel::delete(ended).execute(connection).await?;
    diesel::insert_into(setup_tokens::table).values(token).execute(connection).await?;
    Ok(())
}

/// How many tokens of a user can still be used.
///
/// # Errors
/// [`StorageError`]
pub async fn count(connection: &mut Connection, user_id: Uuid) -> Result<i64, StorageError> {
    let open = setup_tokens::table
        .filter(setup_tokens::user_id.eq(user_id))
        .filter(setup_tokens::used_at.is_null())
        .filter(setup_tokens::expires_at.gt(now));
    Ok(open.count().get_result(connection).await?)
}

/// Uses a token up: whose key is to be made, and its name; `None` where it is unknown, used or
/// expired.
///
/// # Errors
/// [`StorageError`]
pub async fn redeem(
    connection: &mut Connection,
    hash: &[u8],
) -> Result<Option<(Uuid, String)>, StorageError> {
    let open = setup_tokens::table
        .filter(setup_tokens::token_hash.eq(hash))
        .filter(setup_tokens::used_at.is_null())
        .filter(setup_tokens::expires_at.gt(now));
    let used = diesel::update(open)
        .set(setup_tokens::used_at.eq(now))
        .returning((setup_tokens::user_id, setup_tokens::key_name))
        .get_result(connection);
    Ok(used.await.optional()?)
}
