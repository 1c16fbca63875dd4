//! The table `scim_tokens`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::storage::database::Connection;
use crate::storage::error::StorageError;
use crate::storage::schema::{identity_providers, scim_tokens};

/// A token as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = scim_tokens, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct TokenRow {
    pub id: Uuid,
    pub provider_id: Uuid,
    pub name: String,
    pub token_hash: Vec<u8>,
    pub prefix: String,
    pub created_at: DateTime<Utc>,
    pub expires_at: Option<DateTime<Utc>>,
    pub last_used_at: Option<DateTime<Utc>>,
}

/// The token with this hash and the name of its provider, where both are valid now; marks it as used
/// where that was not done for a minute.
///
/// # Errors
/// [`StorageError`]
pub async fn find(
    connection: &mut Connection,
    hash: &[u8],
) -> Result<Option<(Uuid, String)>, StorageError> {
    let found: Option<(TokenRow, String)> = scim_tokens::table
        .inner_join(identity_providers::table)
        .filter(scim_tokens::token_hash.eq(hash))
        .filter(scim_tokens::expires_at.is_null().or(scim_tokens::expires_at.gt(Utc::now())))
        .filter(identity_providers::enabled)
        .select((TokenRow::as_select(), identity_providers::name))
        .first(connection)
        .await
        .optional()?;
    let Some((token, provider)) = found else { return Ok(None) };
    let minute_ago = Utc::now() - chrono::TimeDelta::seconds(60);
    if token.last_used_at.is_none_or(|used| used < minute_ago) {
        let row = scim_tokens::table.find(token.id);
        diesel::update(row).set(scim_tokens::last_used_at.eq(now)).execute(connection).await?;
    }
    Ok(Some((token.provider_id, provider)))
}

/// When each of these providers last used one of its tokens, within a minute.
///
/// # Errors
/// [`StorageError`]
pub async fn last_used(
    connection: &mut Connection,
    providers: &[Uuid],
) -> Result<HashMap<Uuid, Option<DateTime<Utc>>>, StorageError> {
    let used = scim_tokens::table
        .filter(scim_tokens::provider_id.eq_any(providers))
        .group_by(scim_tokens::provider_id)
        .select((scim_tokens::provider_id, diesel::dsl::max(scim_tokens::last_used_at)));
    Ok(used.load(connection).await?.into_iter().collect())
}

/// At most `limit` tokens of a provider, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    provider_id: Uuid,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<TokenRow>, StorageError> {
    let mut query = scim_tokens::table
        .filter(scim_tokens::provider_id.eq(provider_id))
        .select(TokenRow::as_select())
        .order(scim_tokens::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(scim_tokens::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// Writes a new token.
///
/// # Errors
/// [`StorageError`]
pub async fn insert(connection: &mut Connection, token: &TokenRow) -> Result<(), StorageError> {
    diesel::insert_into(scim_tokens::table).values(token).execute(connection).await?;
    Ok(())
}

/// Takes a provider's token away; `None` where it has none of this id.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(
    connection: &mut Connection,
    provider_id: Uuid,
    id: Uuid,
) -> Result<Option<TokenRow>, StorageError> {
    let rows = scim_tokens::table.find(id).filter(scim_tokens::provider_id.eq(provider_id));
    let gone = diesel::delete(rows).returning(TokenRow::as_returning()).get_result(connection);
    Ok(gone.await.optional()?)
}

/// How many tokens a provider has.
///
/// # Errors
/// [`StorageError`]
pub async fn count(connection: &mut Connection, provider_id: Uuid) -> Result<i64, StorageError> {
    let of_provider = scim_tokens::table.filter(scim_tokens::provider_id.eq(provider_id));
    Ok(of_provider.count().get_result(connection).await?)
}
