//! `/admin/verdicts`: what endpoints and profiles take, beyond the capability table.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::verdicts::{self, DecideVerdict, Verdict};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, decide, remove))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/verdicts").route(get().to(list)).route(post().to(decide)))
        .service(only("/verdicts/{id}").route(delete().to(remove)));
}

/// What was learned and what admins decided, newest first.
#[utoipa::path(get, path = "/verdicts", tag = "verdicts", params(Paging),
    responses((status = 200, body = Page<Verdict>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    Ok(Json(verdicts::list(&edge.control, &caller, paging.into_inner()).await?))
}

/// Decides on a feature, a beta or a field for good, over what is learned.
#[utoipa::path(post, path = "/verdicts", tag = "verdicts", request_body = DecideVerdict,
    responses((status = 201, body = Verdict), Refusals))]
async fn decide(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<DecideVerdict>,
) -> Result<impl Responder, Problem> {
    let verdict = verdicts::decide(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(verdict))
}

/// Takes a verdict back: the capability table holds again.
#[utoipa::path(delete, path = "/verdicts/{id}", tag = "verdicts", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    verdicts::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
