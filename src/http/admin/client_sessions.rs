//! `/admin/client-sessions`: clients that are signed in.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::client_sessions::{self, ClientSession, ClientSessionFilter};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, end))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/client-sessions").route(get().to(list)))
        .service(only("/client-sessions/{id}").route(delete().to(end)));
}

/// Clients that are signed in, newest first.
#[utoipa::path(get, path = "/client-sessions", tag = "sessions", params(ClientSessionFilter, Paging),
    responses((status = 200, body = Page<ClientSession>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<ClientSessionFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(client_sessions::list(&edge.control, &caller, filter, paging).await?))
}

/// Signs a client out.
#[utoipa::path(delete, path = "/client-sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn end(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    client_sessions::end(&edge.control, &caller, id.into_inner()).await?;
    Ok(HttpResponse::NoContent())
}
