//! The routes of the simulated Bedrock.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::{HttpRequest, HttpResponse, web};
use base64_simd::STANDARD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::cache::{self, Memory};
use super::conversation::Conversation;
use super::journal::Journal;
use super::models::{self, Model, Named};
use super::play::{self, Play};
use super::reply::{Exception, Refusal};
use super::script;
use super::stream::Head;
use super::wish::{self, Fault};
use super::{caller, guardrail, profiles, quotas, validate};
use crate::domain::tokens::Tokens;

/// Largest body that InvokeModel takes, in bytes.
pub(super) const MOST_BYTES: usize = 25_000_000;

/// What all requests share.
pub(super) struct State {
    pub(super) delta_interval: Duration,
    pub(super) memory: Mutex<Memory>,
    pub(super) journal: Mutex<Journal>,
}

type Body = Result<web::Bytes, actix_web::Error>;
type Answered = Result<HttpResponse, Refusal>;

/// Adds the routes to an app.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/model/{id}/invoke", web::post().to(invoke))
        .route("/model/{id}/invoke-with-response-stream", web::post().to(stream))
        .route("/model/{id}/count-tokens", web::post().to(count_tokens))
        .route("/inference-profiles", web::get().to(list_profiles))
        .route("/inference-profiles/{id}", web::get().to(get_profile))
        .route("/", web::post().to(list_quotas))
        .route("/_requests", web::get().to(requests))
        .default_service(web::to(unknown));
}

/// Locks; the state stays sound in any case, so a panic elsewhere is no reason to stop.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the answer its request id and keeps the request in the journal.
fn finished(state: &State, request: &HttpRequest, body: &Body, answered: Answered) -> HttpResponse {
    let response = answered.unwrap_or_else(|refusal| refusal.response());
    locked(&state.journal).keep(request, bytes(body), response.status().as_u16());
    response
}

async fn invoke(
    state: web::Data<State>,
    id: web::Path<String>,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    let answered = match turn(&state, &request, &id, &body) {
        Ok(turn) => play::whole(turn).await,
        Err(refusal) => Err(refusal),
    };
    finished(&state, &request, &body, answered)
}

async fn stream(
    state: web::Data<State>,
    id: web::Path<String>,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    let answered =
        turn(&state, &request, &id, &body).map(|turn| play::streamed(turn, state.delta_interval));
    finished(&state, &request, &body, answered)
}

async fn count_tokens(
    state: web::Data<State>,
    id: web::Path<String>,
    request: HttpRequest,
    body: Body,
) -> HttpResponse {
    let answered =
        counted(&request, &id, &body).map(|counted| reply(&json!({"inputTokens": counted})));
    finished(&state, &request, &body, answered)
}

async fn list_profiles(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let query = web::Query::<profiles::Query>::from_query(request.query_string());
    let query = query.map(web::Query::into_inner).unwrap_or_default();
    let answered = caller::region(&request, b"").and_then(|region| profiles::list(&region, &query));
    let answered = answered.map(|page| reply(&page));
    finished(&state, &request, &Ok(web::Bytes::new()), answered)
}

async fn get_profile(
    state: web::Data<State>,
    id: web::Path<String>,
    request: HttpRequest,
) -> HttpResponse {
    let answered = caller::region(&request, b"").and_then(|region| profiles::get(&region, &id));
    let answered = answered.map(|profile| reply(&profile));
    finished(&state, &request, &Ok(web::Bytes::new()), answered)
}

/// As services of JSON 1.1 do, it tells by a header what is asked for.
async fn list_quotas(state: web::Data<State>, request: HttpRequest, body: Body) -> HttpResponse {
    let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
    let asked = match target {
        Some(quotas::TARGET) => caller::of_service(&request, bytes(&body), "servicequotas")
            .map_err(|refusal| ("UnrecognizedClientException", refusal.message)),
        _ => Err(("UnknownOperationException", String::new())),
    };
    let listed = asked.and_then(|_| {
        quotas::list(bytes(&body)).map_err(|(kind, message)| (kind, message.to_owned()))
    });
    let answer = match listed {
        Ok(page) => reply(&page),
        Err((kind, message)) => HttpResponse::BadRequest()
            .insert_header(("x-amzn-requestid", Uuid::new_v4().to_string()))
            .json(json!({ "__type": kind, "message": message })),
    };
    finished(&state, &request, &body, Ok(answer))
}

async fn requests(state: web::Data<State>, request: HttpRequest) -> HttpResponse {
    let last = request.query_string().strip_prefix("last=");
    let last = last.and_then(|last| last.parse().ok()).unwrap_or(usize::MAX);
    HttpResponse::Ok().json(locked(&state.journal).report(last))
}

