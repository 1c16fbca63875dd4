//! `/admin/identity-providers/{id}/scim-tokens`: with what a provider provisions.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::scim::tokens::{self, CreateScimToken, NewScimToken, ScimToken};
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
        .service(
            only("/identity-providers/{id}/scim-tokens")
                .route(get().to(list))
                .route(post().to(create)),
        )
        .service(
            only("/identity-providers/{id}/scim-tokens/{token_id}").route(delete().to(remove)),
        );
}

/// The SCIM tokens of an identity provider, newest first.
#[utoipa::path(get, path = "/identity-providers/{id}/scim-tokens", tag = "identity providers",
    params(("id" = Uuid, Path), Paging), responses((status = 200, body = Page<ScimToken>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    Ok(Json(tokens::list(&edge.control, &caller, *id, paging.into_inner()).await?))
}

/// Makes a SCIM token; the answer shows it for the only time.
#[utoipa::path(post, path = "/identity-providers/{id}/scim-tokens", tag = "identity providers",
    params(("id" = Uuid, Path)), request_body = CreateScimToken,
    responses((status = 201, body = NewScimToken), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<CreateScimToken>,
) -> Result<impl Responder, Problem> {
    let made = tokens::create(&edge.control, &caller, *id, order.into_inner()).await?;
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(made))
}

/// Takes a SCIM token away.
#[utoipa::path(delete, path = "/identity-providers/{id}/scim-tokens/{token_id}", tag = "identity providers",
    params(("id" = Uuid, Path), ("token_id" = Uuid, Path)), responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    ids: Path<(Uuid, Uuid)>,
) -> Result<impl Responder, Problem> {
    let (provider, token) = ids.into_inner();
    tokens::delete(&edge.control, &caller, provider, token).await?;
    Ok(HttpResponse::NoContent().finish())
}
