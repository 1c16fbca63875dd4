//! What one worker thread has for itself: the client toward Bedrock, whose connections cannot leave
//! the thread, its part of the journal, and its connections.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix::{Actor as _, Arbiter, ArbiterHandle};

use super::Gateway;
use super::counting::UnderWay;
use super::draft::{Draft, Ledgers};
use super::endpoints::Origin;
use super::stream::{Outlet, Part, Progress, StreamActor, Task};
use super::streams::{Registry, Streams};
use super::tree::{Name, Recipe, Tombstone};
use crate::bedrock::client::client;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::request::MessagesRequest;
use crate::domain::translation::CallHeaders;
use crate::domain::usage::UsageRecord;
use crate::telemetry::trace::Trace;
use crate::telemetry::traffic::{Reason, Recorder, Route, Scope};

thread_local! {
    static WORKER: OnceCell<Rc<Worker>> = const { OnceCell::new() };
}
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// Seconds that a client is told to wait where the worker is full.
const FULL_RETRY: u32 = 2;

/// The worker of the current thread.
pub struct Worker {
    /// What all threads share.
    pub gateway: Gateway,
    pub(super) client: awc::Client,
    /// Where this thread counts what passes.
    pub recorder: Rc<Recorder>,
    ledgers: Ledgers,
    registry: Rc<Registry>,
    pub(super) counting: UnderWay,
}

impl Worker {
    /// The worker of this thread, made by its first caller: the app factory runs once per thread
    /// *and listener*, so it alone would make too many.
    #[must_use]
    pub fn of_this_thread(gateway: &Gateway) -> Rc<Self> {
        WORKER.with(|worker| Rc::clone(worker.get_or_init(|| Self::join(gateway))))
    }

    fn join(gateway: &Gateway) -> Rc<Self> {
        let index = NEXT.fetch_add(1, Ordering::Relaxed);
        let registry = Registry::new(&gateway.live, gateway.max_live_streams);
        let recorder = Rc::new(gateway.traffic.recorder());
        let journal = Rc::new(gateway.usage.journal(index));
        let worker = Rc::new(Self {
            gateway: gateway.clone(),
            client: client(gateway.deadlines.connect),
            ledgers: Ledgers { journal, recorder: Rc::clone(&recorder) },
            recorder,
            registry,
            counting: UnderWay::default(),
        });
        let name = Name::new(Box::leak(format!("streams-{index}").into_boxed_str()));
        let home = Arbiter::current();
        gateway.adopt_streams(name.clone(), OnWorker { name, home });
        worker
    }

    /// Begins the usage record of a request.
    #[must_use]
    pub fn draft(&self, record: UsageRecord, route: Route, trace: Trace) -> Draft {
        Draft::new(record, route, trace, self.ledgers.clone())
    }

    /// Starts the actor that serves one request; its parts come out of the outlet.
    ///
    /// # Errors
    /// What the client is to be told, where the worker takes no more. The refusal is recorded.
    pub fn start(
        self: &Rc<Self>,
        request: MessagesRequest,
        headers: CallHeaders,
        draft: Draft,
        origin: Origin,
    ) -> Result<Outlet, ApiError> {
        let Some(permit) = self.registry.admit() else {
            let message = "The gateway serves as many requests as it can at the moment.";
            self.recorder.refused(Scope::Gateway, Reason::Capacity);
            let full = ApiError::new(ErrorKind::Overloaded, message).retry_after(FULL_RETRY);
            return Err(draft.reject(full));
        };
        let progress = Progress::new(draft.record());
        let task = Task { request, headers, draft, progress: progress.clone(), origin };
        let tombstone = self.registry.tombstone(&permit);
        let id = permit.id();
        let (parts, outlet) = Part::channel();
        let stream = StreamActor::new(Rc::clone(self), task, parts, permit, tombstone).start();
        self.registry.enter(id, stream, progress);
        Ok(outlet)
    }
}

/// The recipe of `streams`, whose registry lives on the worker's thread.
struct OnWorker {
    name: Name<Streams>,
    home: ArbiterHandle,
}

impl Recipe for OnWorker {
    fn label(&self) -> &'static str {
        self.name.label()
    }

    fn start(&self, tombstone: Tombstone) {
        let name = self.name.clone();
        self.home.spawn_fn(move || {
            WORKER.with(|worker| {
                if let Some(worker) = worker.get() {
                    let registry = Rc::clone(&worker.registry);
                    name.point_to(Streams::new(registry, tombstone).start());
                }
            });
        });
    }
}
