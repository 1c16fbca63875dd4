//! `/admin/sessions`: browsers that are signed in; and `/admin/password`: the caller's own.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use super::only;
use crate::control::sessions::{self, Session, SessionFilter};
use crate::control::{Page, Paging, sign_in};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, end, change_password))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/sessions").route(get().to(list)))
        .service(only("/sessions/{id}").route(delete().to(end)))
        .service(only("/password").route(post().to(change_password)));
}

/// Browsers that are signed in, newest first. Members see their own.
#[utoipa::path(get, path = "/sessions", tag = "sessions", params(SessionFilter, Paging),
    responses((status = 200, body = Page<Session>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<SessionFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(sessions::list(&edge.control, &caller, filter, paging).await?))
}

/// Signs a browser out, on every instance.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "sessions", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn end(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    sessions::end(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The order to change the caller's own password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangePassword {
    /// The password as it is.
    #[schema(value_type = String)]
    current_password: SecretString,
    /// The password as it is to be.
    #[schema(value_type = String, min_length = 12, max_length = 256)]
    new_password: SecretString,
}

/// Changes the password of the user who is signed in, and signs all other browsers of the user out.
#[utoipa::path(post, path = "/password", tag = "sessions", request_body = ChangePassword,
    responses((status = 204), Refusals))]
async fn change_password(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<ChangePassword>,
) -> Result<impl Responder, Problem> {
    let ChangePassword { current_password, new_password } = order.into_inner();
    sign_in::change_password(&edge.control, &caller, current_password, new_password).await?;
    Ok(HttpResponse::NoContent().finish())
}
