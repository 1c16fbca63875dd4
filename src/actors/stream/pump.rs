//! The work of a connection's actor: one exchange with Bedrock, from the lease to the last part.

mod attempts;

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::Fuse;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until, timeout};

use super::Task;
use super::part::Part;
use super::progress::Progress;
use super::settlement::{ClientView, Settlement};
use crate::actors::draft::Waited;
use crate::actors::worker::Worker;
use crate::bedrock::exchange::{self, Body};
use crate::bedrock::translate::{self, Names, Translator};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::request::MessagesRequest;
use crate::domain::translation::CallHeaders;
use crate::domain::usage::Outcome;

const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";
/// Bytes of events gathered from one go of reads before they are handed on.
const GATHER: usize = 32 * 1024;
/// How long the rest of an upstream body is waited for after the last event.
const TAIL: Duration = Duration::from_millis(250);

/// Why the work ends before the answer does.
enum Ending {
    /// The client is gone; nobody is there to be told.
    ClientGone,
    /// The client is to be told.
    Error(Outcome, ApiError),
}

impl From<ApiError> for Ending {
    fn from(error: ApiError) -> Self {
        Self::Error(Outcome::Failed, error)
    }
}

/// One exchange in progress.
pub(super) struct Pump {
    worker: Rc<Worker>,
    model: String,
    headers: CallHeaders,
    names: Names,
    defers_tools: bool,
    request_id: String,
    settlement: Settlement,
    client: ClientSide,
}

/// The way to the client.
struct ClientSide {
    parts: mpsc::Sender<Part>,
    adjusted: Vec<&'static str>,
    waited: Waited,
    streaming: bool,
    begun: Rc<Cell<bool>>,
    ping_interval: Duration,
    last_sent: Instant,
    progress: Progress,
    /// How long the upstream is read to its end for a client that has left.
    settle_alone: Duration,
    /// Until when, once the client has left.
    alone_until: Option<Instant>,
}

impl Pump {
    /// The work on `task`, and its request, which the work takes when it runs: a long conversation
    /// is not kept while its answer streams.
    pub(super) fn new(
        worker: Rc<Worker>,
        task: Task,
        parts: mpsc::Sender<Part>,
    ) -> (Self, MessagesRequest) {
        let Task { request, headers, draft, progress } = task;
        let request_id = draft.request_id();
        let waited = draft.waited();
        let begun = Rc::<Cell<bool>>::default();
        let view = ClientView { parts: parts.clone(), begun: Rc::clone(&begun) };
        let settlement = Settlement::new(draft, view, Arc::clone(&worker.gateway.prices.published));
        let client = ClientSide {
            parts,
            adjusted: Vec::new(),
            waited,
            streaming: request.streaming(),
            begun,
            ping_interval: worker.gateway.ping_interval,
            last_sent: Instant::now(),
            progress,
            settle_alone: worker.gateway.deadlines.settle_alone,
            alone_until: None,
        };
        let model = request.model().to_owned();
        let (names, defers_tools) = (Names::default(), request.defers_tools());
        (
            Self { worker, model, headers, names, defers_tools, request_id, settlement, client },
            request,
        )
    }

    /// Serves the request to its end.
    pub(super) async fn run(mut self, request: MessagesRequest) {
        let ended = match self.open(request).await {
            Ok(body) if self.client.streaming => self.stream(body).await,
            Ok(body) => self.whole(body).await,
            Err(ending) => Err(ending),
        };
        if let Err(Ending::Error(outcome, error)) = ended
            && self.client.is_there()
        {
            self.fail(outcome, error).await;
        }
    }

    /// Hands a whole answer over.
    async fn whole(&mut self, body: Body) -> Result<(), Ending> {
        let deadline = self.worker.gateway.deadlines.first_byte;
        let body = self.client.wait(exchange::read_whole(body, deadline)).await??;
        let answer = &mut self.settlement.answer;
        let message = translate::whole(&body, &self.names, answer)?;
        self.settlement.complete();
        let adjusted = std::mem::take(&mut self.client.adjusted);
        self.client.send(Part::Whole(message.into(), adjusted)).await
    }

    /// Pumps a stream until its end.
    async fn stream(&mut self, body: Body) -> Result<(), Ending> {
        // An awc body panics when it is polled behind its end.
        let mut body = body.fuse();
        let mut translator = Translator::new(std::mem::take(&mut self.names));
        let mut events = BytesMut::new();
        let idle = self.worker.gateway.deadlines.idle;
        let mut last_read: Option<Instant> = None;
        loop {
            let read = self.client.wait(timeout(idle, body.next())).await?;
            let now = Instant::now();
            if let Some(last) = last_read.replace(now) {
                self.worker.recorder.gap(now - last);
            }
            let read = read.map_err(|_| stalled())?;
            let more = self.translate(read, &mut body, &mut translator, &mut events);
            if self.settlement.answer.has_begun() {
                self.settlement.mark_first_token();
            }
            self.client.progress.advance(&self.settlement.answer);
            if self.settlement.answer.is_whole() && more.is_ok() {
                self.tail(&mut body, &mut translator, &mut events).await;
                self.settlement.complete();
            }
            self.client.frame(&mut events).await?;
            match more {
                Ok(true) if !self.settlement.answer.is_whole() => {}
                Ok(_) => break,
                Err(error) if self.client.begun.get() => return Err(error.into()),
                Err(error) => return Err(Ending::Error(Outcome::Refused, error)),
            }
        }
        translator.finish(&self.settlement.answer)?;
        self.client.send(Part::End).await
    }

