//! The table `identity_providers`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::identity_providers;

/// An identity provider as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = identity_providers, check_for_backend(diesel::pg::Pg))]
#[diesel(treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns")]
pub struct ProviderRow {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    pub enabled: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub provisioning: Option<Value>,
}

/// At most `limit` providers, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ProviderRow>, StorageError> {
    let mut query = identity_providers::table
        .select(ProviderRow::as_select())
        .order(identity_providers::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(identity_providers::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// One provider.
///
/// # Errors
/// [`StorageError`]
pub async fn find(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<ProviderRow>, StorageError> {
    let query = identity_providers::table.find(id).select(ProviderRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// Writes a new provider.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn create(
    connection: &mut Connection,
    provider: &ProviderRow,
) -> Result<(), StorageError> {
    diesel::insert_into(identity_providers::table).values(provider).execute(connection).await?;
    Ok(())
}
