//! `/admin/analytics`: sums over usage, by the same filters everywhere.

use actix_web::Responder;
use actix_web::web::{Data, Json, Path, Query, ServiceConfig};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};
use uuid::Uuid;

use super::only;
use crate::control::analytics::{
    self, ActiveUsers, Agent, CacheRate, Choices, Dimension, Filter, Grain, Group, HeatCell,
    Latency, Point, Session, Sums, Tool, ToolServer,
};
use crate::control::usage::Chosen;
use crate::control::{ControlError, Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::get;
use crate::http::server::Edge;

/// Groups that a series tells apart where no number is given, and at the most.
const SERIES: (u32, u32) = (8, 50);
/// Entries of a list where no number is given, and at the most.
const ENTRIES: (u32, u32) = (100, 1000);

#[derive(OpenApi)]
#[openapi(paths(
    totals,
    over_time,
    breakdown,
    latency,
    cache_rate,
    active_users,
    heat_map,
    tools,
    servers,
    choices,
    sessions,
    agents
))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/analytics/totals").route(get().to(totals)))
        .service(only("/analytics/series").route(get().to(over_time)))
        .service(only("/analytics/breakdown").route(get().to(breakdown)))
        .service(only("/analytics/latency").route(get().to(latency)))
        .service(only("/analytics/cache").route(get().to(cache_rate)))
        .service(only("/analytics/active-users").route(get().to(active_users)))
        .service(only("/analytics/hours").route(get().to(heat_map)))
        .service(only("/analytics/tools").route(get().to(tools)))
        .service(only("/analytics/servers").route(get().to(servers)))
        .service(only("/analytics/choices").route(get().to(choices)))
        .service(only("/analytics/sessions").route(get().to(sessions)))
        .service(only("/analytics/sessions/{user_id}/{session_id}").route(get().to(agents)));
}

/// How sums are told apart.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Cut {
    /// The steps of time: `hour`, `day`, `week` or `month` (UTC); what suits the span where it is
    /// not given.
    grain: Option<String>,
    /// What groups are made by: `user`, `team`, `key`, `model`, `endpoint` or `project`.
    by: Option<String>,
    /// How many groups at the most, the dearest ones.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl Cut {
    fn grain(&self, filter: &Filter) -> Result<Grain, ControlError> {
        let Some(name) = &self.grain else { return Ok(Grain::suiting(filter.from, filter.to)) };
        let takes = "takes hour, day, week or month";
        Grain::named(name).ok_or_else(|| ControlError::invalid("grain", takes))
    }

    fn dimension(&self) -> Result<Option<Dimension>, ControlError> {
        let Some(name) = &self.by else { return Ok(None) };
        let takes = "takes user, team, key, model, endpoint or project";
        Ok(Some(Dimension::named(name).ok_or_else(|| ControlError::invalid("by", takes))?))
    }

    fn limit(&self, (default, most): (u32, u32)) -> Result<u32, ControlError> {
        match self.limit.unwrap_or(default) {
            limit if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(ControlError::invalid("limit", format!("takes a number from 1 to {most}"))),
        }
    }
}

/// The sums of a span of time, and of the span of the same length before it.
#[derive(Debug, Serialize, ToSchema)]
struct Totals {
    /// The span that was asked about.
    current: Sums,
    /// The one before it.
    previous: Sums,
}

/// A series over time.
#[derive(Debug, Serialize, ToSchema)]
struct Series<T> {
    /// The steps: `hour`, `day`, `week` or `month`.
    grain: &'static str,
    /// The steps in which there was something.
    data: Vec<T>,
}

/// A list that is never cut into pages.
#[derive(Debug, Serialize, ToSchema)]
struct List<T> {
    /// The entries.
    data: Vec<T>,
}

/// The sums of a span of time, and of the one before it. Members see their own, here and below.
#[utoipa::path(get, path = "/analytics/totals", tag = "analytics", params(Chosen),
    responses((status = 200, body = Totals), Refusals))]
async fn totals(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
) -> Result<impl Responder, Problem> {
    let (control, filter) = (&edge.control, chosen.filter(&caller)?);
    let current = analytics::totals(control, &caller, &filter).await?;
    let previous = analytics::totals(control, &caller, &filter.before()).await?;
    Ok(Json(Totals { current, previous }))
}

/// The sums over time: of the dearest groups and of the rest as one, or of everything as one.
#[utoipa::path(get, path = "/analytics/series", tag = "analytics", params(Chosen, Cut),
    responses((status = 200, body = Series<Point>), Refusals))]
async fn over_time(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    cut: Query<Cut>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    let (grain, groups) = (cut.grain(&filter)?, cut.limit(SERIES)?);
    let split = cut.dimension()?.map(|by| (by, groups));
    let data = analytics::over_time(&edge.control, &caller, &filter, grain, split).await?;
    Ok(Json(Series { grain: grain.name(), data }))
}

