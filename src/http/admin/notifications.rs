//! `/admin/notifications`: where they go, what was told, and the log of deliveries.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};
use uuid::Uuid;

use super::only;
use crate::control::notifications::{
    self, Delivery, DeliveryFilter, Destination, DestinationTest, DestinationWithSecret,
    DraftDestination, EditDestination, Notification, NotificationFilter,
};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, patch, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(
    told, deliveries, retry, fallback, list, create, one, edit, remove, test, activate, deactivate,
    rotate
))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    let destination = only("/notifications/destinations/{id}")
        .route(get().to(one))
        .route(patch().to(edit))
        .route(delete().to(remove));
    config
        .service(only("/notifications").route(get().to(told)))
        .service(only("/notifications/fallback").route(get().to(fallback)))
        .service(only("/notifications/deliveries").route(get().to(deliveries)))
        .service(only("/notifications/deliveries/{id}/retry").route(post().to(retry)))
        .service(only("/notifications/destinations").route(get().to(list)).route(post().to(create)))
        .service(destination)
        .service(only("/notifications/destinations/{id}/test").route(post().to(test)))
        .service(only("/notifications/destinations/{id}/activate").route(post().to(activate)))
        .service(only("/notifications/destinations/{id}/deactivate").route(post().to(deactivate)))
        .service(only("/notifications/destinations/{id}/rotate").route(post().to(rotate)));
}

/// What was told, latest first.
#[utoipa::path(get, path = "/notifications", tag = "notifications",
    params(NotificationFilter, Paging),
    responses((status = 200, body = Page<Notification>), Refusals))]
async fn told(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<NotificationFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(notifications::told(&edge.control, &caller, filter, paging).await?))
}

/// The log of deliveries, latest first.
#[utoipa::path(get, path = "/notifications/deliveries", tag = "notifications",
    params(DeliveryFilter, Paging),
    responses((status = 200, body = Page<Delivery>), Refusals))]
async fn deliveries(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<DeliveryFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(notifications::deliveries(&edge.control, &caller, filter, paging).await?))
}

/// Has a parked delivery tried again.
#[utoipa::path(post, path = "/notifications/deliveries/{id}/retry", tag = "notifications",
    params(("id" = Uuid, Path)), responses((status = 200, body = Delivery), Refusals))]
async fn retry(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::retry(&edge.control, &caller, *id).await?))
}

/// The destination of the environment.
#[derive(Debug, Serialize, ToSchema)]
struct Fallback {
    /// Its kind; null where `BUDGET_NOTIFICATION_URL` is not set.
    kind: Option<&'static str>,
}

/// The destination of the environment, which is told everything while no other is active.
#[utoipa::path(get, path = "/notifications/fallback", tag = "notifications",
    responses((status = 200, body = Fallback), Refusals))]
async fn fallback(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(Fallback { kind: notifications::fallback(&edge.control, &caller)? }))
}

/// All destinations, newest first. They are one page.
#[utoipa::path(get, path = "/notifications/destinations", tag = "notifications",
    responses((status = 200, body = Page<Destination>), Refusals))]
async fn list(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::list(&edge.control, &caller).await?))
}

/// Drafts a destination. A webhook's secret is in the answer, this once.
#[utoipa::path(post, path = "/notifications/destinations", tag = "notifications",
    request_body = DraftDestination,
    responses((status = 201, body = DestinationWithSecret), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<DraftDestination>,
) -> Result<impl Responder, Problem> {
    let made = notifications::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(made))
}

/// One destination.
#[utoipa::path(get, path = "/notifications/destinations/{id}", tag = "notifications",
    params(("id" = Uuid, Path)), responses((status = 200, body = Destination), Refusals))]
async fn one(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::get(&edge.control, &caller, *id).await?))
}

/// Changes a destination; what is not given stays.
#[utoipa::path(patch, path = "/notifications/destinations/{id}", tag = "notifications",
    params(("id" = Uuid, Path)), request_body = EditDestination,
    responses((status = 200, body = Destination), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<EditDestination>,
) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::edit(&edge.control, &caller, *id, order.into_inner()).await?))
}

/// Takes a destination away; its deliveries stay in the log.
#[utoipa::path(delete, path = "/notifications/destinations/{id}", tag = "notifications",
    params(("id" = Uuid, Path)), responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    notifications::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Sends a test notification, at once.
#[utoipa::path(post, path = "/notifications/destinations/{id}/test", tag = "notifications",
    params(("id" = Uuid, Path)), responses((status = 200, body = DestinationTest), Refusals))]
async fn test(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::test(&edge.control, &caller, *id).await?))
}

/// Makes a destination active whose last test was good.
#[utoipa::path(post, path = "/notifications/destinations/{id}/activate", tag = "notifications",
    params(("id" = Uuid, Path)), responses((status = 200, body = Destination), Refusals))]
async fn activate(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::activate(&edge.control, &caller, *id).await?))
}

/// Makes a destination a draft again: it is told nothing more.
#[utoipa::path(post, path = "/notifications/destinations/{id}/deactivate", tag = "notifications",
    params(("id" = Uuid, Path)), responses((status = 200, body = Destination), Refusals))]
async fn deactivate(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::deactivate(&edge.control, &caller, *id).await?))
}

/// Gives a webhook a new secret, which is in the answer this once; the old one signs along for a day.
#[utoipa::path(post, path = "/notifications/destinations/{id}/rotate", tag = "notifications",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = DestinationWithSecret), Refusals))]
async fn rotate(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    Ok(Json(notifications::rotate(&edge.control, &caller, *id).await?))
}
