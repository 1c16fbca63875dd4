//! `POST /admin/chaos/{actor}`: makes an actor panic, for the supervision tests. Not part of a
//! release.

use std::rc::Rc;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::server::Edge;

/// Crashes the named actor.
///
/// # Errors
/// Where the admin key is missing or there is no such actor.
pub async fn chaos(
    request: HttpRequest,
    actor: Path<String>,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    auth::admin(request.headers(), edge.admin_key.as_deref())?;
    if worker.gateway.crash(&actor).await {
        return Ok(HttpResponse::Accepted().finish());
    }
    Err(ApiError::new(ErrorKind::NotFound, "There is no such actor.").into())
}
