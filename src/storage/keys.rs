//! The table `api_keys`: what the key cache reads, and the key that exists from the start.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Database;
use super::error::StorageError;
use super::schema::{api_keys, users};
use crate::domain::key::KeyHash;
use crate::domain::principal::Principal;

/// Keys that one snapshot holds at the most.
pub const MAX_KEYS: i64 = 200_000;

#[derive(Queryable)]
struct Row {
    key_hash: Vec<u8>,
    key_id: Uuid,
    user_id: Uuid,
    key_team: Option<Uuid>,
    user_team: Option<Uuid>,
    requests_per_minute: Option<i32>,
    expires_at: Option<DateTime<Utc>>,
}

impl Row {
    fn principal(self) -> Option<(KeyHash, Principal)> {
        let hash = KeyHash::from_bytes(self.key_hash.try_into().ok()?);
        let principal = Principal {
            key_id: self.key_id,
            user_id: self.user_id,
            team_id: self.key_team.or(self.user_team),
            requests_per_minute: self.requests_per_minute.and_then(|n| u32::try_from(n).ok()),
            expires_at: self.expires_at,
        };
        Some((hash, principal))
    }
}

/// The keys that are neither revoked nor expired, at most [`MAX_KEYS`], newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn live(database: &Database) -> Result<Vec<(KeyHash, Principal)>, StorageError> {
    let rows = select(database, None).await?;
    Ok(rows.into_iter().filter_map(Row::principal).collect())
}

/// The principal of one key, where it is neither revoked nor expired.
///
/// # Errors
/// [`StorageError`]
pub async fn find(database: &Database, hash: KeyHash) -> Result<Option<Principal>, StorageError> {
    let rows = select(database, Some(hash)).await?;
    Ok(rows.into_iter().find_map(Row::principal).map(|(_, principal)| principal))
}

async fn select(database: &Database, hash: Option<KeyHash>) -> Result<Vec<Row>, StorageError> {
    database
        .run(async move |mut connection| {
            let mut query = api_keys::table
                .inner_join(users::table)
                .filter(api_keys::revoked_at.is_null())
                .filter(
                    api_keys::expires_at.is_null().or(api_keys::expires_at.gt(diesel::dsl::now)),
                )
                .order(api_keys::created_at.desc())
                .limit(MAX_KEYS)
                .select((
                    api_keys::key_hash,
                    api_keys::id,
                    api_keys::user_id,
                    api_keys::team_id,
                    users::team_id,
                    api_keys::requests_per_minute,
                    api_keys::expires_at,
                ))
                .into_boxed();
            if let Some(hash) = &hash {
                query = query.filter(api_keys::key_hash.eq(hash.as_bytes().to_vec()));
            }
            Ok(query.load(&mut connection).await?)
        })
        .await
}

/// Makes sure that a key with this hash exists and belongs to the user `owner`; an existing one,
/// revoked or not, is left as it is.
///
/// # Errors
/// [`StorageError`]
pub async fn ensure(
    database: &Database,
    name: &'static str,
    hash: KeyHash,
    owner: Uuid,
) -> Result<(), StorageError> {
    database
        .run(async move |mut connection| {
            diesel::insert_into(api_keys::table)
                .values((
                    api_keys::id.eq(Uuid::now_v7()),
                    api_keys::name.eq(name),
                    api_keys::key_hash.eq(hash.as_bytes().to_vec()),
                    api_keys::user_id.eq(owner),
                ))
                .on_conflict(api_keys::key_hash)
                .do_nothing()
                .execute(&mut connection)
                .await?;
            Ok(())
        })
        .await
}
