//! The table `notification_destinations`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::storage::schema::notification_destinations;
use crate::storage::{Connection, StorageError};

/// Destinations at the most.
pub const MAX_DESTINATIONS: i64 = 100;

/// A destination as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = notification_destinations, treat_none_as_null = true, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct DestinationRow {
    pub id: Uuid,
    pub name: String,
    pub kind: String,
    pub target: String,
    pub sealed: Option<Vec<u8>>,
    pub categories: Vec<String>,
    pub state: String,
    pub replaces: Option<Uuid>,
    pub tested_at: Option<DateTime<Utc>>,
    pub test_error: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// All destinations, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn all(connection: &mut Connection) -> Result<Vec<DestinationRow>, StorageError> {
    Ok(notification_destinations::table
        .select(DestinationRow::as_select())
        .order(notification_destinations::id.desc())
        .limit(MAX_DESTINATIONS)
        .load(connection)
        .await?)
}

/// The destination of this id; locked until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<DestinationRow>, StorageError> {
    Ok(notification_destinations::table
        .find(id)
        .select(DestinationRow::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()?)
}

/// Makes a destination.
///
/// # Errors
/// [`StorageError`]
pub async fn create(connection: &mut Connection, row: &DestinationRow) -> Result<(), StorageError> {
    diesel::insert_into(notification_destinations::table).values(row).execute(connection).await?;
    Ok(())
}

/// Puts a destination in the place of what its id had.
///
/// # Errors
/// [`StorageError`]
pub async fn update(connection: &mut Connection, row: &DestinationRow) -> Result<(), StorageError> {
    diesel::update(notification_destinations::table.find(row.id))
        .set(row)
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes a destination away; its deliveries stay in the log.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(notification_destinations::table.find(id)).execute(connection).await?;
    Ok(())
}
