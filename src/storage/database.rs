//! The pool, and the runtime that is home to every connection.
//!
//! A connection lives on the runtime that opened it. A worker's runtime would stall the database
//! for everybody while that worker is busy, so all connections live on one runtime of their own,
//! and all work with them runs there too: work that a caller stops waiting for still ends well.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use diesel_async::pooled_connection::deadpool::{Object, Pool};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, RecyclingMethod,
};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use futures_util::FutureExt as _;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::timeout;

use super::connect::{Target, takes_changes};
use super::error::StorageError;

/// A connection lent by the pool.
type Pooled = Object<AsyncPgConnection>;

/// A connection as the functions of the tables take it: alone, or inside a transaction.
pub type Connection = AsyncPgConnection;

/// What runs inside a transaction: an async closure over the connection. It is a trait because the
/// bound `Send` on the future of an async closure cannot be written otherwise yet.
pub trait Work<C, T>: FnOnce(C) -> Self::Doing {
    /// The closure's future.
    type Doing: Future<Output = T>;
}

impl<F, C, T, D> Work<C, T> for F
where
    F: FnOnce(C) -> D,
    D: Future<Output = T>,
{
    type Doing = D;
}

/// How a transaction ends without being committed.
enum Undone<E> {
    Storage(StorageError),
    Work(E),
}

impl<E> From<diesel::result::Error> for Undone<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// How long a caller waits for a connection, be it free, checked or new.
const WAIT: Duration = Duration::from_secs(5);
/// How long a pooled connection may take to show that it lives.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How long work may take. The server ends a statement after 30 s itself, unless it is frozen or was
/// lost without a word.
const LONGEST: Duration = Duration::from_secs(60);

/// The database: cheap to clone, usable from every thread.
#[derive(Clone)]
pub struct Database {
    pool: Pool<AsyncPgConnection>,
    target: Target,
    runtime: Handle,
}

/// Ends the database's runtime when it is dropped.
pub struct DatabaseRuntime(Option<Runtime>);

impl DatabaseRuntime {
    /// Starts the thread that all connections live on.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start() -> std::io::Result<Self> {
        Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("database")
            .enable_all()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    /// Opens a pool of at most `connections`; nothing is connected before the first use.
    ///
    /// # Errors
    /// Where the pool cannot be set up.
    pub fn open(&self, target: Target, connections: usize) -> Result<Database, StorageError> {
        let unavailable = || StorageError::Unavailable("the runtime has ended".to_owned());
        let runtime = self.0.as_ref().ok_or_else(unavailable)?.handle().clone();
        let mut config = ManagerConfig::default();
        let destination = Arc::new(target.clone());
        config.custom_setup = Box::new(move |_| {
            let destination = Arc::clone(&destination);
            async move { destination.connect().await }.boxed()
        });
        config.recycling_method =
            RecyclingMethod::CustomFunction(Box::new(|session| takes_changes(session).boxed()));
        let manager = AsyncDieselConnectionManager::new_with_config("", config);
        let pool = Pool::builder(manager)
            .max_size(connections)
            .wait_timeout(Some(WAIT))
            .create_timeout(Some(WAIT))
            .recycle_timeout(Some(SIGN_OF_LIFE))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| StorageError::Unavailable(error.to_string()))?;
        Ok(Database { pool, target, runtime })
    }
}

fn silent(limit: Duration) -> StorageError {
    StorageError::Unavailable(format!("no answer within {} s", limit.as_secs()))
}

/// A task that ends with its waiter.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Future for AbortOnDrop<T> {
    type Output = Result<T, JoinError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for DatabaseRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_timeout(Duration::from_secs(2));
        }
    }
}

impl Database {
    /// Runs `work` with a pooled connection, on the database's runtime.
    ///
    /// # Errors
    /// What `work` returns, or [`StorageError::Unavailable`] where no connection is to be had, or the
    /// server does not answer.
    pub async fn run<T, F, Fut>(&self, work: F) -> Result<T, StorageError>
    where
        F: FnOnce(Pooled) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, StorageError>> + Send,
        T: Send + 'static,
    {
        self.run_within(LONGEST, work).await
    }

    /// As [`Self::run`], for those who are waited for: `limit` is for the connection and the work.
    pub(super) async fn run_within<T, F, Fut>(
        &self,
        limit: Duration,
        work: F,
    ) -> Result<T, StorageError>
    where
        F: FnOnce(Pooled) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, StorageError>> + Send,
        T: Send + 'static,
    {
        let pool = self.pool.clone();
        let task = self.runtime.spawn(async move {
            let worked = async {
                let connection = timeout(WAIT, pool.get()).await.map_err(|_| {
                    // Those that lie idle are no better than those that were just tried.
                    pool.retain(|_, _| false);
                    silent(WAIT)
                })?;
                work(connection?).await
            };
            timeout(limit, worked).await.unwrap_or_else(|_| Err(silent(limit)))
        });
        task.await.map_err(|error| StorageError::Unavailable(error.to_string()))?
    }

    /// Runs `work` in one transaction, on the database's runtime; what it did is undone where it
    /// returns an error.
    ///
    /// # Errors
    /// What `work` returns, or a [`StorageError`] of the transaction itself.
    pub async fn transaction<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'c> AsyncFnOnce(&'c mut Connection) -> Result<T, E>
            + for<'c> Work<&'c mut Connection, Result<T, E>, Doing: Send>
            + Send
            + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let done = self.run(async move |mut connection| {
            let done = connection
                .transaction::<T, Undone<E>, _>(async move |connection| {
                    work(connection).await.map_err(Undone::Work)
                })
                .await;
            Ok(done)
        });
        match done.await? {
            Ok(done) => Ok(done),
            Err(Undone::Storage(error)) => Err(error.into()),
            Err(Undone::Work(error)) => Err(error),
        }
    }

    /// Runs `work` with a connection of its own, on the database's runtime; it ends early where the
    /// caller stops waiting.
    pub(super) async fn run_apart<T, F, Fut>(&self, work: F) -> Result<T, StorageError>
    where
        F: FnOnce(AsyncPgConnection) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, StorageError>> + Send,
        T: Send + 'static,
    {
        let target = self.target.clone();
        let task = self.runtime.spawn(async move { work(target.connect().await?).await });
        AbortOnDrop(task).await.map_err(|error| StorageError::Unavailable(error.to_string()))?
    }

    /// Connections of the pool: (in use or idle, idle, at most).
    #[must_use]
    pub fn connections(&self) -> (usize, usize, usize) {
        let status = self.pool.status();
        (status.size, status.available, status.max_size)
    }

    /// How much work waits for a connection.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.pool.status().waiting
    }
}
