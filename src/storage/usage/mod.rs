//! The table `usage`: one row per request, written in batches straight from the journal's lines.

mod rows;
mod upkeep;

use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

pub use rows::{UsageCursor, UsageFilter, UsageRow, list};
pub use upkeep::{Retention, delete_outlived, keep_partitions};

use super::database::Database;
use super::error::StorageError;

/// How long a batch may take; written twice, it is there once.
const PATIENCE: Duration = Duration::from_secs(10);

/// Inserts records, given as one JSON array whose members are named like the columns; records
/// that are there already are skipped. Returns how many were new.
///
/// # Errors
/// [`StorageError`]; `Refused` concerns the batch as a whole, of which nothing is written.
pub async fn insert(database: &Database, records: String) -> Result<usize, StorageError> {
    database
        .run_within(PATIENCE, async move |mut connection| {
            let inserted = diesel::sql_query(
                "insert into usage select * from jsonb_populate_recordset(null::usage, $1::jsonb) \
                 on conflict do nothing",
            )
            .bind::<Text, _>(records)
            .execute(&mut connection)
            .await?;
            Ok(inserted)
        })
        .await
}

/// Makes the partitions for the months of these moments (RFC 3339), as far as they lack.
///
/// # Errors
/// [`StorageError`]
pub async fn ensure_partitions(
    database: &Database,
    moments: Vec<String>,
) -> Result<(), StorageError> {
    database
        .run(async move |mut connection| {
            for moment in moments {
                diesel::sql_query("select usage_ensure_partition($1::timestamptz)")
                    .bind::<Text, _>(moment)
                    .execute(&mut connection)
                    .await?;
            }
            Ok(())
        })
        .await
}
