//! One actor per client connection: calls Bedrock and pumps the answer. It is temporary: reported
//! when it crashes, never restarted.
//!
//! An awc response cannot leave the task that called awc, so the actor that calls is the one that
//! pumps, on the worker's own thread.

mod part;
mod progress;
mod pump;
mod settlement;
mod unclaimed;

use std::rc::Rc;
use std::time::Duration;

use actix::{
    Actor, ActorContext as _, ActorFutureExt as _, AsyncContext as _, Context, Handler, Message,
    WrapFuture as _,
};
use tokio::sync::mpsc;
use tracing::{Instrument as _, Span};

pub use part::{Outlet, Part};
pub use progress::{Connection, Progress};
use pump::Pump;
pub use unclaimed::Unclaimed;

use super::draft::Draft;
use super::endpoints::Origin;
use super::streams::Permit;
use super::tree::Tombstone;
use super::worker::Worker;
use crate::domain::request::MessagesRequest;
use crate::domain::translation::CallHeaders;

/// How long a connection that is asked to end may take to tell its client.
const FAREWELL: Duration = Duration::from_secs(1);

/// What the edge hands over.
pub struct Task {
    /// The request.
    pub request: MessagesRequest,
    /// What its headers say of it.
    pub headers: CallHeaders,
    /// The usage record as far as it is known.
    pub draft: Draft,
    /// Where others see how far it is.
    pub progress: Progress,
    /// Who is asking, as far as routing goes by it.
    pub origin: Origin,
}

/// The actor.
pub struct StreamActor {
    work: Option<(Pump, MessagesRequest)>,
    /// The request's, so that what is logged on the way names it.
    span: Span,
    _permit: Permit,
    _tombstone: Option<Tombstone>,
}

impl StreamActor {
    /// An actor that serves `task` and sends the answer to `parts`.
    #[must_use]
    pub fn new(
        worker: Rc<Worker>,
        task: Task,
        parts: mpsc::Sender<Part>,
        permit: Permit,
        tombstone: Option<Tombstone>,
    ) -> Self {
        let work = Some(Pump::new(worker, task, parts));
        Self { work, span: Span::current(), _permit: permit, _tombstone: tombstone }
    }
}

impl Actor for StreamActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        if let Some((pump, request)) = self.work.take() {
            let work = pump.run(request).instrument(self.span.clone());
            ctx.spawn(work.into_actor(self).map(|(), _, ctx| ctx.stop()));
        }
    }
}

/// The order to end the connection.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct Stop;

impl Handler<Stop> for StreamActor {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Context<Self>) {
        ctx.stop();
    }
}

/// The order to end the connection soon: its client may have to be told first, and may be too slow
/// to be told.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub struct StopSoon;

impl Handler<StopSoon> for StreamActor {
    type Result = ();

    fn handle(&mut self, _: StopSoon, ctx: &mut Context<Self>) {
        ctx.notify_later(Stop, FAREWELL);
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(StreamActor);
