//! LISTEN: the facts that writers announce when rows have changed.

use diesel_async::SimpleAsyncConnection;
use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::database::Database;
use super::error::StorageError;

/// What a writer announces on the channel `ccag_changes`, as JSON.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
pub struct Announcement {
    /// The table whose rows have changed.
    pub table: String,
}

/// Listens until the connection is lost, and passes each announcement on. `ready` runs once the
/// channel is open: what changed before it was not heard.
///
/// # Errors
/// Always ends with an error: the loss of the connection, or `Ok` where nobody takes the
/// announcements any more.
pub async fn listen(
    database: &Database,
    ready: impl FnOnce() + Send + 'static,
    announcements: mpsc::Sender<Announcement>,
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
                        if announcements.send(announcement).await.is_err() {
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
