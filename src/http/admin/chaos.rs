//! `POST /admin/chaos/{actor}`: makes an actor panic, for the supervision tests. Not part of a
//! release.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};

use crate::actors::worker::Worker;
use crate::control::ControlError;
use crate::http::caller::Caller;
use crate::http::problem::Problem;

/// Crashes the named actor.
///
/// # Errors
/// Where the caller is no admin or there is no such actor.
pub async fn chaos(
    caller: Caller,
    actor: Path<String>,
    worker: Data<Rc<Worker>>,
) -> Result<HttpResponse, Problem> {
    caller.admin()?;
    if worker.gateway.crash(&actor).await {
        return Ok(HttpResponse::Accepted().finish());
    }
    Err(ControlError::NotFound("actor").into())
}
