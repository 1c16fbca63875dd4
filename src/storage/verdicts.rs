//! The table `verdicts`.

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::{Connection, Database};
use super::error::StorageError;
use super::listen;
use super::schema::verdicts;

/// Verdicts that are read at the most.
const MAX_VERDICTS: i64 = 50_000;

/// A verdict as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = verdicts, treat_none_as_null = true, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct VerdictRow {
    pub id: Uuid,
    pub endpoint: String,
    pub profile: String,
    pub kind: String,
    pub name: String,
    pub taken: bool,
    pub source: String,
    pub reason: String,
    pub expires_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

/// The verdicts that have not expired, learned ones first.
///
/// # Errors
/// [`StorageError`]
pub async fn valid(database: &Database) -> Result<Vec<VerdictRow>, StorageError> {
    database
        .run(async |mut connection| {
            let lasting = verdicts::expires_at.is_null();
            let lasting = lasting.or(verdicts::expires_at.gt(diesel::dsl::now).assume_not_null());
            Ok(verdicts::table
                .filter(lasting)
                .select(VerdictRow::as_select())
                .order((verdicts::source, verdicts::updated_at))
                .limit(MAX_VERDICTS)
                .load(&mut connection)
                .await?)
        })
        .await
}

/// Writes what was learned, and tells every instance.
///
/// # Errors
/// [`StorageError`]
pub async fn learn(database: &Database, row: VerdictRow) -> Result<(), StorageError> {
    database
        .transaction(async move |connection: &mut Connection| {
            put(connection, &row).await?;
            listen::announce(connection, "verdicts").await
        })
        .await
}

/// Writes a verdict; one of the same source on the same thing gives way.
///
/// # Errors
/// [`StorageError`]
pub async fn put(connection: &mut Connection, row: &VerdictRow) -> Result<(), StorageError> {
    let same =
        (verdicts::endpoint, verdicts::profile, verdicts::kind, verdicts::name, verdicts::source);
    diesel::insert_into(verdicts::table)
        .values(row)
        .on_conflict(same)
        .do_update()
        .set(row)
        .execute(connection)
        .await?;
    Ok(())
}

/// At most `limit` verdicts, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<VerdictRow>, StorageError> {
    let mut query = verdicts::table
        .select(VerdictRow::as_select())
        .order(verdicts::id.desc())
        .limit(limit)
        .into_boxed();
    if let Some(before) = before {
        query = query.filter(verdicts::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// One verdict.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<VerdictRow>, StorageError> {
    let row = verdicts::table.find(id).select(VerdictRow::as_select());
    Ok(row.first(connection).await.optional()?)
}

/// Takes a verdict away.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(verdicts::table.find(id)).execute(connection).await?;
    Ok(())
}
