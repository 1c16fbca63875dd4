//! The tables `notifications`, `notification_destinations` and `notification_deliveries`: what is to
//! be told, to whom, and who is just telling it.

pub mod deliveries;
pub mod destinations;
pub mod log;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::database::{Connection, Database};
use super::error::StorageError;
use crate::domain::notification::{Event, Kind};

/// Notifications that are told off to destinations at once.
const BATCH: i64 = 100;

/// Writes an event down to be told; false where one with its key is there already.
///
/// # Errors
/// [`StorageError`]
pub async fn enqueue(database: &Database, event: Event) -> Result<bool, StorageError> {
    database.run(async move |mut connection| write(&mut connection, event).await).await
}

/// As [`enqueue`], within what the caller writes.
///
/// # Errors
/// [`StorageError`]
pub(super) async fn write(connection: &mut Connection, event: Event) -> Result<bool, StorageError> {
    let inserted = diesel::sql_query(
        "insert into notifications (id, key, category, type, severity, payload, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing",
    )
    .bind::<SqlUuid, _>(Uuid::now_v7())
    .bind::<Text, _>(event.stored_key())
    .bind::<Text, _>(event.event_type.category().name())
    .bind::<Text, _>(event.event_type.name())
    .bind::<Text, _>(event.severity.name())
    .bind::<Jsonb, Value>(event.payload())
    .bind::<Timestamptz, _>(event.timestamp)
    .execute(connection)
    .await?;
    Ok(inserted == 1)
}

/// Tells the oldest notifications off to the active destinations that want their category, or to
/// the one of the environment where none is active. Whichever instance comes first does it. Returns
/// how many notifications there were.
///
/// # Errors
/// [`StorageError`]
pub async fn tell_off(
    database: &Database,
    fallback: Option<(String, Kind)>,
) -> Result<usize, StorageError> {
    let (name, kind) = fallback.map(|(name, kind)| (name, kind.name())).unzip();
    database
        .run(async move |mut connection| {
            let told = diesel::sql_query(
                "with due as (
                     select id, category from notifications where state = 'pending'
                     order by created_at, id limit $3 for update skip locked
                 ), wanting as (
                     select id, name, kind, categories from notification_destinations
                     where state = 'active'
                     union all
                     select '00000000-0000-0000-0000-000000000000'::uuid, $1, $2,
                         array['budget', 'rate_limit', 'health']
                     where $1 is not null and not exists
                         (select from notification_destinations where state = 'active')
                 ), made as (
                     insert into notification_deliveries
                         (id, notification_id, destination_id, destination, kind)
                     select gen_random_uuid(), due.id, wanting.id, wanting.name, wanting.kind
                     from due join wanting on due.category = any(wanting.categories)
                     returning notification_id
                 )
                 update notifications set state = case
                     when id in (select notification_id from made) then 'queued' else 'skipped' end
                 where id in (select id from due)",
            )
            .bind::<Nullable<Text>, _>(name)
            .bind::<Nullable<Text>, _>(kind)
            .bind::<BigInt, _>(BATCH)
            .execute(&mut connection)
            .await?;
            Ok(told)
        })
        .await
}

/// A notification as it is stored.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "the columns")]
pub struct NotificationRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub category: String,
    #[diesel(sql_type = Text)]
    pub event_type: String,
    #[diesel(sql_type = Text)]
    pub severity: String,
    #[diesel(sql_type = Jsonb)]
    pub payload: Value,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
}

/// At most `limit` notifications, of one category where it is given, latest first, behind the one
/// of an id.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    category: Option<&'static str>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<NotificationRow>, StorageError> {
    Ok(diesel::sql_query(
        "select id, key, category, type as event_type, severity, payload, state, created_at from notifications \
         where ($1 is null or category = $1) and ($2 is null \
         or (created_at, id) < (select created_at, id from notifications where id = $2)) \
         order by created_at desc, id desc limit $3",
    )
    .bind::<Nullable<Text>, _>(category)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}
