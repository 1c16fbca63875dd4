//! The control plane: commands and queries, one file per noun. Who may do it, is it valid, write it
//! with its audit row in one transaction, announce it. The JSON API, the portal, SCIM and sign-in
//! all go through here, so each rule stands once.

pub mod analytics;
pub mod audit;
pub mod budgets;
mod caller;
mod change;
pub mod client_sessions;
pub mod endpoints;
mod error;
pub mod field;
pub mod keys;
pub mod model_mappings;
pub mod names;
pub mod notifications;
mod page;
pub mod prices;
pub mod providers;
pub mod scim;
pub mod server;
pub mod sessions;
pub mod settings;
pub mod sign_in;
pub mod teams;
pub mod usage;
pub mod users;
pub mod verdicts;

use std::collections::BTreeSet;

pub use caller::{Caller, Identity, Reach, Who};
pub use change::Change;
pub use error::ControlError;
pub use page::{MAX_PAGE, Page, Paging, Sort};

use self::sign_in::Access;
use self::sign_in::password::Hasher;
use crate::actors::identity::Identity as People;
use crate::actors::notifier::Notifier;
use crate::actors::settings::Published;
use crate::storage::vault::Vault;
use crate::storage::{self, Connection, Database, StorageError, Work, listen};

/// What commands and queries work with; cheap to clone.
#[derive(Clone)]
pub struct Control {
    database: Database,
    vault: Vault,
    settings: Published,
    notifier: Notifier,
    people: People,
    access: Access,
    hasher: Hasher,
}

/// 256 random bits, for secrets that are made here.
fn random() -> Result<[u8; 32], ControlError> {
    let mut random = [0; 32];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| ControlError::Fault)?;
    Ok(random)
}

impl Control {
    /// A control plane over a migrated database.
    #[must_use]
    pub fn new(
        database: Database,
        vault: Vault,
        settings: Published,
        (notifier, people): (Notifier, People),
        access: Access,
    ) -> Self {
        let hasher = Hasher::default();
        Self { database, vault, settings, notifier, people, access, hasher }
    }

    /// Seals what must be readable again; for columns that keep such secrets.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Runs a command: what `work` writes, the audit row of the change it returns and the
    /// announcement to every instance are one transaction.
    async fn write<T, F>(&self, caller: &Caller, work: F) -> Result<T, ControlError>
    where
        F: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<(T, Change), ControlError>
            + for<'c> Work<&'c mut Connection, Result<(T, Change), ControlError>, Doing: Send>
            + Send
            + 'static,
        T: Send + 'static,
    {
        self.write_if(caller, async move |connection: &mut Connection| {
            let (value, change) = work(connection).await?;
            Ok((value, Some(change)))
        })
        .await
    }

    /// Runs a command that may find that there is nothing to change.
    async fn write_if<T, F>(&self, caller: &Caller, work: F) -> Result<T, ControlError>
    where
        F: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<(T, Option<Change>), ControlError>
            + for<'c> Work<&'c mut Connection, Result<(T, Option<Change>), ControlError>, Doing: Send>
            + Send
            + 'static,
        T: Send + 'static,
    {
        let caller = caller.clone();
        let done = self.database.transaction(async move |connection| {
            let (value, change) = work(connection).await?;
            let changes: Vec<Change> = change.into_iter().flat_map(Change::all).collect();
            let tables: BTreeSet<&str> = changes.iter().flat_map(|c| c.tables).copied().collect();
            for table in tables {
                listen::announce(connection, table).await?;
            }
            let mut written = Vec::with_capacity(changes.len());
            for change in changes {
                let action = change.action;
                let (id, hash) = storage::audit::append(connection, change.entry(&caller)).await?;
                written.push((action, id, hash));
            }
            Ok::<_, ControlError>((value, written))
        });
        let (value, written) = done.await?;
        for (action, id, hash) in written {
            // Outside the database too, so that a chain that was forged as a whole shows.
            tracing::info!(action, audit_id = id, audit_hash = hash, "A change was made.");
        }
        Ok(value)
    }

    /// Runs a query.
    async fn read<T, F>(&self, work: F) -> Result<T, ControlError>
    where
        F: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<T, StorageError>
            + for<'c> Work<&'c mut Connection, Result<T, StorageError>, Doing: Send>
            + Send
            + 'static,
        T: Send + 'static,
    {
        let done = self.database.run(async move |mut connection| work(&mut connection).await);
        Ok(done.await?)
    }

    /// Runs a query that may refuse what it is asked.
    async fn ask<T, F>(&self, work: F) -> Result<T, ControlError>
    where
        F: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<T, ControlError>
            + for<'c> Work<&'c mut Connection, Result<T, ControlError>, Doing: Send>
            + Send
            + 'static,
        T: Send + 'static,
    {
        let done = self.database.run(async move |mut connection| Ok(work(&mut connection).await));
        done.await?
    }
}
