//! The table `settings`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::database::Database;
use super::error::StorageError;
use super::schema::settings;

/// All settings as (name, JSON value).
///
/// # Errors
/// [`StorageError`]
pub async fn all(database: &Database) -> Result<Vec<(String, serde_json::Value)>, StorageError> {
    database
        .run(async |mut connection| {
            let columns = (settings::name, settings::value);
            Ok(settings::table.select(columns).load(&mut connection).await?)
        })
        .await
}
