//! `POST /v1/messages/count_tokens`: how many tokens a prompt has. It costs nothing, so it is neither
//! limited nor recorded.

use std::rc::Rc;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use super::{access, asked};
use crate::actors::endpoints::Origin;
use crate::actors::worker::Worker;
use crate::domain::request::MessagesRequest;
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::server::Edge;

/// Counts the tokens of a prompt; the header `x-ccag-adjusted` tells of an estimate.
///
/// # Errors
/// The refusal that the client is to see.
pub async fn count_tokens(
    request: HttpRequest,
    payload: Payload,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    let gateway = &worker.gateway;
    let principal = auth::principal(&request, gateway).await?;
    let parse = MessagesRequest::parse_count_tokens;
    let asked = asked::read(&request, payload, edge.body_deadline, parse).await?;
    access::permitted(&principal, asked.model(), &gateway.endpoints)?;
    let origin = Origin::new(&principal, asked.session_id().as_deref());
    let count = worker.count_tokens(&asked, &asked::headers(request.headers())?, origin).await?;
    let mut response = HttpResponse::Ok();
    if count.estimated {
        response.insert_header(("x-ccag-adjusted", "count_tokens"));
    }
    Ok(response.json(json!({ "input_tokens": count.input_tokens })))
}