    /// Translates what was read and what can be read without waiting; false at the body's end.
    fn translate(
        &mut self,
        read: Option<Result<Bytes, actix_web::error::PayloadError>>,
        body: &mut Fuse<Body>,
        translator: &mut Translator,
        events: &mut BytesMut,
    ) -> Result<bool, ApiError> {
        let mut read = Some(read);
        while let Some(item) = read {
            match item {
                Some(Ok(bytes)) => {
                    translator.push(&bytes, &mut self.settlement.answer, events)?;
                }
                Some(Err(error)) => {
                    let message = format!("The connection to Bedrock was lost: {error}.");
                    return Err(ApiError::new(ErrorKind::Api, message));
                }
                None => return Ok(false),
            }
            read = if events.len() < GATHER { body.next().now_or_never() } else { None };
        }
        Ok(true)
    }

    /// Reads what comes behind the last event: Bedrock's metrics may, and a body that was read to
    /// its end leaves a connection that can be used again.
    async fn tail(
        &mut self,
        body: &mut Fuse<Body>,
        translator: &mut Translator,
        events: &mut BytesMut,
    ) {
        let answer = &mut self.settlement.answer;
        let rest = async {
            while let Some(Ok(bytes)) = body.next().await {
                if translator.push(&bytes, answer, events).is_err() {
                    break;
                }
            }
        };
        let _ = timeout(TAIL, rest).await;
    }

    /// Ends the answer with an error: a true status where nothing was sent yet, else an event.
    async fn fail(&mut self, outcome: Outcome, mut error: ApiError) {
        if !self.client.begun.get() {
            self.settlement.fail(outcome, &error);
            let _ = self.client.send(Part::Refused(error)).await;
            return;
        }
        // In an event there is no `retry-after`: the client treats an overload as it should.
        if error.kind == ErrorKind::RateLimit {
            error.kind = ErrorKind::Overloaded;
        }
        self.settlement.fail(outcome, &error);
        let event = Bytes::from(error.event(&self.request_id));
        if self.client.send(Part::Frame(event)).await.is_ok() {
            let _ = self.client.send(Part::End).await;
        }
    }
}

fn stopped() -> Ending {
    let message = "An administrator stopped this request.";
    Ending::Error(Outcome::Failed, ApiError::new(ErrorKind::Permission, message))
}

fn stalled() -> ApiError {
    ApiError::new(ErrorKind::Timeout, "Bedrock stopped in mid-answer.")
}

impl ClientSide {
    /// False once the client has left.
    fn is_there(&self) -> bool {
        self.alone_until.is_none() && !self.parts.is_closed()
    }

    /// Waits for `work`, with a ping to the client in each silence. A client that leaves is waited
    /// without for a while, since Bedrock charges for what it generates and tells it at the end.
    async fn wait<F: Future>(&mut self, work: F) -> Result<F::Output, Ending> {
        if self.progress.is_stopped() {
            return Err(stopped());
        }
        let mut work = pin!(work);
        if self.alone_until.is_some_and(|end| Instant::now() >= end) {
            return Err(Ending::ClientGone);
        }
        if let Some(done) = work.as_mut().now_or_never() {
            return Ok(done);
        }
        let (began, waited) = (std::time::Instant::now(), self.waited.clone());
        let done = self.wait_long(work).await;
        waited.since(began);
        done
    }

    async fn wait_long<F: Future>(&mut self, mut work: Pin<&mut F>) -> Result<F::Output, Ending> {
        let progress = self.progress.clone();
        loop {
            let parts = self.parts.clone();
            let ping_at = self.last_sent + self.ping_interval;
            tokio::select! {
                biased;
                done = work.as_mut() => return Ok(done),
                () = parts.closed(), if self.alone_until.is_none() => self.left(),
                () = progress.stopped() => return Err(stopped()),
                () = sleep_until(self.alone_until.unwrap_or(ping_at)), if self.alone_until.is_some() => {
                    return Err(Ending::ClientGone);
                }
                () = sleep_until(ping_at), if self.streaming && self.alone_until.is_none() => {
                    self.begin().await?;
                    self.send(Part::Frame(Bytes::from_static(PING))).await?;
                }
            }
        }
    }

    /// Hands gathered events on, if there are any.
    async fn frame(&mut self, events: &mut BytesMut) -> Result<(), Ending> {
        if events.is_empty() {
            return Ok(());
        }
        self.begin().await?;
        self.send(Part::Frame(events.split().freeze())).await
    }

    async fn begin(&mut self) -> Result<(), Ending> {
        if self.begun.replace(true) {
            return Ok(());
        }
        let adjusted = std::mem::take(&mut self.adjusted);
        self.send(Part::Begin(adjusted)).await
    }

    /// Hands a part over; it goes nowhere where the client has left.
    async fn send(&mut self, part: Part) -> Result<(), Ending> {
        self.last_sent = Instant::now();
        if self.alone_until.is_none() && !self.hand_over(part).await {
            self.left();
        }
        Ok(())
    }

    /// Waits until the client has room for a part; false where it has left.
    async fn hand_over(&self, part: Part) -> bool {
        let part = match self.parts.try_send(part) {
            Ok(()) => return true,
            Err(TrySendError::Closed(_)) => return false,
            Err(TrySendError::Full(part)) => part,
        };
        let began = std::time::Instant::now();
        let sent = self.parts.send(part).await;
        self.waited.since(began);
        sent.is_ok()
    }

    fn left(&mut self) {
        self.alone_until = Some(Instant::now() + self.settle_alone);
    }
}
