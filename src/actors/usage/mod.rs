//! Owns the usage records between the journal and Postgres: syncs the journal, writes its lines in
//! batches, and puts aside what Postgres refuses.

mod alerts;
mod journal;
mod segments;
mod totals;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix::{Actor, ActorFutureExt as _, AsyncContext, Context, Handler, Message, WrapFuture as _};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use alerts::Alerts;
pub use journal::Journal;
use segments::{Batch, Segments};
pub use totals::{Sum, Totals};

use super::limiter::Limits;
use super::notifier::Notifier;
use super::tree::{Name, Tombstone};
use crate::storage::{Database, StorageError, usage};

/// How often the journal is looked into.
const TICK: Duration = Duration::from_millis(200);
/// The wait after a failed write doubles up to this.
const LONGEST_RETRY: Duration = Duration::from_secs(2);
/// Records written at once.
const BATCH: usize = 500;
/// Records kept in memory while the disk takes none.
const MAX_UNJOURNALED: usize = 50_000;

/// How the rest of the gateway reaches usage.
#[derive(Clone)]
pub struct Usage {
    /// The owner.
    pub name: Name<UsageWriter>,
    /// Sums for the metrics.
    pub totals: Totals,
    lent: Arc<Lent>,
}

/// What Postgres has not taken yet.
#[derive(Debug, Clone, Copy, Default)]
pub struct Backlog {
    /// Bytes in the journal.
    pub bytes: u64,
    /// How old the oldest record in the journal is.
    pub age: Duration,
    /// Records in memory, which the disk did not take.
    pub unjournaled: usize,
}

/// What has gone wrong with usage since the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Troubles {
    /// Whether the last write failed.
    pub is_failing: bool,
    /// Writes that failed; their records were tried again.
    pub failures: u64,
    /// Records that Postgres refused, and that were put aside.
    pub quarantined: u64,
    /// Records that are lost, because neither disk nor database took them.
    pub dropped: u64,
}

/// What outlives the actor.
struct Lent {
    directory: PathBuf,
    instance: String,
    segments: Mutex<Segments>,
    unjournaled: Mutex<VecDeque<String>>,
    failing: AtomicBool,
    failures: AtomicU64,
    quarantined: AtomicU64,
    dropped: AtomicU64,
    pending: AtomicU64,
    /// When the oldest pending record began, in milliseconds since 1970; 0 where there is none.
    oldest: AtomicI64,
}

impl Usage {
    /// The journal in `directory`; `instance` names this process and sorts by time.
    ///
    /// # Errors
    /// Where the directory cannot be made.
    pub fn open(directory: &Path, instance: &str) -> io::Result<Self> {
        let segments = Mutex::new(Segments::open(directory.to_owned(), instance)?);
        let lent = Lent {
            directory: directory.to_owned(),
            instance: instance.to_owned(),
            segments,
            unjournaled: Mutex::default(),
            failing: AtomicBool::new(false),
            failures: AtomicU64::new(0),
            quarantined: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            pending: AtomicU64::new(0),
            oldest: AtomicI64::new(0),
        };
        let (name, totals) = (Name::new("usage"), Totals::default());
        Ok(Self { name, totals, lent: Arc::new(lent) })
    }

    /// The journal of one worker.
    #[must_use]
    pub fn journal(&self, worker: usize) -> Journal {
        let Lent { directory, instance, .. } = &*self.lent;
        Journal::new(directory.clone(), instance, worker, self.name.clone())
    }

    /// The owner, built anew after each crash; the cursors and unwritten records stay.
    #[must_use]
    pub fn owner(
        &self,
        database: Database,
        limits: Limits,
        notifier: Notifier,
        tombstone: Tombstone,
    ) -> UsageWriter {
        let (lent, totals) = (Arc::clone(&self.lent), self.totals.clone());
        let alerts = Alerts::new(notifier);
        UsageWriter { database, limits, totals, lent, alerts, retry: TICK, _tombstone: tombstone }
    }

    /// What Postgres has not taken yet, as the writer last saw it: to look into the journal would
    /// mean to wait for the disk.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        let oldest = self.lent.oldest.load(Ordering::Relaxed);
        let oldest = DateTime::from_timestamp_millis(oldest).filter(|_| oldest != 0);
        let age = oldest.and_then(|oldest| (Utc::now() - oldest).to_std().ok());
        Backlog {
            bytes: self.lent.pending.load(Ordering::Relaxed),
            age: age.unwrap_or_default(),
            unjournaled: lock(&self.lent.unjournaled).len(),
        }
    }

    /// Bytes of the journal that Postgres has not taken yet.
    #[must_use]
    pub fn pending_bytes(&self) -> u64 {
        lock(&self.lent.segments).pending_bytes().unwrap_or(0)
    }

    /// Whether Postgres lacks a record, be it in the journal or in memory.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pending_bytes() > 0 || !lock(&self.lent.unjournaled).is_empty()
    }

    /// What has gone wrong since the start.
    #[must_use]
    pub fn troubles(&self) -> Troubles {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Troubles {
            is_failing: self.lent.failing.load(Ordering::Relaxed),
            failures: read(&self.lent.failures),
            quarantined: read(&self.lent.quarantined),
            dropped: read(&self.lent.dropped),
        }
    }

    /// Removes the journal's finished files; for the end, when the workers are gone.
    pub fn close(&self) {
        if let Err(error) = lock(&self.lent.segments).sweep(true) {
            tracing::warn!(%error, "The usage journal cannot be tidied up.");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The actor.
pub struct UsageWriter {
    database: Database,
    limits: Limits,
    totals: Totals,
    lent: Arc<Lent>,
    alerts: Alerts,
    retry: Duration,
    _tombstone: Tombstone,
}

impl Actor for UsageWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        ctx.notify(Write);
    }
}

