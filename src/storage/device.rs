//! The table `device_authorizations`: sign-ins of clients that wait for somebody to confirm their code.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::device_authorizations as device;

/// A sign-in that waits, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = device, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct DeviceRow {
    pub id: Uuid,
    pub device_code_hash: Vec<u8>,
    pub user_code: String,
    pub surface: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub polled_at: Option<DateTime<Utc>>,
    pub approved: Option<bool>,
    pub user_id: Option<Uuid>,
    pub provider_id: Option<Uuid>,
}

/// Writes a new one, and takes away those that have expired.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the code is taken.
pub async fn insert(connection: &mut Connection, row: &DeviceRow) -> Result<(), StorageError> {
    diesel::delete(device::table.filter(device::expires_at.lt(now))).execute(connection).await?;
    diesel::insert_into(device::table).values(row).execute(connection).await?;
    Ok(())
}

/// The one with this code that waits for a decision.
///
/// # Errors
/// [`StorageError`]
pub async fn waiting(
    connection: &mut Connection,
    user_code: &str,
) -> Result<Option<DeviceRow>, StorageError> {
    let found = device::table
        .filter(device::user_code.eq(user_code))
        .filter(device::expires_at.gt(now).and(device::decided_at.is_null()))
        .select(DeviceRow::as_select())
        .for_update()
        .first(connection)
        .await;
    Ok(found.optional()?)
}

/// Notes what somebody has decided.
///
/// # Errors
/// [`StorageError`]
pub async fn decide(
    connection: &mut Connection,
    id: Uuid,
    approved: bool,
    user_id: Uuid,
    provider_id: Option<Uuid>,
) -> Result<(), StorageError> {
    diesel::update(device::table.find(id))
        .set((
            device::decided_at.eq(now),
            device::approved.eq(approved),
            device::user_id.eq(user_id),
            device::provider_id.eq(provider_id),
        ))
        .execute(connection)
        .await?;
    Ok(())
}

/// The one with this device code, kept as it is until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn of_code(
    connection: &mut Connection,
    hash: &[u8],
) -> Result<Option<DeviceRow>, StorageError> {
    let found = device::table
        .filter(device::device_code_hash.eq(hash).and(device::expires_at.gt(now)))
        .select(DeviceRow::as_select())
        .for_update()
        .first(connection)
        .await;
    Ok(found.optional()?)
}

/// Notes that its client has asked now.
///
/// # Errors
/// [`StorageError`]
pub async fn polled(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let row = device::table.find(id);
    diesel::update(row).set(device::polled_at.eq(now)).execute(connection).await?;
    Ok(())
}

/// Takes one away: its code is used up.
///
/// # Errors
/// [`StorageError`]
pub async fn remove(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(device::table.find(id)).execute(connection).await?;
    Ok(())
}
