//! Brings the schema up to date, one instance at a time.

use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::database::Database;
use super::error::StorageError;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Runs the migrations that the database lacks, behind an advisory lock, and makes the usage
/// partitions of this month and the next. Returns the versions that ran.
///
/// # Errors
/// [`StorageError`]; a migration that fails is rolled back whole.
pub async fn migrate(database: &Database) -> Result<Vec<String>, StorageError> {
    database
        .run_apart(async |mut connection| {
            // The lock ends with the connection. "ccag" in ASCII.
            connection
                .batch_execute("set statement_timeout = 0; select pg_advisory_lock(1667457383)")
                .await?;
            let mut harness = AsyncMigrationHarness::new(connection);
            let versions = harness
                .run_pending_migrations(MIGRATIONS)
                .map_err(|error| StorageError::Refused(error.to_string()))?
                .iter()
                .map(ToString::to_string)
                .collect();
            let mut connection = harness.into_inner();
            connection
                .batch_execute(
                    "select usage_ensure_partition(now()), \
                     usage_ensure_partition(now() + interval '1 month')",
                )
                .await?;
            Ok(versions)
        })
        .await
}
