//! The table `portal_sessions`: browsers that are signed in.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::{identity_providers, passwords, portal_sessions, users};
use super::users::UserRow;

/// A session as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = portal_sessions, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct SessionRow {
    pub id: Uuid,
    pub secret_hash: Vec<u8>,
    pub user_id: Option<Uuid>,
    pub signed_in_by: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub last_seen_at: DateTime<Utc>,
    pub provider_id: Option<Uuid>,
}

/// A session with its user, and whether that user's password is still the default one.
pub type Found = (SessionRow, Option<UserRow>, Option<bool>);

/// Which sessions a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of this user.
    pub user_id: Option<Uuid>,
    /// Those that were used since then.
    pub seen_since: Option<DateTime<Utc>>,
    /// Those that began since then.
    pub began_since: Option<DateTime<Utc>>,
    /// Those older than this one.
    pub before: Option<Uuid>,
}

/// The session with this secret, unless it was ended or its identity provider is switched off.
///
/// # Errors
/// [`StorageError`]
pub async fn find(
    connection: &mut Connection,
    secret_hash: &[u8],
) -> Result<Option<Found>, StorageError> {
    let found = portal_sessions::table
        .left_join(users::table.left_join(passwords::table))
        .left_join(identity_providers::table)
        .filter(portal_sessions::secret_hash.eq(secret_hash))
        .filter(portal_sessions::ended_at.is_null())
        .filter(
            portal_sessions::provider_id
                .is_null()
                .or(identity_providers::enabled.nullable().assume_not_null()),
        )
        .select((
            SessionRow::as_select(),
            Option::<UserRow>::as_select(),
            passwords::is_default.nullable(),
        ))
        .first(connection)
        .await;
    Ok(found.optional()?)
}

/// At most `limit` sessions that were not ended, newest first, each with its user's name.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<(SessionRow, Option<String>)>, StorageError> {
    let mut query = portal_sessions::table
        .left_join(users::table)
        .filter(portal_sessions::ended_at.is_null())
        .select((SessionRow::as_select(), users::name.nullable()))
        .order(portal_sessions::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(user) = filter.user_id {
        query = query.filter(portal_sessions::user_id.eq(user));
    }
    if let Some(since) = filter.seen_since {
        query = query.filter(portal_sessions::last_seen_at.gt(since));
    }
    if let Some(since) = filter.began_since {
        query = query.filter(portal_sessions::created_at.gt(since));
    }
    if let Some(before) = filter.before {
        query = query.filter(portal_sessions::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// One session that was not ended, with its user's name.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<(SessionRow, Option<String>)>, StorageError> {
    let found = portal_sessions::table
        .left_join(users::table)
        .filter(portal_sessions::id.eq(id))
        .filter(portal_sessions::ended_at.is_null())
        .select((SessionRow::as_select(), users::name.nullable()))
        .first(connection)
        .await;
    Ok(found.optional()?)
}

/// Writes a new session.
///
/// # Errors
/// [`StorageError`]
pub async fn insert(connection: &mut Connection, session: &SessionRow) -> Result<(), StorageError> {
    diesel::insert_into(portal_sessions::table).values(session).execute(connection).await?;
    Ok(())
}

/// Notes that a session was used now.
///
/// # Errors
/// [`StorageError`]
pub async fn touch(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let session = portal_sessions::table.find(id);
    diesel::update(session).set(portal_sessions::last_seen_at.eq(now)).execute(connection).await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// [`StorageError`]
pub async fn end(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let session = portal_sessions::table.find(id);
    diesel::update(session).set(portal_sessions::ended_at.eq(now)).execute(connection).await?;
    Ok(())
}

/// Ends all sessions of a user but one.
///
/// # Errors
/// [`StorageError`]
pub async fn end_others(
    connection: &mut Connection,
    user_id: Uuid,
    except: Option<Uuid>,
) -> Result<(), StorageError> {
    let except = except.unwrap_or(Uuid::nil());
    let others = portal_sessions::user_id.eq(user_id).and(portal_sessions::id.ne(except));
    diesel::update(portal_sessions::table.filter(others.and(portal_sessions::ended_at.is_null())))
        .set(portal_sessions::ended_at.eq(now))
        .execute(connection)
        .await?;
    Ok(())
}