/// The sums by group, dearest first.
#[utoipa::path(get, path = "/analytics/breakdown", tag = "analytics", params(Chosen, Cut),
    responses((status = 200, body = List<Group>), Refusals))]
async fn breakdown(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    cut: Query<Cut>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    let needed = || ControlError::invalid("by", "takes what groups are to be made by");
    let (by, limit) = (cut.dimension()?.ok_or_else(needed)?, cut.limit(ENTRIES)?);
    let data = analytics::breakdown(&edge.control, &caller, &filter, by, limit).await?;
    Ok(Json(List { data }))
}

/// How quick answers are, by model or by endpoint.
#[utoipa::path(get, path = "/analytics/latency", tag = "analytics", params(Chosen, Cut),
    responses((status = 200, body = List<Latency>), Refusals))]
async fn latency(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    cut: Query<Cut>,
) -> Result<impl Responder, Problem> {
    let by = match cut.dimension()?.unwrap_or(Dimension::Model) {
        by @ (Dimension::Model | Dimension::Endpoint) => by,
        _ => return Err(ControlError::invalid("by", "takes model or endpoint").into()),
    };
    let filter = chosen.filter(&caller)?;
    Ok(Json(List { data: analytics::latency(&edge.control, &caller, &filter, by).await? }))
}

/// How much of the prompts came from the cache, over time.
#[utoipa::path(get, path = "/analytics/cache", tag = "analytics", params(Chosen, Cut),
    responses((status = 200, body = Series<CacheRate>), Refusals))]
async fn cache_rate(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    cut: Query<Cut>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    let grain = cut.grain(&filter)?;
    let data = analytics::cache_rate(&edge.control, &caller, &filter, grain).await?;
    Ok(Json(Series { grain: grain.name(), data }))
}

/// The active users over time.
#[utoipa::path(get, path = "/analytics/active-users", tag = "analytics", params(Chosen, Cut),
    responses((status = 200, body = Series<ActiveUsers>), Refusals))]
async fn active_users(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    cut: Query<Cut>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    let grain = cut.grain(&filter)?;
    let data = analytics::active_users(&edge.control, &caller, &filter, grain).await?;
    Ok(Json(Series { grain: grain.name(), data }))
}

/// Requests by hour of the week (UTC).
#[utoipa::path(get, path = "/analytics/hours", tag = "analytics", params(Chosen),
    responses((status = 200, body = List<HeatCell>), Refusals))]
async fn heat_map(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    Ok(Json(List { data: analytics::heat_map(&edge.control, &caller, &filter).await? }))
}

/// The tools that models called, most called first.
#[utoipa::path(get, path = "/analytics/tools", tag = "analytics", params(Chosen, Cut),
    responses((status = 200, body = List<Tool>), Refusals))]
async fn tools(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    cut: Query<Cut>,
) -> Result<impl Responder, Problem> {
    let (filter, limit) = (chosen.filter(&caller)?, cut.limit(ENTRIES)?);
    Ok(Json(List { data: analytics::tools(&edge.control, &caller, &filter, limit).await? }))
}

/// The MCP servers whose tools were called, most called first.
#[utoipa::path(get, path = "/analytics/servers", tag = "analytics", params(Chosen),
    responses((status = 200, body = List<ToolServer>), Refusals))]
async fn servers(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    Ok(Json(List { data: analytics::servers(&edge.control, &caller, &filter).await? }))
}

/// What a filter can be set to in its span of time.
#[utoipa::path(get, path = "/analytics/choices", tag = "analytics", params(Chosen),
    responses((status = 200, body = Choices), Refusals))]
async fn choices(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    Ok(Json(analytics::choices(&edge.control, &caller, &filter).await?))
}

/// Sessions of Claude Code, latest first.
#[utoipa::path(get, path = "/analytics/sessions", tag = "analytics", params(Chosen, Paging),
    responses((status = 200, body = Page<Session>), Refusals))]
async fn sessions(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let filter = chosen.filter(&caller)?;
    Ok(Json(analytics::sessions(&edge.control, &caller, &filter, None, false, &paging).await?))
}

/// The agents of one session, in the order in which they began.
#[utoipa::path(get, path = "/analytics/sessions/{user_id}/{session_id}", tag = "analytics",
    params(("user_id" = Uuid, Path), ("session_id" = String, Path)),
    responses((status = 200, body = List<Agent>), Refusals))]
async fn agents(
    caller: Caller,
    edge: Data<Edge>,
    path: Path<(Uuid, String)>,
) -> Result<impl Responder, Problem> {
    let (user_id, session_id) = path.into_inner();
    let (_, data) = analytics::session(&edge.control, &caller, user_id, &session_id).await?;
    Ok(Json(List { data }))
}
