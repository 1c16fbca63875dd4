//! `/admin/identity-providers`

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::providers::{
    self, CreateIdentityProvider, EditIdentityProvider, IdentityProvider, ProviderTest,
};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::portal::redirect_uri;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, patch, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, create, read, edit, remove, test))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/identity-providers").route(get().to(list)).route(post().to(create)))
        .service(
            only("/identity-providers/{id}")
                .route(get().to(read))
                .route(patch().to(edit))
                .route(delete().to(remove)),
        )
        .service(only("/identity-providers/{id}/test").route(post().to(test)));
}

/// Identity providers, newest first.
#[utoipa::path(get, path = "/identity-providers", tag = "identity providers", params(Paging),
    responses((status = 200, body = Page<IdentityProvider>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    Ok(Json(providers::list(&edge.control, &caller, paging.into_inner()).await?))
}

/// Makes an identity provider.
#[utoipa::path(post, path = "/identity-providers", tag = "identity providers",
    request_body = CreateIdentityProvider,
    responses((status = 201, body = IdentityProvider), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<CreateIdentityProvider>,
) -> Result<impl Responder, Problem> {
    let made = providers::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(made))
}

/// One identity provider.
#[utoipa::path(get, path = "/identity-providers/{id}", tag = "identity providers",
    params(("id" = Uuid, Path)), responses((status = 200, body = IdentityProvider), Refusals))]
async fn read(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(providers::get(&edge.control, &caller, id.into_inner()).await?))
}

/// Changes an identity provider; what is not given stays.
#[utoipa::path(patch, path = "/identity-providers/{id}", tag = "identity providers",
    params(("id" = Uuid, Path)), request_body = EditIdentityProvider,
    responses((status = 200, body = IdentityProvider), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<EditIdentityProvider>,
) -> Result<impl Responder, Problem> {
    let (id, order) = (id.into_inner(), order.into_inner());
    Ok(Json(providers::edit(&edge.control, &caller, id, order).await?))
}

/// Takes an identity provider away, with the identities and sessions that it stands for.
#[utoipa::path(delete, path = "/identity-providers/{id}", tag = "identity providers",
    params(("id" = Uuid, Path)), responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    providers::delete(&edge.control, &caller, id.into_inner()).await?;
    Ok(HttpResponse::NoContent())
}

/// Tries an identity provider as it is configured: its document, its keys, and whether it knows the client.
#[utoipa::path(post, path = "/identity-providers/{id}/test", tag = "identity providers",
    params(("id" = Uuid, Path)), responses((status = 200, body = ProviderTest), Refusals))]
async fn test(
    caller: Caller,
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    let back = redirect_uri(&request, &edge).ok();
    Ok(Json(providers::test(&edge.control, &caller, id.into_inner(), back).await?))
}
