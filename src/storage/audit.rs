//! The table `audit`: append-only, each row chained to the one before it by its hash.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Jsonb, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::Value;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::audit;

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

/// An entry as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct AuditRow {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_name: String,
    pub credential: Option<String>,
    pub address: Option<String>,
    pub action: String,
    pub subject_id: Option<String>,
    pub subject_name: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub hash: Vec<u8>,
}

/// Which entries a list has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Those of this actor.
    pub actor_id: Option<Uuid>,
    /// Those with this action, or with this noun.
    pub action: Option<String>,
    /// Those about this subject.
    pub subject_id: Option<String>,
    /// Those since then.
    pub from: Option<DateTime<Utc>>,
    /// Those before then.
    pub to: Option<DateTime<Utc>>,
    /// Those where an actor's or a subject's name has this text in it, in any case.
    pub search: Option<String>,
}

/// At most `limit` entries before the one of this number, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditRow>, StorageError> {
    let mut query = audit::table
        .select(AuditRow::as_select())
        .order(audit::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(audit::id.lt(before));
    }
    if let Some(actor) = filter.actor_id {
        query = query.filter(audit::actor_id.eq(actor));
    }
    if let Some(action) = &filter.action {
        // The dot and the sign after it bound all actions of the noun.
        let (first, last) = (format!("{action}."), format!("{action}/"));
        let of_noun = audit::action.ge(first).and(audit::action.lt(last));
        query = query.filter(audit::action.eq(action).or(of_noun));
    }
    if let Some(subject) = &filter.subject_id {
        query = query.filter(audit::subject_id.eq(subject));
    }
    if let Some(from) = filter.from {
        query = query.filter(audit::at.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(audit::at.lt(to));
    }
    if let Some(search) = &filter.search {
        let pattern = super::containing(search);
        let of_subject = audit::subject_name.ilike(pattern.clone());
        query = query.filter(audit::actor_name.ilike(pattern).or(of_subject));
    }
    Ok(query.load(connection).await?)
}

#[derive(QueryableByName)]
struct Checked {
    #[diesel(sql_type = BigInt)]
    entries: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    broken_at: Option<i64>,
}

/// How many entries there are, and the first whose hash is not what it must be.
///
/// # Errors
/// [`StorageError`]
pub async fn verify(connection: &mut Connection) -> Result<(i64, Option<i64>), StorageError> {
    let checked: Checked = diesel::sql_query(
        "select count(*) as entries, min(id) filter (where not holds) as broken_at
         from (
             select id, hash = audit_hash(audit)
                 and previous_hash = coalesce(lag(hash) over (order by id),
                     decode(repeat('00', 32), 'hex')) as holds
             from audit
         ) as checked",
    )
    .get_result(connection)
    .await?;
    Ok((checked.entries, checked.broken_at))
}
