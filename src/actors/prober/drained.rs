//! What still runs at endpoints that are drained: each instance notes its own, so that any of them can
//! tell when all have ended.

use uuid::Uuid;

use crate::actors::endpoints::EndpointReport;
use crate::storage::endpoints::running;
use crate::storage::{Database, StorageError};

/// Notes what runs at the drained endpoints, where there are any.
pub(super) async fn note(
    database: &Database,
    instance: Uuid,
    reports: &[EndpointReport],
) -> Result<(), StorageError> {
    let mut drained = reports.iter().filter(|report| !report.enabled).peekable();
    if drained.peek().is_none() {
        return Ok(());
    }
    let running = drained.filter(|report| report.in_flight > 0).filter_map(|report| {
        Some((report.id?, i32::try_from(report.in_flight).unwrap_or(i32::MAX)))
    });
    running::note(database, instance, running.collect()).await
}
