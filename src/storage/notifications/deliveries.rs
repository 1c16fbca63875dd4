//! The table `notification_deliveries` as those who deliver see it: claimed by one instance at a time,
//! settled by whoever still holds the claim.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Bool, Bytea, Integer, Jsonb, Nullable, Text, Uuid as SqlUuid};
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

/// Moves what is yet to be delivered from one destination to another.
///
/// # Errors
/// [`StorageError`]
pub async fn move_pending(
    connection: &mut Connection,
    from: Uuid,
    to: Uuid,
) -> Result<(), StorageError> {
    diesel::sql_query(
        "update notification_deliveries set destination_id = $2 \
         where destination_id = $1 and state = 'pending'",
    )
    .bind::<SqlUuid, _>(from)
    .bind::<SqlUuid, _>(to)
    .execute(connection)
    .await?;
    Ok(())
}
