//! `POST /v1/messages`: the answer as it comes, whole or as server-sent events.

use std::rc::Rc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::serve::{self, Served};
use crate::actors::stream::Part;
use crate::actors::worker::Worker;
use crate::domain::request::MessagesRequest;
use crate::http::error::Refusal;
use crate::http::server::Edge;
use crate::http::sse::{AnswerBody, crashed};

/// Serves one Messages request.
///
/// # Errors
/// The refusal that the client is to see.
pub async fn messages(
    request: HttpRequest,
    payload: Payload,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    let served = serve::serve(&request, payload, &worker, &edge, MessagesRequest::parse).await?;
    answer(served).await
}

/// Waits for the first part, which decides the status, and lets the others follow.
async fn answer(served: Served) -> Result<HttpResponse, Refusal> {
    let Served { mut parts, request_id } = served;
    let mut response = HttpResponse::Ok();
    match parts.recv().await {
        Some(Part::Begin(names)) => {
            serve::adjusted(&mut response, &names);
            response
                .insert_header((CONTENT_TYPE, HeaderValue::from_static("text/event-stream")))
                .insert_header((CACHE_CONTROL, HeaderValue::from_static("no-cache")))
                .insert_header(("x-accel-buffering", "no"));
            Ok(response.body(AnswerBody::new(parts, request_id)))
        }
        Some(Part::Whole(body, names)) => {
            serve::adjusted(&mut response, &names);
            response.insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")));
            Ok(response.body(body))
        }
        Some(Part::Refused(error)) => Err(error.into()),
        Some(Part::Frame(_) | Part::End) | None => Err(crashed().into()),
    }
}
