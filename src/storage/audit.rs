//! The table `audit`: append-only, each row chained to the one before it by its hash.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::Value;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;

/// What a row says of a change.
#[derive(Debug, Clone)]
pub struct Entry {
    /// `system`, `admin_key`, `user` or `scim`.
    pub actor_kind: &'static str,
    /// The user, where it was one.
    pub actor_id: Option<Uuid>,
    /// The actor's name at that time.
    pub actor_name: String,
    /// By what kind of credential the actor was known.
    pub credential: Option<&'static str>,
    /// The client's address.
    pub address: Option<String>,
    /// What was done, as `noun.verb`.
    pub action: &'static str,
    /// What it was done to.
    pub subject_id: Option<String>,
    /// The name of that, at that time.
    pub subject_name: String,
    /// What it was before; `None` where it did not exist.
    pub before: Option<Value>,
    /// What it is now; `None` where it is gone.
    pub after: Option<Value>,
}

/// The advisory lock that gives the chain its order: "ccag" and 1.
const CHAIN: &str = "select pg_advisory_xact_lock(1667457383, 1)";

#[derive(QueryableByName)]
struct Appended {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    hash: String,
}

/// Appends a row to the chain, which stays locked until the transaction ends. Returns its id and its
/// hash in hexadecimal.
///
/// # Errors
/// [`StorageError`]
pub async fn append(
    connection: &mut Connection,
    entry: Entry,
) -> Result<(i64, String), StorageError> {
    connection.batch_execute(CHAIN).await?;
    let appended: Appended = diesel::sql_query(
        "with last as (
             select coalesce(max(id), 0) as id,
                 coalesce((select hash from audit order by id desc limit 1),
                     decode(repeat('00', 32), 'hex')) as hash
             from audit
         ), entry as (
             select (last.id + 1, clock_timestamp(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
                 last.hash, ''::bytea)::audit as entry
             from last
         )
         insert into audit
         select (entry).id, (entry).at, (entry).actor_kind, (entry).actor_id, (entry).actor_name,
             (entry).credential, (entry).address, (entry).action, (entry).subject_id,
             (entry).subject_name, (entry).before, (entry).after, (entry).previous_hash,
             audit_hash(entry)
         from entry
         returning id, encode(hash, 'hex') as hash",
    )
    .bind::<Text, _>(entry.actor_kind)
    .bind::<Nullable<SqlUuid>, _>(entry.actor_id)
    .bind::<Text, _>(entry.actor_name)
    .bind::<Nullable<Text>, _>(entry.credential)
    .bind::<Nullable<Text>, _>(entry.address)
    .bind::<Text, _>(entry.action)
    .bind::<Nullable<Text>, _>(entry.subject_id)
    .bind::<Text, _>(entry.subject_name)
    .bind::<Nullable<Jsonb>, _>(entry.before)
    .bind::<Nullable<Jsonb>, _>(entry.after)
    .get_result(connection)
    .await?;
    Ok((appended.id, appended.hash))
}
