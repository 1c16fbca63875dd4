//! The attempts at a request until its answer begins: once more where only the connection or the
//! credential was stale, and once more without what Bedrock has just refused, which is learned.

use std::rc::Rc;
use std::time::Instant;

use super::{Ending, Pump};
use crate::actors::verdicts::{Known, Served, Taught};
use crate::bedrock::exchange::{self, Body, Failure, Operation};
use crate::bedrock::translate::Names;
use crate::domain::capability::{self, Feature, Features, Lesson, Verdicts};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model;
use crate::domain::request::MessagesRequest;
use crate::domain::translation::Translation;
use crate::domain::usage::Outcome;
use crate::telemetry::trace::Call;
use crate::telemetry::traffic::Attempt;

/// Most refusals of one request from which something is learned.
const MAX_LESSONS: usize = 4;

/// What the attempts so far have shown.
#[derive(Default)]
struct Attempts {
    /// Whether a stale connection or credential was tried again.
    retried: bool,
    /// What refusals taught.
    taught: Vec<Taught>,
    /// The first of those refusals: it says what is wrong with the request as the client knows it.
    first: Option<ApiError>,
}

impl Pump {
    /// Translates the request for the endpoint that serves it, and sends it until an answer begins.
    pub(super) async fn open(&mut self, request: MessagesRequest) -> Result<Body, Ending> {
        let worker = Rc::clone(&self.worker);
        let gateway = &worker.gateway;
        let resolved = model::resolve(&self.model, gateway.geography)
            .map_err(|error| rejected(error.into()))?;
        let operation =
            if self.client.streaming { Operation::InvokeStream } else { Operation::Invoke };
        let target = (resolved.profile.as_str(), operation);
        let mut attempts = Attempts::default();
        loop {
            let lease = self.client.wait(gateway.endpoints.lease()).await?.map_err(rejected)?;
            if !self.client.is_there() {
                return Err(Ending::ClientGone);
            }
            let endpoint = lease.endpoint();
            let place = || (endpoint.name.clone(), resolved.profile.clone());
            let known = gateway.learned.of(&endpoint.name, &resolved.profile).unwrap_or_default();
            let verdicts = attempts.verdicts(&known);
            let translation = match request.translate_for(&resolved, &self.headers, &verdicts) {
                Ok(translation) => translation,
                Err(refusal) => return Err(attempts.untranslatable(refusal.into())),
            };
            self.settlement.served_by(&endpoint.name, &resolved);
            self.client.progress.served_by(&endpoint.name);
            let betas = translation.betas;
            let (body, deadline) = (self.adopt(translation), gateway.deadlines.first_byte);
            let (client, credential) = (&worker.client, lease.credential());
            let trace = self.settlement.call(&Call {
                model: &self.model,
                endpoint: &endpoint.name,
                region: &endpoint.region,
                profile: &resolved.profile,
                max_tokens: request.max_tokens(),
                streaming: self.client.streaming,
            });
            let trace = trace.as_ref();
            let sent = exchange::send(client, endpoint, credential, target, body, deadline, trace);
            let began = Instant::now();
            let sent = self.client.wait(sent).await?;
            worker.recorder.attempt(&endpoint.name, attempt(&sent), began.elapsed());
            let failure = match sent {
                Ok(body) => {
                    let was_taught = !attempts.taught.is_empty();
                    attempts.taught.into_iter().for_each(|it| gateway.learned.name.tell(it));
                    if !was_taught && !known.suspects.is_empty() {
                        gateway.learned.name.tell(Served { place: place(), sent: betas });
                    }
                    return Ok(body);
                }
                Err(failure) => failure,
            };
            self.settlement.call_failed(&failure.error);
            if failure.stale_credential && !attempts.retried {
                self.client.wait(gateway.endpoints.refresh()).await?.map_err(rejected)?;
            }
            attempts.again(failure, place(), betas)?;
        }
    }

    /// Takes over what the client is to hear of a translation, and gives its body.
    fn adopt(&mut self, translation: Translation) -> bytes::Bytes {
        self.worker.recorder.adjusted(&translation.adjusted);
        if self.defers_tools {
            let were_kept = !translation.adjusted.contains(&"tools.defer_loading");
            self.worker.recorder.deferred_tools(were_kept);
        }
        self.client.adjusted = translation.adjusted;
        self.names = Names::new(&self.model, &translation.aliases);
        translation.body
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

    /// Whether to try again after a failure.
    ///
    /// # Errors
    /// How the request ends, where not.
    fn again(
        &mut self,
        failure: Failure,
        place: (String, String),
        sent: Features,
    ) -> Result<(), Ending> {
        let Failure { error, answered, stale_credential, stale_connection } = failure;
        if !self.retried && (stale_credential || stale_connection) {
            self.retried = true;
            return Ok(());
        }
        let is_refusal = answered && error.kind == ErrorKind::InvalidRequest;
        let lesson = capability::lesson(&error.message).filter(|_| is_refusal);
        let is_new = |lesson: &Lesson| self.taught.iter().all(|taught| taught.lesson != *lesson);
        match lesson.filter(is_new) {
            Some(lesson) if self.taught.len() < MAX_LESSONS => {
                self.taught.push(Taught { place, lesson, sent });
                self.first.get_or_insert(error);
                Ok(())
            }
            _ if is_refusal => {
                Err(Ending::Error(Outcome::Refused, self.first.take().unwrap_or(error)))
            }
            _ => {
                let outcome = if answered { Outcome::Refused } else { Outcome::Failed };
                Err(Ending::Error(outcome, error))
            }
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
fn attempt(sent: &Result<Body, Failure>) -> Attempt {
    match sent {
        Ok(_) => Attempt::Answer,
        Err(failure) => Attempt::failed(failure.error.kind, failure.answered),
    }
}

fn rejected(error: ApiError) -> Ending {
    Ending::Error(Outcome::Rejected, error)
}
