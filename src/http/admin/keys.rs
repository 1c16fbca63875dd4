//! `/admin/keys`

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::keys::{
    self, CreateKey, CreateSetupToken, EditKey, Key, KeyFilter, NewKey, NewSetupToken, RotateKey,
};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, patch, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(setup, list, create, read, edit, remove, rotate, revoke))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/keys").route(get().to(list)).route(post().to(create)))
        .service(
            only("/keys/{id}")
                .route(get().to(read))
                .route(patch().to(edit))
                .route(delete().to(remove)),
        )
        .service(only("/setup-tokens").route(post().to(setup)))
        .service(only("/keys/{id}/rotate").route(post().to(rotate)))
        .service(only("/keys/{id}/revoke").route(post().to(revoke)));
}

/// API keys, newest first. Members see their own.
#[utoipa::path(get, path = "/keys", tag = "keys", params(KeyFilter, Paging),
    responses((status = 200, body = Page<Key>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<KeyFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let page = keys::list(&edge.control, &caller, filter.into_inner(), paging.into_inner()).await?;
    Ok(Json(page))
}

/// Makes a setup token: the scripts at `/setup` exchange it for a new API key, once and within 15
/// minutes. Members make theirs.
#[utoipa::path(post, path = "/setup-tokens", tag = "keys", request_body = CreateSetupToken,
    responses((status = 201, body = NewSetupToken), Refusals))]
async fn setup(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<CreateSetupToken>,
) -> Result<impl Responder, Problem> {
    let made = keys::create_token(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(made))
}

/// Makes an API key, which is shown only in this answer.
#[utoipa::path(post, path = "/keys", tag = "keys", request_body = CreateKey,
    responses((status = 201, body = NewKey), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<CreateKey>,
) -> Result<impl Responder, Problem> {
    let key = keys::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(key))
}

/// One API key.
#[utoipa::path(get, path = "/keys/{id}", tag = "keys", params(("id" = Uuid, Path)),
    responses((status = 200, body = Key), Refusals))]
async fn read(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(keys::get(&edge.control, &caller, *id).await?))
}

/// Changes an API key; what is not given stays.
#[utoipa::path(patch, path = "/keys/{id}", tag = "keys", params(("id" = Uuid, Path)), request_body = EditKey,
    responses((status = 200, body = Key), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<EditKey>,
) -> Result<impl Responder, Problem> {
    Ok(Json(keys::edit(&edge.control, &caller, *id, order.into_inner()).await?))
}

/// Takes an API key away; its usage stays.
#[utoipa::path(delete, path = "/keys/{id}", tag = "keys", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    keys::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Puts a new key in the place of one, which stays valid for a while.
#[utoipa::path(post, path = "/keys/{id}/rotate", tag = "keys", params(("id" = Uuid, Path)), request_body = RotateKey,
    responses((status = 201, body = NewKey), Refusals))]
async fn rotate(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<RotateKey>,
) -> Result<impl Responder, Problem> {
    let key = keys::rotate(&edge.control, &caller, *id, order.into_inner()).await?;
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(key))
}

/// Revokes an API key on every instance, for good; its running requests end.
#[utoipa::path(post, path = "/keys/{id}/revoke", tag = "keys", params(("id" = Uuid, Path)),
    responses((status = 200, body = Key), Refusals))]
async fn revoke(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(keys::revoke(&edge.control, &caller, *id).await?))
}
