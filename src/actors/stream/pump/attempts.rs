//! The attempts at a request until its answer begins: once more where only the connection or the
//! credential was stale, and once more without what Bedrock has just refused, which is learned.

use std::rc::Rc;

use super::{Ending, Pump};
use crate::actors::verdicts::{Known, Served, Taught};
use crate::bedrock::exchange::{self, Body, Failure, Operation};
use crate::bedrock::translate::Names;
use crate::domain::capability::{self, Features, Lesson, Verdicts};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model;
use crate::domain::request::MessagesRequest;
use crate::domain::translation::Translation;
use crate::domain::usage::Outcome;

/// What the attempts so far have shown.
#[derive(Default)]
struct Attempts {
    /// Whether a stale connection or credential was tried again.
    retried: bool,
    /// What a refusal taught, and the refusal itself.
    taught: Option<(Taught, ApiError)>,
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
            let sent = exchange::send(client, endpoint, credential, target, body, deadline);
            let failure = match self.client.wait(sent).await? {
                Ok(body) => {
                    match attempts.taught {
                        Some((taught, _)) => gateway.learned.name.tell(taught),
                        None if known.suspects.is_empty() => {}
                        None => gateway.learned.name.tell(Served { place: place(), sent: betas }),
                    }
                    return Ok(body);
                }
                Err(failure) => failure,
            };
            if failure.stale_credential && !attempts.retried {
                self.client.wait(gateway.endpoints.refresh()).await?.map_err(rejected)?;
            }
            attempts.again(failure, place(), betas)?;
        }
    }

    /// Takes over what the client is to hear of a translation, and gives its body.
    fn adopt(&mut self, translation: Translation) -> bytes::Bytes {
        self.client.adjusted = translation.adjusted;
        self.names = Names::new(&self.model, &translation.aliases);
        translation.body
    }
}

impl Attempts {
    /// The verdicts for the next attempt: with half of the suspects withheld, or without what was
    /// just refused.
    fn verdicts(&self, known: &Known) -> Verdicts {
        let Some((taught, _)) = &self.taught else {
            return known.suspects.trial(&known.verdicts);
        };
        let mut verdicts = known.verdicts.clone();
        match &taught.lesson {
            Lesson::Feature(feature) => verdicts.refuse(*feature),
            Lesson::Field(field) => verdicts.refuse_field(field),
            Lesson::SomeBeta => {
                verdicts.forget_betas();
                taught.sent.iter().for_each(|feature| verdicts.refuse(feature));
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
        match (self.taught.take(), lesson) {
            (None, Some(lesson)) => {
                self.taught = Some((Taught { place, lesson, sent }, error));
                Ok(())
            }
            // The first refusal says what is wrong with the request as the client knows it.
            (Some((_, first)), _) if is_refusal => Err(Ending::Error(Outcome::Refused, first)),
            _ => {
                let outcome = if answered { Outcome::Refused } else { Outcome::Failed };
                Err(Ending::Error(outcome, error))
            }
        }
    }

    /// How a request ends that cannot be translated.
    fn untranslatable(self, error: ApiError) -> Ending {
        match self.taught {
            Some((_, first)) => Ending::Error(Outcome::Refused, first),
            None => rejected(error),
        }
    }
}

fn rejected(error: ApiError) -> Ending {
    Ending::Error(Outcome::Rejected, error)
}
