//! The table `model_mappings`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::model_mappings;

/// A name given to a model, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = model_mappings, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct MappingRow {
    pub id: Uuid,
    pub name: String,
    pub target: String,
    pub created_at: DateTime<Utc>,
}

/// At most `limit` mappings, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<MappingRow>, StorageError> {
    let query = model_mappings::table.select(MappingRow::as_select());
    let mut query = query.order(model_mappings::id.desc()).limit(limit).into_boxed();
    if let Some(before) = before {
        query = query.filter(model_mappings::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// One mapping.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<MappingRow>, StorageError> {
    let query = model_mappings::table.filter(model_mappings::id.eq(id));
    Ok(query.select(MappingRow::as_select()).first(connection).await.optional()?)
}

/// Writes a new mapping.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn insert(connection: &mut Connection, row: &MappingRow) -> Result<(), StorageError> {
    diesel::insert_into(model_mappings::table).values(row).execute(connection).await?;
    Ok(())
}

/// Takes a mapping away.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let target = model_mappings::table.filter(model_mappings::id.eq(id));
    diesel::delete(target).execute(connection).await?;
    Ok(())
}
