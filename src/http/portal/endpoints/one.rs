//! `/portal/endpoints/{id}`: one endpoint: its use, its change and its end.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use chrono::Utc;
use uuid::Uuid;

use super::fields::{credential, fields, guardrail, profiles, stored};
use crate::control::ControlError;
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::endpoints::{self, EditEndpoint, Endpoint};
use crate::http::portal::fault::Fault;
use crate::http::portal::figures::{self, Figure};
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts;
use crate::http::portal::range::Range;
use crate::http::portal::sent::Sent;
use crate::http::portal::series::{self, Measure};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "endpoint.html")]
struct One {
    frame: Frame,
    endpoint: Endpoint,
    figures: Vec<Figure>,
    requests: String,
    forms: Vec<parts::Form>,
}

/// Shows the endpoint.
pub(in crate::http::portal) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&one(&request, &edge, &visitor, *id, None).await?))
}

async fn one(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    refused: Option<(&Sent, &Fault)>,
) -> Result<One, Barred> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let endpoint = endpoints::get(control, caller, id).await?;
    let range = Range::of(&Sent::default(), Utc::now())?;
    let filter = Filter { endpoints: vec![endpoint.name.clone()], ..range.filter() };
    let before = filter.before();
    let (now, before, points) = tokio::try_join!(
        analytics::totals(control, caller, &filter),
        analytics::totals(control, caller, &before),
        analytics::over_time(control, caller, &filter, range.grain, Some((Dimension::Model, 6))),
    )?;
    let (sent, fault) = refused.unzip();
    let path = format!("/portal/endpoints/{id}");
    let change = parts::Form::new(visitor, "Change", format!("{path}/change"), "Save")
        .inputs(sent.map_or_else(|| stored(&endpoint), fields), fault);
    let lead = "Teams that have it lose it: one that has no other is served by the default endpoints. Requests that it serves go on to their end; its usage stays.";
    let delete =
        parts::Form::new(visitor, "Delete", format!("{path}/delete"), "Delete the endpoint");
    let chart = series::stacked(
        "Requests by model, 30 days",
        &range,
        Dimension::Model,
        &points,
        Measure::Requests,
    );
    Ok(One {
        frame: Frame::new("Endpoint", request, Some(visitor)),
        figures: figures::of_sums(&now, &before),
        requests: chart.svg(),
        forms: vec![change, delete.danger().lead(lead)],
        endpoint,
    })
}

/// Changes the endpoint.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match edit(&edge, &visitor, *id, &sent).await {
        Ok(_) => Ok(see_other(&format!("/portal/endpoints/{id}?notice={}", Notice::Saved.name()))),
        Err(error) => {
            let fault = Fault::of(error)?;
            let page = one(&request, &edge, &visitor, *id, Some((&sent, &fault))).await?;
            Ok(fault.page(&page))
        }
    }
}

async fn edit(
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    sent: &Sent,
) -> Result<Endpoint, ControlError> {
    let text = |name| sent.given(name).map(str::to_owned);
    let order = EditEndpoint {
        name: Some(sent.text("name").to_owned()),
        region: Some(sent.text("region").to_owned()),
        geography: Some(text("geography")),
        credential: credential(sent),
        runtime_url: Some(text("runtime_url")),
        priority: sent.read("priority", "takes a number from 0 to 1000")?,
        enabled: Some(sent.text("enabled") != "false"),
        is_default: Some(sent.text("default") == "true"),
        profiles: Some(profiles(sent)?),
        guardrail: Some(guardrail(sent)),
        ..EditEndpoint::default()
    };
    endpoints::edit(&edge.control, &visitor.caller, id, order).await
}

/// Takes the endpoint away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    endpoints::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/endpoints?notice={}", Notice::Deleted.name())))
}
