//! The table `notifications`: what is to be told, and who is just telling it.

use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::database::Database;
use super::error::StorageError;
use crate::domain::notification::Event;

/// Writes an event down to be told; false where one with its key is there already.
///
/// # Errors
/// [`StorageError`]
pub async fn enqueue(database: &Database, event: Event) -> Result<bool, StorageError> {
    database
        .run(async move |mut connection| {
            let inserted = diesel::sql_query(
                "insert into notifications (id, key, category, type, severity, payload, created_at) \
                 values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing",
            )
            .bind::<SqlUuid, _>(Uuid::now_v7())
            .bind::<Text, _>(event.stored_key())
            .bind::<Text, _>(event.event_type.category().name())
            .bind::<Text, _>(event.event_type.name())
            .bind::<Text, _>(event.severity.name())
            .bind::<diesel::sql_types::Jsonb, Value>(event.payload())
            .bind::<Timestamptz, _>(event.timestamp)
            .execute(&mut connection)
            .await?;
            Ok(inserted == 1)
        })
        .await
}
