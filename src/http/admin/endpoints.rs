//! `/admin/endpoints`: AWS accounts and regions, and how they do.

use std::rc::Rc;

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::actors::worker::Worker;
use crate::control::endpoints::{
    self, CreateEndpoint, EditEndpoint, Endpoint, EndpointStatus, EndpointTest, EndpointsHealth,
    TestEndpoint,
};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, patch, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, create, health, read, edit, remove, status, test, drain, resume, probe))]
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
        )
        .service(only("/endpoints/{id}/health").route(get().to(status)))
        .service(only("/endpoints/{id}/test").route(post().to(test)))
        .service(only("/endpoints/{id}/drain").route(post().to(drain)))
        .service(only("/endpoints/{id}/resume").route(post().to(resume)))
        .service(only("/endpoints/{id}/probe").route(post().to(probe)));
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

/// How one endpoint does, which profiles and quotas it has, and what still runs there while it is drained.
/// The nil id means the endpoint of the gateway's own environment.
#[utoipa::path(get, path = "/endpoints/{id}/health", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 200, body = EndpointStatus), Refusals))]
async fn status(
    caller: Caller,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    let known = &worker.gateway.endpoints;
    Ok(Json(endpoints::status(&edge.control, &caller, known, *id).await?))
}

/// Has a model answer with one token at the endpoint, drained or not. The call is charged by AWS, and is in
/// no usage. The nil id means the endpoint of the gateway's own environment.
#[utoipa::path(post, path = "/endpoints/{id}/test", tag = "endpoints", params(("id" = Uuid, Path)),
    request_body = TestEndpoint, responses((status = 200, body = EndpointTest), Refusals))]
async fn test(
    caller: Caller,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
    order: Json<TestEndpoint>,
) -> Result<impl Responder, Problem> {
    let tested = endpoints::test(&edge.control, &caller, &worker, *id, order.into_inner()).await?;
    Ok(Json(tested))
}

/// Lets the endpoint take no new requests; those that it serves go on to their end.
#[utoipa::path(post, path = "/endpoints/{id}/drain", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 200, body = Endpoint), Refusals))]
async fn drain(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(endpoints::drain(&edge.control, &caller, *id).await?))
}

/// Lets the endpoint take requests again.
#[utoipa::path(post, path = "/endpoints/{id}/resume", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 200, body = Endpoint), Refusals))]
async fn resume(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(endpoints::resume(&edge.control, &caller, *id).await?))
}

/// Has AWS be asked at once which profiles and quotas the endpoint has. The nil id means the endpoint of
/// the gateway's own environment.
#[utoipa::path(post, path = "/endpoints/{id}/probe", tag = "endpoints", params(("id" = Uuid, Path)),
    responses((status = 202), Refusals))]
async fn probe(
    caller: Caller,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    endpoints::probe(&edge.control, &caller, *id, worker.gateway.is_probing).await?;
    Ok(HttpResponse::Accepted().finish())
}
