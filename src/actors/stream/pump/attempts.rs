//! The attempts at a request until its answer begins: without what Bedrock has just refused, which is
//! learned, and at another endpoint where one is throttled, broken or not to be had. What the request
//! itself is at fault for is refused everywhere, so it goes nowhere else.
//!
//! Whether the answer has begun decides, not whether the client has its 200: a ping may have been sent
//! long before.

use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};

use super::{Ending, Pump, Streaming};
use crate::actors::call::call;
use crate::actors::endpoints::{Lease, Route};
use crate::actors::verdicts::{Known, Served, Taught};
use crate::bedrock::exchange::{self, Body, Failure, Operation, Target};
use crate::bedrock::refusal;
use crate::bedrock::translate::{Names, Translator};
use crate::domain::breaker::Finding;
use crate::domain::capability::{self, Feature, Features, Lesson, Verdicts};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::Resolved;
use crate::domain::request::MessagesRequest;
use crate::domain::trace::TraceContext;
use crate::domain::translation::Translation;
use crate::domain::usage::Outcome;
use crate::telemetry::trace::Call;
use crate::telemetry::traffic::Attempt;

/// Most refusals of one request from which something is learned.
const MAX_LESSONS: usize = 4;
/// Most endpoints that one request goes on to after the first.
const MAX_FAILOVERS: u32 = 3;

/// An answer that has begun.
pub(super) enum Opened {
    /// A stream, read as far as its first event.
    Stream(Box<Streaming>),
    /// A whole answer.
    Whole(Bytes),
}

/// What the attempts at one endpoint have shown.
#[derive(Default)]
struct Attempts {
    /// What refusals taught.
    taught: Vec<Taught>,
    /// The first of those refusals: it says what is wrong with the request as the client knows it.
    first: Option<ApiError>,
}

/// Why an endpoint did not begin to answer.
enum Unanswered {
    /// The request ends.
    Ended(Ending),
    /// Another endpoint may answer; this is what the client is told where none does.
    Elsewhere(Ending),
}

impl From<Ending> for Unanswered {
    fn from(ending: Ending) -> Self {
        Self::Ended(ending)
    }
}

impl Pump {
    /// Sends the request to one endpoint after the other until an answer begins.
    pub(super) async fn open(&mut self, request: MessagesRequest) -> Result<Opened, Ending> {
        let worker = Rc::clone(&self.worker);
        let endpoints = &worker.gateway.endpoints;
        let mut choosing = endpoints.route(self.origin.clone(), &self.model, Route::Messages);
        let mut failed: Option<Ending> = None;
        let mut failovers = 0;
        loop {
            let (lease, resolved) = match self.client.wait(choosing.next()).await? {
                Ok(chosen) => chosen,
                Err(error) => return Err(failed.unwrap_or_else(|| rejected(error))),
            };
            if !self.client.is_there() {
                return Err(Ending::ClientGone);
            }
            match self.open_at(&request, lease, &resolved).await {
                Ok(opened) => return Ok(opened),
                Err(Unanswered::Ended(ending)) => return Err(ending),
                Err(Unanswered::Elsewhere(ending)) => {
                    if failovers >= MAX_FAILOVERS || !choosing.has_another() {
                        return Err(ending);
                    }
                    failovers += 1;
                    failed = Some(ending);
                }
            }
        }
    }

    /// Translates the request for an endpoint and sends it there until an answer begins.
    async fn open_at(
        &mut self,
        request: &MessagesRequest,
        mut lease: Lease,
        resolved: &Resolved,
    ) -> Result<Opened, Unanswered> {
        let worker = Rc::clone(&self.worker);
        let (learned, name) = (&worker.gateway.learned, lease.endpoint().name.clone());
        self.settlement.served_by(&name, resolved, lease.routed());
        self.client.progress.served_by(&name);
        self.guardrail =
            lease.endpoint().guardrail.clone().or_else(|| self.headers.guardrail.clone());
        let without = self.guardrail.as_ref().and_then(|_| request.without_stopped_turns());
        let left_out = without.is_some();
        let request = without.as_ref().unwrap_or(request);
        let mut attempts = Attempts::default();
        loop {
            let place = || (name.clone(), resolved.profile.clone());
            let known = learned.of(&name, &resolved.profile).unwrap_or_default();
            let verdicts = attempts.verdicts(&known);
            let mut translation = match request.translate_for(resolved, &self.headers, &verdicts) {
                Ok(translation) => translation,
                Err(refusal) => return Err(attempts.untranslatable(refusal.into()).into()),
            };
            if left_out {
                translation.adjusted.push("messages.stopped");
            }
            let betas = translation.betas;
            let trace = self.settlement.call(&Call {
                model: &self.model,
                endpoint: &name,
                region: &lease.endpoint().region,
                profile: &resolved.profile,
                max_tokens: request.max_tokens(),
                streaming: self.client.streaming,
            });
            let began = Instant::now();
            let sent = self.send(translation, &mut lease, resolved, trace.as_ref()).await?;
            worker.recorder.attempt(&name, attempt(&sent), began.elapsed());
            if let Err(failure) = &sent {
                self.settlement.call_failed(&failure.error);
            }
            match sent {
                Ok(opened) => {
                    lease.tell(Finding::Served, Some(began.elapsed()));
                    self.lease = Some(lease);
                    let was_taught = !attempts.taught.is_empty();
                    attempts.taught.into_iter().for_each(|it| learned.name.tell(it));
                    if !was_taught && !known.suspects.is_empty() {
                        learned.name.tell(Served { place: place(), sent: betas });
                    }
                    return Ok(opened);
                }
                Err(failure) => match refusal::finding(&failure.error) {
                    Some(finding) => {
                        lease.tell(finding, None);
                        return Err(Unanswered::Elsewhere(ended(failure)));
                    }
                    None => {
                        lease.tell(Finding::Served, Some(began.elapsed()));
                        attempts.again(failure, place(), betas)?;
                    }
                },
            }
        }
    }