/// A record that the disk did not take.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Unjournaled(pub String);

impl Handler<Unjournaled> for UsageWriter {
    type Result = ();

    fn handle(&mut self, Unjournaled(line): Unjournaled, _: &mut Context<Self>) {
        let mut kept = lock(&self.lent.unjournaled);
        if kept.len() >= MAX_UNJOURNALED {
            self.lent.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::error!("A usage record is lost: neither the disk nor Postgres takes any.");
        } else {
            kept.push_back(line);
        }
    }
}

/// The order to write what is there, and again after a while.
#[derive(Message)]
#[rtype(result = "()")]
struct Write;

impl Handler<Write> for UsageWriter {
    type Result = ();

    fn handle(&mut self, _: Write, ctx: &mut Context<Self>) {
        let batch = self.next_batch();
        self.show(&batch);
        if batch.lines.is_empty() {
            self.finish(&batch);
            ctx.notify_later(Write, TICK);
            return;
        }
        let (database, lent) = (self.database.clone(), Arc::clone(&self.lent));
        let alerts = self.alerts.clone();
        let written = async move {
            let result = write(&database, &lent, &alerts, &batch.lines).await;
            (batch, result)
        };
        ctx.spawn(written.into_actor(self).map(|(batch, result), writer, ctx| {
            ctx.notify_later(Write, writer.settle(&batch, result));
        }));
    }
}

impl UsageWriter {
    /// Syncs the journal, and reads from it and from memory what is to be written next.
    fn next_batch(&self) -> Batch {
        let mut segments = lock(&self.lent.segments);
        let read = segments.sync().and_then(|()| segments.read(BATCH));
        let mut batch = read.unwrap_or_else(|error| {
            tracing::error!(%error, "The usage journal cannot be read.");
            Batch::default()
        });
        batch.lines.extend(lock(&self.lent.unjournaled).iter().take(BATCH).cloned());
        batch
    }

    /// Publishes how much is left to write.
    fn show(&self, batch: &Batch) {
        let pending = lock(&self.lent.segments).pending_bytes().unwrap_or(0);
        self.lent.pending.store(pending, Ordering::Relaxed);
        let oldest = batch.lines.first().and_then(|line| moment(line));
        let oldest = oldest.map_or(0, |oldest| oldest.timestamp_millis());
        self.lent.oldest.store(oldest, Ordering::Relaxed);
    }

    /// Takes note of a write; says when to look for more.
    fn settle(&mut self, batch: &Batch, result: Result<(), StorageError>) -> Duration {
        self.lent.failing.store(result.is_err(), Ordering::Relaxed);
        if let Err(error) = result {
            self.lent.failures.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(%error, records = batch.lines.len(), "Usage cannot be written; it waits in the journal.");
            self.retry = (self.retry * 2).min(LONGEST_RETRY);
            return self.retry;
        }
        self.retry = TICK;
        self.totals.add(&batch.lines);
        self.alerts.look(&batch.lines);
        self.limits.recorded(batch.lines.iter().filter_map(|line| request_id(line)).collect());
        self.finish(batch);
        Duration::ZERO
    }

    fn finish(&self, batch: &Batch) {
        let from_memory = batch.lines.len().saturating_sub(batch.journaled());
        lock(&self.lent.unjournaled).drain(..from_memory);
        if let Err(error) = lock(&self.lent.segments).commit(batch) {
            tracing::warn!(%error, "The usage journal cannot be tidied up.");
        }
    }
}

/// Writes records; those that Postgres refuses one by one are put aside.
async fn write(
    database: &Database,
    lent: &Lent,
    alerts: &Alerts,
    lines: &[String],
) -> Result<(), StorageError> {
    match usage::insert(database, array(lines)).await {
        Err(StorageError::Refused(_) | StorageError::Duplicate(_)) => {}
        other => return other.map(|_| ()),
    }
    usage::ensure_partitions(
        database,
        lines.iter().filter_map(|l| Some(moment(l)?.to_rfc3339())).collect(),
    )
    .await?;
    for line in lines {
        match usage::insert(database, array(std::slice::from_ref(line))).await {
            Err(StorageError::Refused(reason) | StorageError::Duplicate(reason)) => {
                tracing::error!(%reason, "Postgres refuses a usage record; it is put aside.");
                lent.quarantined.fetch_add(1, Ordering::Relaxed);
                alerts.quarantined(&lent.instance, &reason);
                if let Err(error) = lock(&lent.segments).quarantine(line) {
                    tracing::error!(%error, "A refused usage record cannot be put aside.");
                }
            }
            other => {
                other?;
            }
        }
    }
    Ok(())
}

fn array(lines: &[String]) -> String {
    format!("[{}]", lines.join(","))
}

fn moment(line: &str) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Started {
        started_at: DateTime<Utc>,
    }
    let started: Started = serde_json::from_str(line).ok()?;
    Some(started.started_at)
}

fn request_id(line: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Recorded {
        request_id: String,
    }
    serde_json::from_str::<Recorded>(line).ok().map(|recorded| recorded.request_id)
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(UsageWriter);
