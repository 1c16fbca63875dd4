//! `/admin/endpoints`: AWS accounts and regions, and how they do.

use std::rc::Rc;

use actix_web::web::{Data, Json, Path, Query, ServiceConfig, delete, get, patch, post};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::actors::worker::Worker;
use crate::control::endpoints::{self, CreateEndpoint, EditEndpoint, Endpoint, EndpointsHealth};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, create, health, read, edit, remove))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/endpoints").route(get().to(list)).route(post().to(create)))
        .service(only("/endpoints/health").route(get().to(health)))
        .service(
            only("/endpoints/{id}")
                .route(get().to(read))
                .route(patch().to(edit))
                .route(delete().to(remove)),
        );
}

/// Endpoints, newest first.
#[utoipa::path(get, path = "/endpoints", tag = "endpoints", params(Paging),
    responses((status = 200, body = Page<Endpoint>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    Ok(Json(endpoints::list(&edge.control, &caller, paging.into_inner()).await?))
}

/// Makes an endpoint.
#[utoipa::path(post, path = "/endpoints", tag = "endpoints", request_body = CreateEndpoint,
    responses((status = 201, body = Endpoint), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<CreateEndpoint>,
) -> Result<impl Responder, Problem> {
    let endpoint = endpoints::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(endpoint))
}

/// How the endpoints do, as the instance that answers knows it.
#[utoipa::path(get, path = "/endpoints/health", tag = "endpoints",
    responses((status = 200, body = EndpointsHealth), Refusals))]
async fn health(caller: Caller, worker: Data<Rc<Worker>>) -> Result<impl Responder, Problem> {
    Ok(Json(endpoints::health(&caller, &worker.gateway.endpoints).await?))
}

/// One endpoint.
#[utoipa::path(get, path = "/endpoints/{id}", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 200, body = Endpoint), Refusals))]
async fn read(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(endpoints::get(&edge.control, &caller, *id).await?))
}

/// Changes an endpoint; what is not given stays. Requests that it serves go on as they began.
#[utoipa::path(patch, path = "/endpoints/{id}", tag = "endpoints", params(("id" = Uuid, Path)),
    request_body = EditEndpoint, responses((status = 200, body = Endpoint), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<EditEndpoint>,
) -> Result<impl Responder, Problem> {
    Ok(Json(endpoints::edit(&edge.control, &caller, *id, order.into_inner()).await?))
}

/// Takes an endpoint away, out of all teams too; requests that it serves go on to their end.
#[utoipa::path(delete, path = "/endpoints/{id}", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    endpoints::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
