//! What a signed-in Claude Code asks a gateway for besides messages: policies, of which there are none yet,
//! and a place for its telemetry.

use std::rc::Rc;

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::http::error::Refusal;
use crate::http::server::Edge;
use crate::http::{auth, body};

/// `GET /managed/settings`: 404 says that there is no policy; anything above 499 would keep every client from
/// starting.
///
/// # Errors
/// Always: a 401 where the client is to sign in again, else the 404.
pub(super) async fn managed_settings(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
) -> Result<HttpResponse, Refusal> {
    auth::principal(&request, &worker.gateway).await?;
    Err(ApiError::new(ErrorKind::NotFound, "There is no policy for this client.").into())
}

/// `POST /v1/metrics`, `/v1/logs`, `/v1/traces`: taken and dropped, since the client tells of an error each
/// time it is not.
///
/// # Errors
/// Where the client is not signed in, or the body does not come.
pub(super) async fn telemetry(
    request: HttpRequest,
    payload: Payload,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    auth::principal(&request, &worker.gateway).await?;
    body::read(&request, payload, edge.body_deadline).await?;
    Ok(HttpResponse::Ok().finish())
}