/// As seen of the real service: no 404, but a 200 that names the failure.
async fn unknown(state: web::Data<State>, request: HttpRequest, body: Body) -> HttpResponse {
    let failure = json!({
        "Output": {"__type": "com.amazon.coral.service#UnknownOperationException"},
        "Version": "1.0",
    });
    finished(&state, &request, &body, Ok(reply(&failure)))
}

fn reply(body: &Value) -> HttpResponse {
    HttpResponse::Ok().insert_header(("x-amzn-requestid", Uuid::new_v4().to_string())).json(body)
}

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(Exception::Validation, message)
}

/// What came of a body; nothing where it was too large.
fn bytes(body: &Body) -> &[u8] {
    body.as_ref().map(|body| body.as_ref()).unwrap_or_default()
}

fn read(body: &Body) -> Result<Value, Refusal> {
    let Ok(bytes) = body else {
        return Err(refused(format!("Request body exceeds the limit of {MOST_BYTES} bytes.")));
    };
    serde_json::from_slice(bytes)
        .map_err(|_| refused("Malformed input request, please reformat your input and try again."))
}

/// Everything that comes before the answer: who calls, which model, is the body valid, what to say.
fn turn(state: &State, request: &HttpRequest, id: &str, body: &Body) -> Result<Play, Refusal> {
    let began = Instant::now();
    let region = caller::region(request, bytes(body))?;
    let model = invocable(id, &region)?;
    let body = read(body)?;
    validate::check(model, &body)?;
    let body = body.as_object().ok_or_else(|| refused("Malformed input request"))?;
    fits(model, cache::prompt_tokens(body))?;
    let fault = wish::fault(Conversation::read(body).prompt());
    match fault {
        Some(Fault::Throttle) => {
            return Err(Refusal::new(
                Exception::Throttling,
                "Too many requests, please wait before trying again.",
            ));
        }
        Some(Fault::Overload) => {
            return Err(Refusal::new(
                Exception::ServiceUnavailable,
                "Bedrock is unable to process your request.",
            ));
        }
        _ => {}
    }
    let seed = Uuid::new_v4().simple().to_string();
    let (blocked, told) = match guardrail::of(request, body)? {
        Some(guarded) => (guarded.answer, guarded.told),
        None => (None, Map::new()),
    };
    let (answer, tokens) = match blocked {
        Some(answer) => (answer, Tokens::default()),
        None => {
            let answer = script::answer(body, &seed);
            let mut tokens = locked(&state.memory).count(model, body, began);
            tokens.output = answer.blocks.iter().map(script::Block::tokens).sum::<u64>().max(1);
            (answer, tokens)
        }
    };
    let head = Head { id: format!("msg_bdrk_{seed}"), model: model.name(), tokens, told };
    Ok(Play { head, answer, fault, began })
}

fn invocable(id: &str, region: &str) -> Result<&'static Model, Refusal> {
    match models::find(id, region) {
        Some(Named::Profile(model)) => Ok(model),
        Some(Named::Base(_)) => Err(refused(format!(
            "Invocation of model ID {id} with on-demand throughput isn’t supported. Retry your request with the ID or ARN of an inference profile that contains this model."
        ))),
        Some(Named::Ended) => Err(ended()),
        None => Err(refused("The provided model identifier is invalid.")),
    }
}

fn ended() -> Refusal {
    let message = "This model version has reached the end of its life. Please refer to the AWS documentation for more details.";
    Refusal::new(Exception::ResourceNotFound, message)
}

fn fits(model: &Model, prompt: u64) -> Result<(), Refusal> {
    let most = model.context();
    if prompt <= most {
        return Ok(());
    }
    let message = if model.is_new() {
        format!("prompt is too long: {prompt} tokens > {most} maximum")
    } else {
        "Input is too long for requested model.".to_owned()
    };
    Err(Refusal { exception: Exception::Validation, message, anthropic: model.is_new() })
}

/// CountTokens knows base ids only, and no model from 4.7 on.
fn counted(request: &HttpRequest, id: &str, body: &Body) -> Result<u64, Refusal> {
    let region = caller::region(request, bytes(body))?;
    let model = match models::find(id, &region) {
        Some(Named::Base(model)) if !model.is_new() => model,
        Some(Named::Ended) => return Err(ended()),
        Some(_) => {
            return Err(refused("The provided model doesn't support counting tokens."));
        }
        None => return Err(refused("The provided model identifier is invalid.")),
    };
    let body = read(body)?;
    let inner = body.pointer("/input/invokeModel/body").and_then(Value::as_str);
    let inner = inner.and_then(|text| STANDARD.decode_to_vec(text).ok());
    let inner: Option<Value> = inner.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let inner = inner.ok_or_else(|| {
        refused("Malformed input request, please reformat your input and try again.")
    })?;
    validate::check(model, &inner)?;
    Ok(inner.as_object().map_or(0, cache::prompt_tokens))
}
