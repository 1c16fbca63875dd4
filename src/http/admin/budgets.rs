//! `/admin/budgets`, and how far they are spent.

use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;
use uuid::Uuid;

use super::only;
use crate::control::budgets::{
    self, Budget, BudgetFilter, CreateBudget, EditBudget, Spending, SpendingOf,
};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::{delete, get, patch, post};
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, create, status, read, edit, remove))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/budgets").route(get().to(list)).route(post().to(create)))
        .service(only("/budgets/status").route(get().to(status)))
        .service(
            only("/budgets/{id}")
                .route(get().to(read))
                .route(patch().to(edit))
                .route(delete().to(remove)),
        );
}

/// Budgets, newest first.
#[utoipa::path(get, path = "/budgets", tag = "budgets", params(BudgetFilter, Paging),
    responses((status = 200, body = Page<Budget>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<BudgetFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(budgets::list(&edge.control, &caller, filter, paging).await?))
}

/// Sets a budget. What was spent in the current period counts.
#[utoipa::path(post, path = "/budgets", tag = "budgets", request_body = CreateBudget,
    responses((status = 201, body = Budget), Refusals))]
async fn create(
    caller: Caller,
    edge: Data<Edge>,
    order: Json<CreateBudget>,
) -> Result<impl Responder, Problem> {
    let budget = budgets::create(&edge.control, &caller, order.into_inner()).await?;
    Ok(HttpResponse::Created().json(budget))
}

/// How far the budgets of a user, a team or a key are spent. Members see their own.
#[utoipa::path(get, path = "/budgets/status", tag = "budgets", params(SpendingOf),
    responses((status = 200, body = Spending), Refusals))]
async fn status(
    caller: Caller,
    edge: Data<Edge>,
    asked: Query<SpendingOf>,
) -> Result<impl Responder, Problem> {
    Ok(Json(budgets::spending(&edge.control, &caller, asked.into_inner()).await?))
}

/// One budget.
#[utoipa::path(get, path = "/budgets/{id}", tag = "budgets", params(("id" = Uuid, Path)),
    responses((status = 200, body = Budget), Refusals))]
async fn read(caller: Caller, edge: Data<Edge>, id: Path<Uuid>) -> Result<impl Responder, Problem> {
    Ok(Json(budgets::get(&edge.control, &caller, *id).await?))
}

/// Changes a budget; what is not given stays.
#[utoipa::path(patch, path = "/budgets/{id}", tag = "budgets", params(("id" = Uuid, Path)), request_body = EditBudget,
    responses((status = 200, body = Budget), Refusals))]
async fn edit(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
    order: Json<EditBudget>,
) -> Result<impl Responder, Problem> {
    Ok(Json(budgets::edit(&edge.control, &caller, *id, order.into_inner()).await?))
}

/// Takes a budget away.
#[utoipa::path(delete, path = "/budgets/{id}", tag = "budgets", params(("id" = Uuid, Path)),
    responses((status = 204), Refusals))]
async fn remove(
    caller: Caller,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Result<impl Responder, Problem> {
    budgets::delete(&edge.control, &caller, *id).await?;
    Ok(HttpResponse::NoContent().finish())
}
