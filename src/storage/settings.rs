//! The table `settings`.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::Value;

use super::database::{Connection, Database};
use super::error::StorageError;
use super::schema::settings;

/// All settings as (name, JSON value).
///
/// # Errors
/// [`StorageError`]
pub async fn all(database: &Database) -> Result<Vec<(String, Value)>, StorageError> {
    database.run(async |mut connection| all_by(&mut connection).await).await
}

/// All settings as (name, JSON value), by a connection at hand.
///
/// # Errors
/// [`StorageError`]
pub async fn all_by(connection: &mut Connection) -> Result<Vec<(String, Value)>, StorageError> {
    Ok(settings::table.select((settings::name, settings::value)).load(connection).await?)
}

/// Keeps others from changing settings until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn lock(connection: &mut Connection) -> Result<(), StorageError> {
    Ok(connection.batch_execute("lock table settings in share row exclusive mode").await?)
}

/// Stores a setting; null takes it away.
///
/// # Errors
/// [`StorageError`]
pub async fn put(
    connection: &mut Connection,
    name: &str,
    value: Value,
) -> Result<(), StorageError> {
    if value.is_null() {
        diesel::delete(settings::table.find(name)).execute(connection).await?;
        return Ok(());
    }
    let now = diesel::dsl::now;
    diesel::insert_into(settings::table)
        .values((settings::name.eq(name), settings::value.eq(&value), settings::updated_at.eq(now)))
        .on_conflict(settings::name)
        .do_update()
        .set((settings::value.eq(&value), settings::updated_at.eq(now)))
        .execute(connection)
        .await?;
    Ok(())
}
