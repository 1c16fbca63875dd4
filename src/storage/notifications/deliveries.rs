//! The table `notification_deliveries`: claimed by one instance at a time, settled by whoever still
//! holds the claim, and kept as the log.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{
    BigInt, Bool, Bytea, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::storage::{Connection, Database, StorageError};

/// How long a claim holds: well beyond what an attempt may take. After it another instance tries.
const LEASE_SECONDS: i64 = 60;

/// A delivery that this instance has claimed.
#[derive(Debug, Clone, QueryableByName)]
pub struct Claimed {
    /// The delivery.
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    /// What is told.
    #[diesel(sql_type = SqlUuid)]
    pub notification_id: Uuid,
    /// To whom; the nil id is the destination of the environment.
    #[diesel(sql_type = SqlUuid)]
    pub destination_id: Uuid,
    /// Attempts so far, this one included.
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    /// What destinations get.
    #[diesel(sql_type = Jsonb)]
    pub payload: Value,
    /// Its kind.
    #[diesel(sql_type = Text)]
    pub kind: String,
    /// Whether the destination is there and active.
    #[diesel(sql_type = Bool)]
    pub active: bool,
    /// The destination's target, as it may be shown.
    #[diesel(sql_type = Nullable<Text>)]
    pub target: Option<String>,
    /// A webhook's address and secrets.
    #[diesel(sql_type = Nullable<Bytea>)]
    pub sealed: Option<Vec<u8>>,
}

/// Claims what is due, at most `limit`, for `claim`.
///
/// # Errors
/// [`StorageError`]
pub async fn claim(
    database: &Database,
    claim: Uuid,
    limit: i64,
) -> Result<Vec<Claimed>, StorageError> {
    database
        .run(async move |mut connection| {
            let claimed = diesel::sql_query(
                "with due as (
                     select id from notification_deliveries
                     where state = 'pending' and due_at <= now()
                     order by due_at, id limit $2 for update skip locked
                 ), claimed as (
                     update notification_deliveries set claim = $1, attempts = attempts + 1,
                         due_at = now() + $3 * interval '1 second'
                     where id in (select id from due)
                     returning *
                 )
                 select c.id, c.notification_id, c.destination_id, c.attempts, c.kind, n.payload,
                     coalesce(d.state = 'active', false) as active, d.target, d.sealed
                 from claimed as c join notifications as n on n.id = c.notification_id
                 left join notification_destinations as d on d.id = c.destination_id",
            )
            .bind::<SqlUuid, _>(claim)
            .bind::<BigInt, _>(limit)
            .bind::<BigInt, _>(LEASE_SECONDS)
            .load(&mut connection)
            .await?;
            Ok(claimed)
        })
        .await
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The destination has it, and said so.
    Delivered(String),
    /// It failed and is tried again after this time.
    Again(String, Duration),
    /// It failed and is given up.
    Parked(String),
}

/// Writes down how an attempt ended that took so long; false where the claim no longer holds.
///
/// # Errors
/// [`StorageError`]
pub async fn settle(
    database: &Database,
    (id, claim): (Uuid, Uuid),
    ended: Ended,
    took: Duration,
) -> Result<bool, StorageError> {
    let (state, receipt, error, wait) = match ended {
        Ended::Delivered(receipt) => ("delivered", Some(receipt), None, Duration::ZERO),
        Ended::Again(error, wait) => ("pending", None, Some(error), wait),
        Ended::Parked(error) => ("parked", None, Some(error), Duration::ZERO),
    };
    let milliseconds = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    database
        .run(async move |mut connection| {
            let settled = diesel::sql_query(
                "update notification_deliveries set state = $3, receipt = $4, error = $5, \
                 due_at = now() + $6 * interval '1 millisecond', duration_ms = $7::integer, \
                 claim = null, ended_at = case when $3 = 'pending' then null else now() end \
                 where id = $1 and claim = $2",
            )
            .bind::<SqlUuid, _>(id)
            .bind::<SqlUuid, _>(claim)
            .bind::<Text, _>(state)
            .bind::<Nullable<Text>, _>(receipt)
            .bind::<Nullable<Text>, _>(error)
            .bind::<BigInt, _>(milliseconds(wait))
            .bind::<BigInt, _>(milliseconds(took))
            .execute(&mut connection)
            .await?;
            Ok(settled == 1)
        })
        .await
}

/// A delivery as the log has it.
#[derive(Debug, Clone, QueryableByName)]
#[expect(missing_docs, reason = "the columns")]
pub struct DeliveryRow {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub notification_id: Uuid,
    #[diesel(sql_type = Text)]
    pub category: String,
    #[diesel(sql_type = Text)]
    pub event_type: String,
    #[diesel(sql_type = Text)]
    pub severity: String,
    #[diesel(sql_type = SqlUuid)]
    pub destination_id: Uuid,
    #[diesel(sql_type = Text)]
    pub destination: String,
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Integer)]
    pub attempts: i32,
    #[diesel(sql_type = Timestamptz)]
    pub due_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    pub receipt: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub duration_ms: Option<i32>,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub ended_at: Option<DateTime<Utc>>,
}

/// Which deliveries a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those in this state.
    pub state: Option<&'static str>,
    /// Those to this destination.
    pub destination_id: Option<Uuid>,
    /// Those of this notification.
    pub notification_id: Option<Uuid>,
}

const DELIVERIES: &str = "select d.id, notification_id, category, type as event_type, severity, destination_id, \
    destination, kind, d.state, attempts, due_at, receipt, error, duration_ms, d.created_at, ended_at \
    from notification_deliveries as d join notifications as n on n.id = notification_id";

/// At most `limit` deliveries, latest first, behind the one of an id.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<DeliveryRow>, StorageError> {
    Ok(diesel::sql_query(format!(
        "{DELIVERIES} where ($1 is null or d.state = $1) and ($2 is null or destination_id = $2) \
         and ($3 is null or notification_id = $3) and ($4 is null or (d.created_at, d.id) < \
         (select created_at, id from notification_deliveries where id = $4)) \
         order by d.created_at desc, d.id desc limit $5"
    ))
    .bind::<Nullable<Text>, _>(filter.state)
    .bind::<Nullable<SqlUuid>, _>(filter.destination_id)
    .bind::<Nullable<SqlUuid>, _>(filter.notification_id)
    .bind::<Nullable<SqlUuid>, _>(before)
    .bind::<BigInt, _>(limit)
    .load(connection)
    .await?)
}

/// The delivery of this id.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<DeliveryRow>, StorageError> {
    let found: Vec<DeliveryRow> = diesel::sql_query(format!("{DELIVERIES} where d.id = $1"))
        .bind::<SqlUuid, _>(id)
        .load(connection)
        .await?;
    Ok(found.into_iter().next())
}

/// Has a parked delivery tried again, from the first attempt on; false where it is not parked.
///
/// # Errors
/// [`StorageError`]
pub async fn retry(connection: &mut Connection, id: Uuid) -> Result<bool, StorageError> {
    let retried = diesel::sql_query(
        "update notification_deliveries set state = 'pending', attempts = 0, due_at = now(), \
         ended_at = null where id = $1 and state = 'parked'",
    )
    .bind::<SqlUuid, _>(id)
    .execute(connection)
    .await?;
    Ok(retried == 1)
}
