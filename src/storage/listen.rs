//! LISTEN and NOTIFY: the facts that writers announce when rows have changed.

use std::pin::pin;
use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::StreamExt as _;
use serde::Deserialize;
use tokio::time::timeout;

use super::connect::takes_changes;
use super::database::{Connection, Database};
use super::error::StorageError;

/// A connection that was quiet for so long is asked whether it lives: who listens only would not notice
/// that the server was lost, or is the writers' no longer.
const QUIET: Duration = Duration::from_secs(5);
/// How long it may take to answer.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

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
            let lost = |reason: &str| StorageError::Unavailable(reason.to_owned());
            loop {
                let heard_of = async {
                    let mut notifications = pin!(connection.notifications_stream());
                    notifications.next().await
                };
                let Ok(next) = timeout(QUIET, heard_of).await else {
                    let alive = timeout(SIGN_OF_LIFE, takes_changes(&mut connection)).await;
                    alive.map_err(|_| lost("the listening connection does not answer"))??;
                    continue;
                };
                let notification =
                    next.ok_or_else(|| lost("the listening connection was lost"))??;
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
