//! The table `client_sessions`: clients that are signed in.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::{client_sessions, identity_providers, users};
use super::users::UserRow;

/// Sessions that one snapshot holds at the most.
const MAX_SESSIONS: i64 = 200_000;

/// A session as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = client_sessions, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct ClientSessionRow {
    pub id: Uuid,
    pub user_id: Uuid,
    pub provider_id: Option<Uuid>,
    pub surface: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// A session that opens the gateway now.
#[derive(Debug, Clone, Queryable)]
pub struct LiveSession {
    /// The session.
    pub id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// What kind of client it is.
    pub surface: String,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

/// The sessions that are neither ended nor expired, and whose providers are not switched off.
///
/// # Errors
/// [`StorageError`]
pub async fn live(connection: &mut Connection) -> Result<Vec<LiveSession>, StorageError> {
    let query = client_sessions::table
        .left_join(identity_providers::table)
        .filter(client_sessions::ended_at.is_null().and(client_sessions::expires_at.gt(now)))
        .filter(
            client_sessions::provider_id
                .is_null()
                .or(identity_providers::enabled.nullable().assume_not_null()),
        )
        .order(client_sessions::id.desc())
        .limit(MAX_SESSIONS)
        .select((
            client_sessions::id,
            client_sessions::user_id,
            client_sessions::surface,
            client_sessions::expires_at,
        ));
    Ok(query.load(connection).await?)
}

/// At most `limit` live sessions, newest first, each with its user's name.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    user_id: Option<Uuid>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(ClientSessionRow, String)>, StorageError> {
    let mut query = client_sessions::table
        .inner_join(users::table)
        .filter(client_sessions::ended_at.is_null().and(client_sessions::expires_at.gt(now)))
        .select((ClientSessionRow::as_select(), users::name))
        .order(client_sessions::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(user) = user_id {
        query = query.filter(client_sessions::user_id.eq(user));
    }
    if let Some(before) = before {
        query = query.filter(client_sessions::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// A session that was not ended, with its user; kept as it is until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn lock(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<(ClientSessionRow, UserRow)>, StorageError> {
    let found = client_sessions::table
        .inner_join(users::table)
        .filter(client_sessions::id.eq(id).and(client_sessions::ended_at.is_null()))
        .select((ClientSessionRow::as_select(), UserRow::as_select()))
        .for_update()
        .first(connection)
        .await;
    Ok(found.optional()?)
}

/// Whether the provider that a session stands on is switched off.
///
/// # Errors
/// [`StorageError`]
pub async fn is_cut_off(
    connection: &mut Connection,
    session: &ClientSessionRow,
) -> Result<bool, StorageError> {
    let Some(provider) = session.provider_id else { return Ok(false) };
    let enabled = identity_providers::table.find(provider).select(identity_providers::enabled);
    Ok(!enabled.first(connection).await.optional()?.unwrap_or(false))
}

/// Writes a new session.
///
/// # Errors
/// [`StorageError`]
pub async fn insert(
    connection: &mut Connection,
    session: &ClientSessionRow,
) -> Result<(), StorageError> {
    diesel::insert_into(client_sessions::table).values(session).execute(connection).await?;
    Ok(())
}

/// Notes that a session was used now.
///
/// # Errors
/// [`StorageError`]
pub async fn touch(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let session = client_sessions::table.find(id);
    diesel::update(session).set(client_sessions::last_seen_at.eq(now)).execute(connection).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// [`StorageError`]
pub async fn end(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let session = client_sessions::table.find(id);
    diesel::update(session).set(client_sessions::ended_at.eq(now)).execute(connection).await?;
    Ok(())
}
