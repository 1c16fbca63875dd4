//! `/admin/settings`

use actix_web::Responder;
use actix_web::web::{Data, Json, ServiceConfig};
use utoipa::OpenApi;

use super::only;
use crate::control::settings::{self, EditSettings};
use crate::domain::settings::Settings;
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{get, patch};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(read, edit))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(only("/settings").route(get().to(read)).route(patch().to(edit)));
}

/// The settings of the deployment.
#[utoipa::path(get, path = "/settings", tag = "settings",
    responses((status = 200, body = Settings), Refusals))]
async fn read(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(settings::get(&edge.control, &caller).await?))
}

/// Changes settings, all or none; null goes back to the default.
#[utoipa::path(patch, path = "/settings", tag = "settings", request_body = EditSettings,
    responses((status = 200, body = Settings), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<EditSettings>,
) -> Result<impl Responder, Problem> {
    Ok(Json(settings::edit(&edge.control, &caller, order.into_inner()).await?))
}
