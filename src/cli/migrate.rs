//! `ccag migrate`: brings the schema up to date without serving.

use actix::System;

use crate::app::{self, AppError};
use crate::config::Config;
use crate::storage::embedded::default_data_dir;

/// Migrates the configured database, or the embedded one.
pub(super) fn migrate(config: &Config) -> Result<(), AppError> {
    let data_dir = config.database.data_dir.clone().unwrap_or_else(default_data_dir);
    let open = app::open_database(&config.database, &data_dir)?;
    let versions = System::new().block_on(crate::storage::migrate(&open.database))?;
    match versions.as_slice() {
        [] => println!("The database is up to date."),
        versions => println!("Migrated: {}.", versions.join(", ")),
    }
    Ok(())
}
