//! `/admin/prices`: what counts, what counted before, overrides, the contract's terms, the refresh.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::prices::{
    self, OverridePrice, Price, PriceFilter, PriceRefresh, PriceTerms, SetTerms, UnpricedModel,
};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, post, put};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(
    list,
    set,
    end,
    history,
    unpriced,
    terms,
    set_terms,
    terms_history,
    last_refresh,
    refresh
))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/prices").route(get().to(list)).route(post().to(set)))
        .service(only("/prices/history").route(get().to(history)))
        .service(only("/prices/unpriced").route(get().to(unpriced)))
        .service(only("/prices/terms").route(get().to(terms)).route(put().to(set_terms)))
        .service(only("/prices/terms/history").route(get().to(terms_history)))
        .service(only("/prices/refresh").route(get().to(last_refresh)).route(post().to(refresh)))
        .service(only("/prices/{id}").route(delete().to(end)));
}

/// The prices that count now, whatever their source. All of them are one page.
#[utoipa::path(get, path = "/prices", tag = "prices", params(PriceFilter),
    responses((status = 200, body = Page<Price>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<PriceFilter>,
) -> Result<impl Responder, Problem> {
    Ok(Json(prices::list(&edge.control, &caller, filter.into_inner()).await?))
}

/// Sets a price above the list's, from now on; what was charged before stays.
#[utoipa::path(post, path = "/prices", tag = "prices", request_body = OverridePrice,
    responses((status = 201, body = Price), Refusals))]
async fn set(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<OverridePrice>,
) -> Result<impl Responder, Problem> {
    let price = prices::set(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(price))
}

/// Ends an override: the list's price counts again.
#[utoipa::path(delete, path = "/prices/{id}", tag = "prices", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn end(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    prices::end(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// All stored prices there ever were, latest first.
#[utoipa::path(get, path = "/prices/history", tag = "prices", params(PriceFilter, Paging),
    responses((status = 200, body = Page<Price>), Refusals))]
async fn history(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<PriceFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(prices::history(&edge.control, &caller, filter, paging).await?))
}

/// Models that were charged a conservative price within the last 30 days. All of them are one page.
#[utoipa::path(get, path = "/prices/unpriced", tag = "prices",
    responses((status = 200, body = Page<UnpricedModel>), Refusals))]
async fn unpriced(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(prices::unpriced(&edge.control, &caller).await?))
}

/// What the contract says about all prices.
#[utoipa::path(get, path = "/prices/terms", tag = "prices",
    responses((status = 200, body = PriceTerms), Refusals))]
async fn terms(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(prices::terms(&edge.control, &caller).await?))
}

/// Sets the terms that count from now on.
#[utoipa::path(put, path = "/prices/terms", tag = "prices", request_body = SetTerms,
    responses((status = 200, body = PriceTerms), Refusals))]
async fn set_terms(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<SetTerms>,
) -> Result<impl Responder, Problem> {
    Ok(Json(prices::set_terms(&edge.control, &caller, order.into_inner()).await?))
}

/// All terms there ever were, latest first.
#[utoipa::path(get, path = "/prices/terms/history", tag = "prices", params(Paging),
    responses((status = 200, body = Page<PriceTerms>), Refusals))]
async fn terms_history(
    caller: Caller,
    edge: Data<Edge>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    Ok(Json(prices::terms_history(&edge.control, &caller, paging.into_inner()).await?))
}

/// How the last refresh from the AWS Price List went.
#[utoipa::path(get, path = "/prices/refresh", tag = "prices",
    responses((status = 200, body = PriceRefresh), Refusals))]
async fn last_refresh(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(prices::last_refresh(&edge.control, &caller).await?))
}

/// Has the prices refreshed now; nothing happens where refreshing is off.
#[utoipa::path(post, path = "/prices/refresh", tag = "prices",
    responses((status = 202, body = PriceRefresh), Refusals))]
async fn refresh(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    let last = prices::refresh(&edge.control, &caller).await?;
    Ok(HttpResponse::Accepted().json(last))
}
