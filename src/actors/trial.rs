//! A tiny call of one endpoint that an admin asks for: it goes through no limit and no breaker, and counts
//! for and against nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;

use super::endpoints::{AskError, Session};
use super::worker::Worker;
use crate::bedrock::service::ServiceError;
use crate::bedrock::trial::invoke;
use crate::domain::capability::Verdicts;
use crate::domain::model::{self, Resolved};
use crate::domain::request::MessagesRequest;
use crate::domain::translation::CallHeaders;

/// What cheap models have in their names.
const CHEAP: &str = "haiku";

/// What came of a trial.
#[derive(Debug)]
pub struct Trial {
    /// The model that was asked for.
    pub model: String,
    /// The profile that was called; `None` where the endpoint has none for the model.
    pub profile: Option<String>,
    /// How long it took, the credential included.
    pub took: Duration,
    /// What the model took, or why it did not answer.
    pub result: Result<Answered, TrialError>,
}

/// A model that did not answer, in words for admins.
#[derive(Debug, Error)]
pub enum TrialError {
    /// The question did not come through.
    #[error(transparent)]
    Asked(#[from] AskError),
    /// It could not even be put.
    #[error("{0}")]
    Own(String),
}

impl TrialError {
    fn own(error: impl ToString) -> Self {
        Self::Own(error.to_string())
    }

    /// AWS's word for what is wrong, where it refused.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Asked(AskError::Service(ServiceError::Refused { code, .. })) => Some(code),
            _ => None,
        }
    }
}

/// What an answer took.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Answered {
    /// Tokens of the prompt.
    pub input_tokens: u64,
    /// Tokens of the answer.
    pub output_tokens: u64,
}

#[derive(Deserialize)]
struct Message {
    usage: Answered,
}

impl Worker {
    /// Has `model` answer with one token at an endpoint, or the cheapest model that it has.
    pub async fn try_endpoint(&self, session: &Arc<Session>, model: Option<&str>) -> Trial {
        let began = Instant::now();
        let model = model.or_else(|| cheapest(session)).unwrap_or_default().to_owned();
        let (profile, result) = match session.catalog.resolve(&model) {
            Ok(resolved) => {
                let called = self.call_once(session, &model, &resolved).await;
                (Some(resolved.profile), called)
            }
            Err(unknown) => (None, Err(TrialError::own(unknown))),
        };
        Trial { model, profile, took: began.elapsed(), result }
    }

    async fn call_once(
        &self,
        session: &Arc<Session>,
        model: &str,
        resolved: &Resolved,
    ) -> Result<Answered, TrialError> {
        let body = body(model, resolved)?;
        let question = self.gateway.endpoints.ask(session, async |loaded| {
            let (endpoint, profile) = (&session.endpoint, &resolved.profile);
            invoke(&self.client, endpoint, &loaded.credential, profile, body.clone()).await
        });
        let answer: Message = serde_json::from_slice(&question.await?).map_err(TrialError::own)?;
        Ok(answer.usage)
    }
}

/// The newest of the cheap models that an endpoint has, or the newest of all.
fn cheapest(session: &Session) -> Option<&'static str> {
    let has = || model::all().iter().filter(|model| session.catalog.has(model));
    let cheap = has().find(|model| model.id.contains(CHEAP));
    cheap.or_else(|| has().next()).map(|model| model.id)
}

fn body(model: &str, resolved: &Resolved) -> Result<Bytes, TrialError> {
    let request = json!({
        "model": model,
        "max_tokens": 1,
        "messages": [{ "role": "user", "content": "Good day" }],
    });
    let request = MessagesRequest::parse(request.to_string().into()).map_err(TrialError::own)?;
    let translated = request.translate_for(resolved, &CallHeaders::default(), &Verdicts::NONE);
    Ok(translated.map_err(TrialError::own)?.body)
}
