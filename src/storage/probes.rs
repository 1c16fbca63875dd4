//! The table `endpoint_probes`: what AWS's control planes have told last of each endpoint. One instance
//! asks for all, by a claim.

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::database::{Connection, Database};
use super::error::StorageError;
use super::listen;
use crate::domain::model::ListedProfile;
use crate::domain::quota::Quota;

/// What is announced where a probe has told something new, or is wanted at once.
pub const TABLE: &str = "endpoint_probes";
/// After how long a claim whose probe never ended is free again, in seconds; probes end before.
pub const CLAIM_LASTS: u32 = 120;
/// Rows that are read at the most.
const MOST: i64 = 10_000;

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    endpoint_id: Uuid,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    ended_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Jsonb)]
    profiles: Value,
    #[diesel(sql_type = Nullable<Text>)]
    profiles_error: Option<String>,
    #[diesel(sql_type = Jsonb)]
    quotas: Value,
    #[diesel(sql_type = Nullable<Text>)]
    quotas_error: Option<String>,
}

/// What is known of an endpoint by its probes.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The endpoint; nil for the one of the environment.
    pub endpoint_id: Uuid,
    /// When the last one ended; none while it runs.
    pub ended_at: Option<DateTime<Utc>>,
    /// The profiles that Bedrock listed, when it last did.
    pub profiles: Vec<ListedProfile>,
    /// Why the last probe could not list them.
    pub profiles_error: Option<String>,
    /// The quotas of models, when they were last read.
    pub quotas: Vec<Quota>,
    /// Why the last probe could not read them.
    pub quotas_error: Option<String>,
}

impl From<Row> for Probe {
    fn from(row: Row) -> Self {
        Self {
            endpoint_id: row.endpoint_id,
            ended_at: row.ended_at,
            profiles: read(row.profiles),
            profiles_error: row.profiles_error,
            quotas: read(row.quotas),
            quotas_error: row.quotas_error,
        }
    }
}

/// What another version has stored may not be readable; it is written anew by the next probe.
fn read<T: DeserializeOwned>(stored: Value) -> Vec<T> {
    serde_json::from_value(stored).unwrap_or_default()
}

/// What a probe has found.
pub struct Found {
    /// The profiles, or why they are not known.
    pub profiles: Result<Vec<ListedProfile>, String>,
    /// The quotas, or why they are not known.
    pub quotas: Result<Vec<Quota>, String>,
}

/// The right to probe an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct Claim {
    /// The endpoint; nil for the one of the environment.
    #[diesel(sql_type = SqlUuid)]
    pub endpoint_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    claim: Uuid,
}

/// Claims that one of `endpoints` whose probe is due for the longest, where it is so once in `seconds`;
/// for one instance only.
///
/// # Errors
/// [`StorageError`]
pub async fn claim(
    database: &Database,
    endpoints: Vec<Uuid>,
    seconds: i64,
) -> Result<Option<Claim>, StorageError> {
    database
        .run(async move |mut connection| {
            let claimed: Vec<Claim> = diesel::sql_query(
                "insert into endpoint_probes as last (endpoint_id, claim, claimed_at)
                 select id, gen_random_uuid(), now() from unnest($1) as id
                 left join endpoint_probes as known on known.endpoint_id = id
                 where known.endpoint_id is null
                     or known.claimed_at < now() - $2 * interval '1 second'
                     or (known.ended_at is null
                         and known.claimed_at < now() - $3 * interval '1 second')
                 order by known.claimed_at nulls first limit 1
                 on conflict (endpoint_id) do update
                 set claim = excluded.claim, claimed_at = now(), ended_at = null
                 where last.claimed_at < now() - $2 * interval '1 second'
                     or (last.ended_at is null
                         and last.claimed_at < now() - $3 * interval '1 second')
                 returning endpoint_id, claim",
            )
            .bind::<Array<SqlUuid>, _>(endpoints)
            .bind::<BigInt, _>(seconds)
            .bind::<BigInt, _>(i64::from(CLAIM_LASTS))
            .load(&mut connection)
            .await?;
            Ok(claimed.into_iter().next())
        })
        .await
}

