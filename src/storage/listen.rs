//! LISTEN and NOTIFY: the facts that writers announce when rows have changed.

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt as _;
use serde::Deserialize;

use super::database::{Connection, Database};
use super::error::StorageError;

/// What a writer announces on the channel `ccag_changes`, as JSON.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub struct Announcement {
    /// The table whose rows have changed.
    pub table: String,
}

/// Listens until the connection is lost, the future is dropped, or `heard` returns false. `ready`
/// runs once the channel is open: what changed before it was not heard.
///
/// # Errors
/// The loss of the connection.
pub async fn listen(
    database: &Database,
    ready: impl FnOnce() + Send + 'static,
    heard: impl Fn(Announcement) -> bool + Send + 'static,
) -> Result<(), StorageError> {
    database
        .run_apart(async move |mut connection| {
            connection.batch_execute("listen ccag_changes").await?;
            ready();
            let mut notifications = std::pin::pin!(connection.notifications_stream());
            while let Some(notification) = notifications.next().await {
                let notification = notification?;
                match serde_json::from_str(&notification.payload) {
                    Ok(announcement) => {
                        if !heard(announcement) {
                            return Ok(());
                        }
                    }
                    Err(error) => {
                        tracing::warn!(%error, "An announcement of a change cannot be read.");
                    }
                }
            }
            Err(StorageError::Unavailable("the listening connection was lost".to_owned()))
        })
        .await
}

/// Announces to every instance that rows of `table` have changed, once the transaction commits.
///
/// # Errors
/// [`StorageError`]
pub async fn announce(connection: &mut Connection, table: &str) -> Result<(), StorageError> {
    diesel::sql_query("select pg_notify('ccag_changes', jsonb_build_object('table', $1)::text)")
        .bind::<Text, _>(table)
        .execute(connection)
        .await?;
    Ok(())
}
