//! The table `endpoint_episodes`: endpoints that are in trouble now. Each beginning and each end is told
//! once, with the row that notes it.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::{Connection, Database};
use super::error::StorageError;
use super::notifications;
use crate::domain::notification::Event;

/// Rows that are read at the most.
const MOST: i64 = 1_000;

/// An episode as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct EpisodeRow {
    /// The endpoint; nil for the one of the environment.
    #[diesel(sql_type = SqlUuid)]
    pub endpoint_id: Uuid,
    /// `unhealthy` or `throttled`.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Its own id.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// When it was noticed.
    #[diesel(sql_type = Timestamptz)]
    pub began_at: DateTime<Utc>,
    /// Since when nobody sees the trouble any more.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub clear_since: Option<DateTime<Utc>>,
}

/// The episodes that have not ended.
///
/// # Errors
/// [`StorageError`]
pub async fn open(database: &Database) -> Result<Vec<EpisodeRow>, StorageError> {
    database
        .run(async |mut connection| {
            let query = diesel::sql_query(
                "select endpoint_id, kind, id, began_at, clear_since from endpoint_episodes limit $1",
            );
            Ok(query.bind::<BigInt, _>(MOST).load(&mut connection).await?)
        })
        .await
}

/// Begins an episode and tells of it, unless another instance did.
///
/// # Errors
/// [`StorageError`]
pub async fn begin(
    database: &Database,
    (endpoint, kind, id): (Uuid, &'static str, Uuid),
    event: Event,
) -> Result<(), StorageError> {
    database
        .transaction(async move |connection: &mut Connection| {
            let begun = diesel::sql_query(
                "insert into endpoint_episodes (endpoint_id, kind, id) values ($1, $2, $3)
                 on conflict do nothing",
            )
            .bind::<SqlUuid, _>(endpoint)
            .bind::<Text, _>(kind)
            .bind::<SqlUuid, _>(id)
            .execute(connection)
            .await?;
            if begun > 0 {
                notifications::write(connection, event).await?;
            }
            Ok(())
        })
        .await
}

/// Notes whether an instance sees an episode's trouble.
///
/// # Errors
/// [`StorageError`]
pub async fn note(database: &Database, id: Uuid, is_clear: bool) -> Result<(), StorageError> {
    database
        .run(async move |mut connection| {
            let text = if is_clear {
                "update endpoint_episodes set clear_since = now() where id = $1 and clear_since is null"
            } else {
                "update endpoint_episodes set clear_since = null where id = $1"
            };
            diesel::sql_query(text).bind::<SqlUuid, _>(id).execute(&mut connection).await?;
            Ok(())
        })
        .await
}

/// Ends an episode that has been clear for `seconds`, and tells of it where there is an `event`; one
/// instance does.
///
/// # Errors
/// [`StorageError`]
pub async fn end(
    database: &Database,
    id: Uuid,
    seconds: i64,
    event: Option<Event>,
) -> Result<(), StorageError> {
    database
        .transaction(async move |connection: &mut Connection| {
            let ended = diesel::sql_query(
                "delete from endpoint_episodes
                 where id = $1 and clear_since <= now() - $2 * interval '1 second'",
            )
            .bind::<SqlUuid, _>(id)
            .bind::<BigInt, _>(seconds)
            .execute(connection)
            .await?;
            if let Some(event) = event.filter(|_| ended > 0) {
                notifications::write(connection, event).await?;
            }
            Ok(())
        })
        .await
}

/// Ends the episodes of an endpoint that is gone or takes no requests any more; nothing is told.
///
/// # Errors
/// [`StorageError`]
pub async fn forget(connection: &mut Connection, endpoint: Uuid) -> Result<(), StorageError> {
    diesel::sql_query("delete from endpoint_episodes where endpoint_id = $1")
        .bind::<SqlUuid, _>(endpoint)
        .execute(connection)
        .await?;
    Ok(())
}
