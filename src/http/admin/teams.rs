//! `/admin/teams` and their members.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::teams::{self, CreateTeam, EditTeam, RouteTeam, Team, TeamFilter, TeamRouting};
use crate::control::users::User;
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, patch, post, put};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, create, read, edit, remove, add_member, remove_member, routing, route))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/teams").route(get().to(list)).route(post().to(create)))
        .service(
            only("/teams/{id}")
                .route(get().to(read))
                .route(patch().to(edit))
                .route(delete().to(remove)),
        )
        .service(only("/teams/{id}/routing").route(get().to(routing)).route(put().to(route)))
        .service(
            only("/teams/{id}/members/{user_id}")
                .route(put().to(add_member))
                .route(delete().to(remove_member)),
        );
}

/// Teams, newest first.
#[utoipa::path(get, path = "/teams", tag = "teams", params(TeamFilter, Paging),
    responses((status = 200, body = Page<Team>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<TeamFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(teams::list(&edge.control, &caller, filter, paging).await?))
}

/// Makes a team.
#[utoipa::path(post, path = "/teams", tag = "teams", request_body = CreateTeam,
    responses((status = 201, body = Team), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<CreateTeam>,
) -> Result<impl Responder, Problem> {
    let team = teams::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(team))
}

/// One team. Members see their own.
#[utoipa::path(get, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path)),
    responses((status = 200, body = Team), Refusals))]
async fn read(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(teams::get(&edge.control, &caller, *id).await?))
}

/// Changes a team; what is not given stays.
#[utoipa::path(patch, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path)), request_body = EditTeam,
    responses((status = 200, body = Team), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<EditTeam>,
) -> Result<impl Responder, Problem> {
    Ok(Json(teams::edit(&edge.control, &caller, *id, order.into_inner()).await?))
}

/// Takes a team away; its members and keys stay without one.
#[utoipa::path(delete, path = "/teams/{id}", tag = "teams", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    teams::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Puts a user into a team, out of any other.
#[utoipa::path(put, path = "/teams/{id}/members/{user_id}", tag = "teams",
    params(("id" = Uuid, Path), ("user_id" = Uuid, Path)),
    responses((status = 200, body = User), Refusals))]
async fn add_member(
    caller: Caller,
    edge: Data<Edge>,
    ids: Path<(Uuid, Uuid)>,
) -> Result<impl Responder, Problem> {
    let (team, user) = ids.into_inner();
    Ok(Json(teams::add_member(&edge.control, &caller, team, user).await?))
}

/// Takes a user out of a team.
#[utoipa::path(delete, path = "/teams/{id}/members/{user_id}", tag = "teams",
    params(("id" = Uuid, Path), ("user_id" = Uuid, Path)),
    responses((status = 200, body = User), Refusals))]
async fn remove_member(
    caller: Caller,
    edge: Data<Edge>,
    ids: Path<(Uuid, Uuid)>,
) -> Result<impl Responder, Problem> {
    let (team, user) = ids.into_inner();
    Ok(Json(teams::remove_member(&edge.control, &caller, team, user).await?))
}

/// How a team's requests are routed.
#[utoipa::path(get, path = "/teams/{id}/routing", tag = "teams", params(("id" = Uuid, Path)),
    responses((status = 200, body = TeamRouting), Refusals))]
async fn routing(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(teams::routing(&edge.control, &caller, *id).await?))
}

/// Routes a team's requests so from now on.
#[utoipa::path(put, path = "/teams/{id}/routing", tag = "teams", params(("id" = Uuid, Path)),
    request_body = RouteTeam, responses((status = 200, body = TeamRouting), Refusals))]
async fn route(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<RouteTeam>,
) -> Result<impl Responder, Problem> {
    Ok(Json(teams::route(&edge.control, &caller, *id, order.into_inner()).await?))
}
