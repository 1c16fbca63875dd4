//! `ccag migrate`: brings the schema up to date without serving.

use actix::System;

use crate::app::{self, AppError};
use crate::config::Config;

/// Migrates the configured database, or the embedded one.
pub(super) fn migrate(config: &Config) -> Result<(), AppError> {
    let open = app::open_database(&config.database)?;
    let versions = System::new().block_on(crate::storage::migrate(&open.database))?;
    match versions.as_slice() {
        [] => println!("The database is up to date."),
        versions => println!("Migrated: {}.", versions.join(", ")),
    }
    Ok(())
}