    /// Sends a translated request and waits until its answer begins.
    async fn send(
        &mut self,
        translation: Translation,
        lease: &mut Lease,
        resolved: &Resolved,
        trace: Option<&TraceContext>,
    ) -> Result<Result<Opened, Failure>, Ending> {
        let worker = Rc::clone(&self.worker);
        let gateway = &worker.gateway;
        let operation =
            if self.client.streaming { Operation::InvokeStream } else { Operation::Invoke };
        let guardrail = self.guardrail.clone();
        let target =
            Target { profile: &resolved.profile, operation, guardrail: guardrail.as_ref() };
        worker.recorder.adjusted(&translation.adjusted);
        if self.defers_tools {
            let were_kept = !translation.adjusted.contains(&"tools.defer_loading");
            worker.recorder.deferred_tools(were_kept);
        }
        self.client.adjusted = translation.adjusted;
        self.names = Names::new(&self.model, &translation.aliases);
        let (body, until) = (translation.body, Instant::now() + gateway.deadlines.first_byte);
        let sent = call(&worker.client, &gateway.endpoints, lease, target, body, (until, trace));
        match self.client.wait(sent).await? {
            Ok(body) if self.client.streaming => self.first_event(body, until).await,
            // Nothing of it goes out before it is whole.
            Ok(body) => {
                let read = self.client.wait(exchange::read_whole(body, until)).await?;
                Ok(read.map(Opened::Whole).map_err(Failure::from))
            }
            Err(failure) => Ok(Err(failure)),
        }
    }

    /// Reads a stream as far as its first event: until then an exception in it is a refusal.
    async fn first_event(
        &mut self,
        body: Body,
        until: Instant,
    ) -> Result<Result<Opened, Failure>, Ending> {
        // An awc body panics when it is polled behind its end.
        let mut streaming = Box::new(Streaming {
            body: body.fuse(),
            translator: Translator::new(std::mem::take(&mut self.names), self.guardrail.is_some()),
            events: BytesMut::new(),
            more: Ok(true),
        });
        let failed = |error, answered| Ok(Err(Failure { error, answered, stale: None }));
        loop {
            let next = timeout_at(until, streaming.body.next());
            let Ok(read) = self.client.wait(next).await? else {
                return failed(super::stalled(), false);
            };
            streaming.more = self.translate(read, &mut streaming);
            if !streaming.events.is_empty() {
                return Ok(Ok(Opened::Stream(streaming)));
            }
            match streaming.more {
                Ok(true) => {}
                Ok(false) => {
                    let message = "The answer from Bedrock broke off before it began.";
                    return failed(ApiError::new(ErrorKind::Api, message), false);
                }
                Err(error) => return failed(error, true),
            }
        }
    }
}

impl Attempts {
    /// The verdicts for the next attempt: with half of the suspects withheld, or without what was
    /// just refused.
    fn verdicts(&self, known: &Known) -> Verdicts {
        if self.taught.is_empty() {
            return known.suspects.trial(&known.verdicts);
        }
        let mut verdicts = known.verdicts.clone();
        for Taught { lesson, sent, .. } in &self.taught {
            match lesson {
                Lesson::Features(features) => features.iter().for_each(|it| verdicts.refuse(it)),
                Lesson::Field(field) => verdicts.refuse_field(field),
                Lesson::SomeBeta => {
                    verdicts.forget_betas();
                    sent.iter().for_each(|feature| verdicts.refuse(feature));
                }
                Lesson::Signature => verdicts.refuse(Feature::ThinkingBlocks),
            }
        }
        verdicts
    }

    /// Whether to try again after a refusal of the request itself.
    ///
    /// # Errors
    /// How the request ends, where not.
    fn again(
        &mut self,
        failure: Failure,
        place: (String, String),
        sent: Features,
    ) -> Result<(), Ending> {
        let is_refusal = failure.answered && failure.error.kind == ErrorKind::InvalidRequest;
        let lesson = capability::lesson(&failure.error.message).filter(|_| is_refusal);
        let is_new = |lesson: &Lesson| self.taught.iter().all(|taught| taught.lesson != *lesson);
        match lesson.filter(is_new) {
            Some(lesson) if self.taught.len() < MAX_LESSONS => {
                self.taught.push(Taught { place, lesson, sent });
                self.first.get_or_insert(failure.error);
                Ok(())
            }
            _ if is_refusal => {
                let error = self.first.take().unwrap_or(failure.error);
                Err(Ending::Error(Outcome::Refused, error))
            }
            _ => Err(ended(failure)),
        }
    }

    /// How a request ends that cannot be translated, whether from the start or without what was
    /// refused: the translation names the class by which the client knows what to leave out.
    fn untranslatable(self, error: ApiError) -> Ending {
        match self.first {
            Some(_) => Ending::Error(Outcome::Refused, error),
            None => rejected(error),
        }
    }
}

/// What an attempt was, for the metrics.
fn attempt(sent: &Result<Opened, Failure>) -> Attempt {
    match sent {
        Ok(_) => Attempt::Answer,
        Err(failure) => Attempt::failed(failure.error.kind, failure.answered),
    }
}

/// How a request ends with this failure.
fn ended(failure: Failure) -> Ending {
    let outcome = if failure.answered { Outcome::Refused } else { Outcome::Failed };
    Ending::Error(outcome, failure.error)
}

fn rejected(error: ApiError) -> Ending {
    Ending::Error(Outcome::Rejected, error)
}