/// Stores what a probe has found and tells every instance. What is not known stays as it was; a probe
/// that took so long that another has the claim counts for nothing.
///
/// # Errors
/// [`StorageError`]
pub async fn end(database: &Database, claim: Claim, found: Found) -> Result<(), StorageError> {
    let (profiles, profiles_error) = stored(found.profiles);
    let (quotas, quotas_error) = stored(found.quotas);
    database
        .transaction(async move |connection: &mut Connection| {
            let updated = diesel::sql_query(
                "update endpoint_probes set ended_at = now(),
                     profiles = coalesce($3, profiles), profiles_error = $4,
                     quotas = coalesce($5, quotas), quotas_error = $6
                 where endpoint_id = $1 and claim = $2",
            )
            .bind::<SqlUuid, _>(claim.endpoint_id)
            .bind::<SqlUuid, _>(claim.claim)
            .bind::<Nullable<Jsonb>, _>(profiles)
            .bind::<Nullable<Text>, _>(profiles_error)
            .bind::<Nullable<Jsonb>, _>(quotas)
            .bind::<Nullable<Text>, _>(quotas_error)
            .execute(connection)
            .await?;
            if updated > 0 {
                listen::announce(connection, TABLE).await?;
            }
            Ok(())
        })
        .await
}

/// Gives a claim back unused: the endpoint is due again, and nothing is known of it.
///
/// # Errors
/// [`StorageError`]
pub async fn give_back(database: &Database, claim: Claim) -> Result<(), StorageError> {
    database
        .run(async move |mut connection| {
            diesel::sql_query("delete from endpoint_probes where endpoint_id = $1 and claim = $2")
                .bind::<SqlUuid, _>(claim.endpoint_id)
                .bind::<SqlUuid, _>(claim.claim)
                .execute(&mut connection)
                .await?;
            Ok(())
        })
        .await
}

fn stored<T: Serialize>(found: Result<Vec<T>, String>) -> (Option<Value>, Option<String>) {
    match found {
        Ok(found) => (serde_json::to_value(found).ok(), None),
        Err(error) => (None, Some(error)),
    }
}

/// Makes the next probe of an endpoint due at once.
///
/// # Errors
/// [`StorageError`]
pub async fn ask(connection: &mut Connection, endpoint: Uuid) -> Result<(), StorageError> {
    diesel::sql_query(
        "update endpoint_probes set claimed_at = 'epoch'
         where endpoint_id = $1 and ended_at is not null",
    )
    .bind::<SqlUuid, _>(endpoint)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets what is known of an endpoint: it is gone, or another one by now.
///
/// # Errors
/// [`StorageError`]
pub async fn forget(connection: &mut Connection, endpoint: Uuid) -> Result<(), StorageError> {
    diesel::sql_query("delete from endpoint_probes where endpoint_id = $1")
        .bind::<SqlUuid, _>(endpoint)
        .execute(connection)
        .await?;
    Ok(())
}

/// What is known of all endpoints.
///
/// # Errors
/// [`diesel::result::Error`]
pub(super) async fn all(connection: &mut Connection) -> diesel::QueryResult<Vec<Probe>> {
    let rows = diesel::sql_query(
        "select endpoint_id, ended_at, profiles, profiles_error, quotas, quotas_error
         from endpoint_probes limit $1",
    );
    let rows: Vec<Row> = rows.bind::<BigInt, _>(MOST).load(connection).await?;
    Ok(rows.into_iter().map(Probe::from).collect())
}

/// What is known of one endpoint.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    endpoint: Uuid,
) -> Result<Option<Probe>, StorageError> {
    let rows: Vec<Row> = diesel::sql_query(
        "select endpoint_id, ended_at, profiles, profiles_error, quotas, quotas_error
         from endpoint_probes where endpoint_id = $1",
    )
    .bind::<SqlUuid, _>(endpoint)
    .load(connection)
    .await?;
    Ok(rows.into_iter().next().map(Probe::from))
}
