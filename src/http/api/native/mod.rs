//! Bedrock's own routes, for clients with `CLAUDE_CODE_USE_BEDROCK=1` and AWS's SDKs: the same
//! credentials, limits, edits and accounting as `/v1/messages`, in Bedrock's form.

mod metrics;
mod profiles;
mod stream;
mod wrap;

use std::rc::Rc;

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use serde_json::json;

pub use profiles::{profile, profiles};

use self::metrics::Metrics;
use self::stream::NativeBody;
use self::wrap::{Called, counted, invoked};
use super::{access, asked, serve};
use crate::actors::endpoints::Origin;
use crate::actors::stream::Part;
use crate::actors::worker::Worker;
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::server::Edge;
use crate::http::sse::crashed;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("application/vnd.amazon.eventstream");

/// `POST /model/{id}/invoke`
///
/// # Errors
/// The refusal that the client is to see.
pub async fn invoke(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    answer(request, payload, id.into_inner(), false, (worker, edge)).await
}

/// `POST /model/{id}/invoke-with-response-stream`
///
/// # Errors
/// The refusal that the client is to see.
pub async fn invoke_stream(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    answer(request, payload, id.into_inner(), true, (worker, edge)).await
}

async fn answer(
    request: HttpRequest,
    payload: Payload,
    id: String,
    streaming: bool,
    (worker, edge): (Data<Rc<Worker>>, Data<Edge>),
) -> Result<HttpResponse, Refusal> {
    let mut metrics = Metrics::begin();
    let called = Called::new(&id, worker.gateway.endpoints.model_of(&id));
    let parse = move |body: Bytes| invoked(&body, &id, streaming);
    let served = serve::serve(&request, payload, &worker, &edge, parse).await?;
    let (mut parts, mut response) = (served.parts, HttpResponse::Ok());
    response.insert_header(("x-amzn-bedrock-content-type", JSON));
    let first = parts.recv().await;
    metrics.answered();
    match first {
        Some(Part::Begin(names)) => {
            serve::adjusted(&mut response, &names);
            response.insert_header((CONTENT_TYPE, EVENT_STREAM));
            Ok(response.body(NativeBody::new(parts, called, metrics)))
        }
        Some(Part::Whole(body, names)) => {
            serve::adjusted(&mut response, &names);
            response.insert_header((CONTENT_TYPE, JSON));
            metrics.announce(&body, &mut response);
            Ok(response.body(called.renamed(body)))
        }
        Some(Part::Refused(error)) => Err(error.into()),
        Some(Part::Frame(_) | Part::End) | None => Err(crashed().into()),
    }
}

/// `POST /model/{id}/count-tokens`
///
/// # Errors
/// The refusal that the client is to see.
pub async fn count_tokens(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    let gateway = &worker.gateway;
    let principal = auth::principal(&request, gateway).await?;
    let id = id.into_inner();
    let parse = move |body: Bytes| counted(&body, &id);
    let asked = asked::read(&request, payload, edge.body_deadline, parse).await?;
    access::permitted(&principal, asked.model(), &gateway.endpoints)?;
    let origin = Origin::new(&principal, asked.session_id().as_deref());
    let count = worker.count_tokens(&asked, &asked::headers(request.headers())?, origin).await?;
    Ok(HttpResponse::Ok().json(json!({ "inputTokens": count.input_tokens })))
}
