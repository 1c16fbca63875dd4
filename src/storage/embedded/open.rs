//! Makes the database in a fresh cluster; also the proof that the password opens it.

use std::thread;
use std::time::Duration;

use tokio::time::timeout;
use tokio_postgres::{Client, Config, NoTls};

use super::error::EmbeddedError;

/// How long connecting and making the database may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Connects to the server of `config` and makes `database` where it is not there.
///
/// On a thread of its own, so that the caller may be on a runtime's.
pub(super) fn ensure(config: Config, database: &str) -> Result<(), EmbeddedError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(EmbeddedError::Thread)?;
    let work = async {
        let (client, connection) = config.connect(NoTls).await?;
        let (made, _) = tokio::join!(make(client, database), connection);
        made
    };
    thread::scope(|scope| {
        let worker = scope.spawn(|| runtime.block_on(async { timeout(LIMIT, work).await }));
        worker.join()
    })
    .map_err(|_| EmbeddedError::Thread(std::io::Error::other("it panicked")))?
    .map_err(|_| EmbeddedError::NoAnswer { limit: LIMIT })?
    .map_err(EmbeddedError::Database)
}

async fn make(client: Client, database: &str) -> Result<(), tokio_postgres::Error> {
    let known = "select from pg_database where datname = $1";
    if client.query_opt(known, &[&database]).await?.is_none() {
        let name = database.replace('"', "\"\"");
        client.batch_execute(&format!("create database \"{name}\"")).await?;
    }
    Ok(())
}
