//! One per worker thread: counts, lists and stops the connections of its thread.
//!
//! The list outlives the actor: a connection leaves it when its permit is dropped, whoever is
//! alive then.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use actix::{Actor, Addr, Context, Handler, Recipient};
use uuid::Uuid;

use super::stream::{Connection, Progress, Stop, StopSoon, StreamActor};
use super::tree::{Down, Exit, Tombstone};

/// The live connections of all workers, as everybody may count them.
#[derive(Clone, Default)]
pub struct LiveStreams {
    workers: Arc<Mutex<Vec<Arc<AtomicUsize>>>>,
    crashed: Arc<AtomicUsize>,
}

impl LiveStreams {
    /// How many connections are being served.
    #[must_use]
    pub fn count(&self) -> usize {
        let workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.iter().map(|count| count.load(Ordering::Relaxed)).sum()
    }

    /// How many connection actors ended in a panic.
    #[must_use]
    pub fn crashed(&self) -> usize {
        self.crashed.load(Ordering::Relaxed)
    }

    fn add_worker(&self) -> Arc<AtomicUsize> {
        let count = Arc::<AtomicUsize>::default();
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers.push(Arc::clone(&count));
        count
    }
}

/// The connections of one thread.
pub struct Registry {
    count: Arc<AtomicUsize>,
    crashed: Arc<AtomicUsize>,
    most: usize,
    next: std::cell::Cell<u64>,
    streams: RefCell<HashMap<u64, (Addr<StreamActor>, Progress)>>,
    owner: RefCell<Option<Recipient<Down>>>,
}

impl Registry {
    /// The registry of a new worker, which takes at most `most` connections.
    #[must_use]
    pub fn new(live: &LiveStreams, most: usize) -> Rc<Self> {
        Rc::new(Self {
            count: live.add_worker(),
            crashed: Arc::clone(&live.crashed),
            most,
            next: std::cell::Cell::new(0),
            streams: RefCell::default(),
            owner: RefCell::default(),
        })
    }

    /// Lets one more connection in; `None` where the worker is full.
    #[must_use]
    pub fn admit(self: &Rc<Self>) -> Option<Permit> {
        if self.count.load(Ordering::Relaxed) >= self.most {
            return None;
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        let id = self.next.get();
        self.next.set(id + 1);
        Some(Permit { id, registry: Rc::clone(self) })
    }

    /// The tombstone of a new connection's actor; `None` while the owner is being rebuilt.
    #[must_use]
    pub fn tombstone(&self, permit: &Permit) -> Option<Tombstone> {
        let owner = self.owner.borrow().clone()?;
        Some(Tombstone::new(owner, 0, permit.id))
    }

    /// Notes the address of an admitted connection, and where its progress is seen.
    pub fn enter(&self, id: u64, stream: Addr<StreamActor>, progress: Progress) {
        self.streams.borrow_mut().insert(id, (stream, progress));
    }
}

/// A connection's place with its worker; given back when it is dropped.
pub struct Permit {
    id: u64,
    registry: Rc<Registry>,
}

impl Permit {
    /// The connection's number on its worker.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.registry.count.fetch_sub(1, Ordering::Relaxed);
        if let Ok(mut streams) = self.registry.streams.try_borrow_mut() {
            streams.remove(&self.id);
        }
    }
}

/// The actor.
pub struct Streams {
    registry: Rc<Registry>,
    _tombstone: Tombstone,
}

impl Streams {
    /// The owner of a thread's registry, built anew after each crash.
    #[must_use]
    pub fn new(registry: Rc<Registry>, tombstone: Tombstone) -> Self {
        Self { registry, _tombstone: tombstone }
    }
}

impl Actor for Streams {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        use actix::AsyncContext as _;
        self.registry.owner.replace(Some(ctx.address().recipient()));
    }
}

impl Handler<Down> for Streams {
    type Result = ();

    fn handle(&mut self, down: Down, _: &mut Context<Self>) {
        if let Exit::Crashed(crash) = down.exit {
            self.registry.crashed.fetch_add(1, Ordering::Relaxed);
            // Its panic was logged as an error already.
            tracing::warn!(stream = down.generation, crash, "A connection's actor crashed.");
        }
    }
}

/// The order to end all connections of the thread.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "()")]
pub struct StopAll;

impl Handler<StopAll> for Streams {
    type Result = ();

    fn handle(&mut self, _: StopAll, _: &mut Context<Self>) {
        for (stream, _) in self.registry.streams.borrow().values() {
            stream.do_send(Stop);
        }
    }
}

/// The question which connections the thread serves.
#[derive(Debug, Clone, Copy, actix::Message)]
#[rtype(result = "Vec<Connection>")]
pub struct List;

impl Handler<List> for Streams {
    type Result = Vec<Connection>;

    fn handle(&mut self, _: List, _: &mut Context<Self>) -> Vec<Connection> {
        let streams = self.registry.streams.borrow();
        streams.values().map(|(_, progress)| progress.read()).collect()
    }
}

/// The order to end the connection that serves the request of this id; its client is told so.
/// False where the thread serves no such request.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "bool")]
pub struct StopOne(pub String);

impl Handler<StopOne> for Streams {
    type Result = bool;

    fn handle(&mut self, StopOne(request_id): StopOne, _: &mut Context<Self>) -> bool {
        let streams = self.registry.streams.borrow();
        let found = streams.values().find(|(_, progress)| progress.serves(&request_id));
        if let Some((stream, progress)) = found {
            progress.stop();
            stream.do_send(StopSoon);
        }
        found.is_some()
    }
}

/// The order to end the connections of these users, keys, and sessions of signed-in clients; their clients are
/// told so.
#[derive(Debug, Clone, actix::Message)]
#[rtype(result = "()")]
pub struct StopOf(pub Arc<HashSet<Uuid>>);

impl Handler<StopOf> for Streams {
    type Result = ();

    fn handle(&mut self, StopOf(ids): StopOf, _: &mut Context<Self>) {
        let streams = self.registry.streams.borrow();
        let theirs = streams.values().filter(|(_, progress)| {
            let seen = progress.read();
            let of = [seen.user_id, seen.key_id, seen.client_session_id];
            of.into_iter().flatten().any(|id| ids.contains(&id))
        });
        for (stream, progress) in theirs {
            progress.stop();
            stream.do_send(StopSoon);
        }
    }
}

#[cfg(feature = "chaos")]
mod chaos {
    use actix::{Context, Handler, Message};

    use super::Streams;
    use crate::actors::tree::chaos::{Crash, crashable};

    crashable!(Streams);

    /// The order to crash one connection of the thread.
    #[derive(Message)]
    #[rtype(result = "bool")]
    pub struct CrashStream;

    impl Handler<CrashStream> for Streams {
        type Result = bool;

        fn handle(&mut self, _: CrashStream, _: &mut Context<Self>) -> bool {
            let streams = self.registry.streams.borrow();
            let first = streams.values().next();
            first.inspect(|(stream, _)| stream.do_send(Crash)).is_some()
        }
    }
}
#[cfg(feature = "chaos")]
pub use chaos::CrashStream;
