//! `/admin/users`, and `/admin/me`: who the caller is.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::users::{self, CreateUser, EditUser, User, UserFilter};
use crate::control::{Identity, Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, patch, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(me, list, create, read, edit, remove))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/me").route(get().to(me)))
        .service(only("/users").route(get().to(list)).route(post().to(create)))
        .service(
            only("/users/{id}")
                .route(get().to(read))
                .route(patch().to(edit))
                .route(delete().to(remove)),
        );
}

/// Who the caller is, and by what it was known.
#[utoipa::path(get, path = "/me", tag = "users", responses((status = 200, body = Identity), Refusals))]
async fn me(caller: Caller) -> Result<impl Responder, Problem> {
    Ok(Json(caller.identity()))
}

/// Users, newest first.
#[utoipa::path(get, path = "/users", tag = "users", params(UserFilter, Paging),
    responses((status = 200, body = Page<User>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<UserFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(users::list(&edge.control, &caller, filter, paging).await?))
}

/// Makes a user.
#[utoipa::path(post, path = "/users", tag = "users", request_body = CreateUser,
    responses((status = 201, body = User), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<CreateUser>,
) -> Result<impl Responder, Problem> {
    let user = users::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(user))
}

/// One user. Members see themselves.
#[utoipa::path(get, path = "/users/{id}", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 200, body = User), Refusals))]
async fn read(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(users::get(&edge.control, &caller, *id).await?))
}

/// Changes a user; what is not given stays. An inactive one loses keys, sessions and running requests.
#[utoipa::path(patch, path = "/users/{id}", tag = "users", params(("id" = Uuid, Path)), request_body = EditUser,
    responses((status = 200, body = User), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<EditUser>,
) -> Result<impl Responder, Problem> {
    Ok(Json(users::edit(&edge.control, &caller, *id, order.into_inner()).await?))
}

/// Takes a user away with its keys and sessions; its usage stays.
#[utoipa::path(delete, path = "/users/{id}", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    users::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
