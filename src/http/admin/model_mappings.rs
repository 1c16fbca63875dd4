//! `/admin/model-mappings`: names that admins give to models.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::model_mappings::{self, GiveName, ModelMapping};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, create, remove))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/model-mappings").route(get().to(list)).route(post().to(create)))
        .service(only("/model-mappings/{id}").route(delete().to(remove)));
}

/// Names given to models, newest first.
#[utoipa::path(get, path = "/model-mappings", tag = "models", params(Paging),
    responses((status = 200, body = Page<ModelMapping>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    Ok(Json(model_mappings::list(&edge.control, &caller, paging.into_inner()).await?))
}

/// Gives a name to a model.
#[utoipa::path(post, path = "/model-mappings", tag = "models", request_body = GiveName,
    responses((status = 201, body = ModelMapping), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<GiveName>,
) -> Result<impl Responder, Problem> {
    let mapping = model_mappings::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(mapping))
}

/// Takes a name back.
#[utoipa::path(delete, path = "/model-mappings/{id}", tag = "models",
    params(("id" = Uuid, Path)), responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    model_mappings::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
