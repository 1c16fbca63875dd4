//! The work of a connection's actor: one exchange with Bedrock, from the lease to the last part.

mod attempts;
mod client;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::Fuse;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use self::attempts::Opened;
use self::client::ClientSide;
use super::Task;
use super::part::Part;
use super::settlement::{ClientView, Settlement};
use super::unclaimed::Asked;
use crate::actors::endpoints::{Lease, Origin};
use crate::actors::worker::Worker;
use crate::bedrock::exchange::Body;
use crate::bedrock::refusal;
use crate::bedrock::translate::{self, Names, Translator};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::guardrail::Guardrail;
use crate::domain::request::MessagesRequest;
use crate::domain::translation::CallHeaders;
use crate::domain::usage::Outcome;

/// Bytes of events gathered from one go of reads before they are handed on.
const GATHER: usize = 32 * 1024;
/// How long the rest of an upstream body is waited for after the last event.
const TAIL: Duration = Duration::from_millis(250);

/// Why the work ends before the answer does.
enum Ending {
    /// The client is gone; nobody is there to be told.
    ClientGone,
    /// The client takes nothing of its answer any more, so it cannot be told.
    ClientStalled,
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
    /// What the conversation is held against where it is sent.
    guardrail: Option<Guardrail>,
    request_id: String,
    settlement: Settlement,
    client: ClientSide,
    origin: Origin,
    /// Held until the answer ends: the endpoint is busy with it.
    lease: Option<Lease>,
}

/// A stream that has begun.
struct Streaming {
    body: Fuse<Body>,
    translator: Translator,
    /// Events that are yet to be handed on.
    events: BytesMut,
    /// Whether there is more behind what was read, or why there is not.
    more: Result<bool, ApiError>,
}

impl Pump {
    /// The work on `task`, and its request, which the work takes when it runs: a long conversation
    /// is not kept while its answer streams.
    pub(super) fn new(
        worker: Rc<Worker>,
        task: Task,
        parts: mpsc::Sender<Part>,
    ) -> (Self, MessagesRequest) {
        let Task { request, headers, draft, progress, origin } = task;
        let request_id = draft.request_id();
        let caller = draft.record().and_then(|record| record.key_id.or(record.user_id));
        let asked = (!request.streaming())
            .then(|| Asked::new(caller, request.model(), &headers, request.body()));
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
            until: Instant::now() + worker.gateway.deadlines.whole,
            patience: worker.gateway.deadlines.client,
            settle_alone: worker.gateway.deadlines.settle_alone,
            alone_until: None,
            asked,
            heir: None,
            unclaimed: worker.gateway.unclaimed.clone(),
            readiness: worker.gateway.readiness.clone(),
        };
        let model = request.model().to_owned();
        let (names, defers_tools) = (Names::default(), request.defers_tools());
        let pump = Self {
            worker,
            model,
            headers,
            names,
            defers_tools,
            guardrail: None,
            request_id,
            settlement,
            client,
            origin,
            lease: None,
        };
        (pump, request)
    }

    /// Serves the request to its end.
    pub(super) async fn run(mut self, request: MessagesRequest) {
        let ended = match self.join().await {
            Ok(true) => Ok(()),
            Ok(false) => self.answer(request).await,
            Err(ending) => Err(ending),
        };
        match ended {
            Err(Ending::Error(outcome, error)) if self.client.is_there() => {
                self.fail(outcome, error).await;
            }
            Err(Ending::ClientStalled) => {
                let message = "The client took no part of its answer for too long.";
                let error = ApiError::new(ErrorKind::RequestTimeout, message);
                self.settlement.fail(Outcome::ClientAborted, &error);
            }
            _ => {}
        }
    }

    /// Hands over the answer to the same request before this one, whose client has left; false where
    /// there is none.
    async fn join(&mut self) -> Result<bool, Ending> {
        let unclaimed = &self.worker.gateway.unclaimed;
        let found = self.client.asked.as_ref().and_then(|asked| unclaimed.find(asked));
        let Some(mut found) = found else { return Ok(false) };
        let whole = self.client.wait(found.wait_for(Option::is_some)).await?;
        let Some((message, adjusted)) = whole.ok().and_then(|whole| whole.clone()) else {
            return Ok(false);
        };
        self.settlement.joined();
        self.settlement.complete();
        self.client.hand_over(message, adjusted).await?;
        self.client.claim();
        Ok(true)
    }

    async fn answer(&mut self, request: MessagesRequest) -> Result<(), Ending> {
        match self.open(request).await? {
            Opened::Stream(streaming) => self.stream(*streaming).await,
            Opened::Whole(body) => self.whole(body).await,
        }
    }

    /// Hands a whole answer over.
    async fn whole(&mut self, body: Bytes) -> Result<(), Ending> {
        let answer = &mut self.settlement.answer;
        let message = translate::whole(&body, &self.names, answer)?;
        self.settlement.complete();
        let adjusted = std::mem::take(&mut self.client.adjusted);
        self.client.hand_over(message.into(), adjusted).await
    }

    /// Pumps a stream that has begun until its end.
    async fn stream(&mut self, mut streaming: Streaming) -> Result<(), Ending> {
        let idle = self.worker.gateway.deadlines.idle;
        let mut last_read = Instant::now();
        loop {
            if self.settlement.answer.has_begun() {
                self.settlement.mark_first_token();
            }
            self.client.progress.advance(&self.settlement.answer);
            if self.settlement.answer.is_whole() && streaming.more.is_ok() {
                self.tail(&mut streaming).await;
                self.settlement.complete();
            }
            self.client.frame(&mut streaming.events).await?;
            match std::mem::replace(&mut streaming.more, Ok(true)) {
                Ok(true) if !self.settlement.answer.is_whole() => {}
                Ok(_) => break,
                Err(error) => return Err(self.broke_off(error)),
            }
            let read = self.client.wait(timeout(idle, streaming.body.next())).await?;
            let now = Instant::now();
            self.worker.recorder.gap(now - std::mem::replace(&mut last_read, now));
            let read = read.map_err(|_| self.broke_off(stalled()))?;
            streaming.more = self.translate(read, &mut streaming);
        }
        let finished = streaming.translator.finish(&self.settlement.answer);
        finished.map_err(|error| self.broke_off(error))?;
        self.client.send(Part::End).await
    }

    /// How a request ends whose answer breaks off; the endpoint's health hears of it.
    fn broke_off(&mut self, error: ApiError) -> Ending {
        if let (Some(lease), Some(finding)) = (&mut self.lease, refusal::finding(&error)) {
            lease.tell(finding, None);
        }
        error.into()
    }

    /// Translates what was read and what can be read without waiting; false at the body's end.
    fn translate(
        &mut self,
        read: Option<Result<Bytes, actix_web::error::PayloadError>>,
        streaming: &mut Streaming,
    ) -> Result<bool, ApiError> {
        let Streaming { body, translator, events, .. } = streaming;
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
    async fn tail(&mut self, streaming: &mut Streaming) {
        let Streaming { body, translator, events, .. } = streaming;
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

fn stalled() -> ApiError {
    ApiError::new(ErrorKind::Timeout, "Bedrock stopped in mid-answer.")
}
