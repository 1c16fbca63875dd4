//! Counting the tokens of a prompt: Bedrock's own count where the model has one, else an estimate.
//! Answers are kept for a while, since clients ask the same in bursts; nothing here counts for or
//! against an endpoint's health for answers.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use base64_simd::STANDARD;
use bytes::Bytes;
use moka::sync::Cache;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::call::call;
use super::endpoints::{Lease, Origin, Route};
use super::worker::Worker;
use crate::bedrock::exchange::{self, Operation, Target};
use crate::bedrock::refusal;
use crate::domain::breaker::Finding;
use crate::domain::capability::{self, Feature, Verdicts};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::Model;
use crate::domain::request::MessagesRequest;
use crate::domain::translation::CallHeaders;

/// Counts that are kept.
const KEPT: u64 = 10_000;
const KEPT_FOR: Duration = Duration::from_secs(10 * 60);
/// Calls that a worker makes at once; beyond them it estimates.
const AT_ONCE: usize = 8;
/// How long Bedrock may take to count.
const DEADLINE: Duration = Duration::from_secs(10);
/// What Bedrock says where a model has no count, whatever the table says.
const UNSUPPORTED: &str = "doesn't support counting tokens";

/// How many tokens a prompt has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The tokens.
    pub input_tokens: u64,
    /// Whether that is an estimate.
    pub estimated: bool,
}

/// The counts of all workers.
#[derive(Clone)]
pub struct Counts(Cache<[u8; 32], Count>);

impl Default for Counts {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build())
    }
}

/// Calls of one worker that are under way.
#[derive(Default)]
pub(super) struct UnderWay(Rc<Cell<usize>>);

/// A place among them, given back when it is dropped.
struct Place(Rc<Cell<usize>>);

impl UnderWay {
    fn enter(&self) -> Option<Place> {
        let count = self.0.get();
        (count < AT_ONCE).then(|| {
            self.0.set(count + 1);
            Place(Rc::clone(&self.0))
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// The answer of CountTokens.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counted {
    input_tokens: u64,
}

impl Worker {
    /// Counts the tokens of a prompt.
    ///
    /// # Errors
    /// What the client is to be told of a prompt that cannot be sent to the model either.
    pub async fn count_tokens(
        &self,
        request: &MessagesRequest,
        headers: &CallHeaders,
        origin: Origin,
    ) -> Result<Count, ApiError> {
        let endpoints = &self.gateway.endpoints;
        let estimate = Count { input_tokens: request.estimated_tokens(), estimated: true };
        let mut choosing = endpoints.route(origin, request.model(), Route::CountTokens);
        let (mut lease, resolved) = match choosing.next().await {
            Ok(chosen) => chosen,
            Err(error) if error.kind == ErrorKind::NotFound => return Err(error),
            Err(_) => return Ok(estimate),
        };
        let counts = |model: &&Model| model.capability.takes(Feature::CountTokens);
        let Some(base) = resolved.model.filter(counts).map(|model| model.base) else {
            request.translate_for(&resolved, headers, &Verdicts::NONE)?;
            return Ok(estimate);
        };
        let known = self.gateway.learned.of(&lease.endpoint().name, &resolved.profile);
        let verdicts = known.map(|known| known.verdicts).unwrap_or_default();
        let body = request.translate_for(&resolved, headers, &verdicts)?.body;
        let key: [u8; 32] = Sha256::new_with_prefix(base).chain_update(&body).finalize().into();
        if let Some(count) = self.gateway.counts.0.get(&key) {
            return Ok(count);
        }
        let Some(_place) = self.counting.enter() else { return Ok(estimate) };
        let count = match self.counted_by_bedrock(&mut lease, base, &body).await {
            Ok(input_tokens) => Count { input_tokens, estimated: false },
            Err(error) if error.kind != ErrorKind::InvalidRequest => return Ok(estimate),
            Err(error) if error.message.contains(UNSUPPORTED) => estimate,
            // The request itself would be served without what Bedrock refuses here.
            Err(error) if capability::lesson(&error.message).is_some() => return Ok(estimate),
            Err(error) => return Err(error),
        };
        self.gateway.counts.0.insert(key, count);
        Ok(count)
    }

    /// Asks Bedrock, and tells the health of this route what came of it.
    async fn counted_by_bedrock(
        &self,
        lease: &mut Lease,
        base: &str,
        body: &Bytes,
    ) -> Result<u64, ApiError> {
        let invoke = STANDARD.encode_to_string(body);
        let body = Bytes::from(format!(r#"{{"input":{{"invokeModel":{{"body":"{invoke}"}}}}}}"#));
        let target = Target { profile: base, operation: Operation::CountTokens, guardrail: None };
        let endpoints = &self.gateway.endpoints;
        let until = Instant::now() + DEADLINE;
        let answer = match call(&self.client, endpoints, lease, target, body, (until, None)).await {
            Ok(answer) => answer,
            Err(failure) => {
                lease.tell(refusal::finding(&failure.error).unwrap_or(Finding::Served), None);
                return Err(failure.error);
            }
        };
        lease.tell(Finding::Served, None);
        let answer = exchange::read_whole(answer, until).await?;
        let counted: Result<Counted, _> = serde_json::from_slice(&answer);
        let unread = |error: serde_json::Error| {
            ApiError::new(ErrorKind::Api, format!("Bedrock's count is none: {error}."))
        };
        counted.map(|counted| counted.input_tokens).map_err(unread)
    }
}
