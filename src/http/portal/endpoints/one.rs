//! `/portal/endpoints/{id}`: one endpoint: its health and use, what AWS tells of it, and all that can be
//! done with it. The nil id means the environment's, of which less can be changed.

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;
use chrono::Utc;
use uuid::Uuid;

use super::forms;
use super::health::{Row, Tag};
use super::quotas::Quotas;
use crate::actors::worker::Worker;
use crate::control::ControlError;
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::endpoints::{self, Endpoint, EndpointTest, Profile};
use crate::http::portal::fault::Fault;
use crate::http::portal::figures::{self, Figure, model_name};
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::page::{Frame, render};
use crate::http::portal::parts;
use crate::http::portal::range::Range;
use crate::http::portal::ranking::Ranking;
use crate::http::portal::sent::Sent;
use crate::http::portal::series::{self, Measure};
use crate::http::portal::words::{self, Moment};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "endpoint.html")]
pub(super) struct One {
    frame: Frame,
    token: String,
    name: String,
    path: String,
    tag: Tag,
    facts: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    test: Option<EndpointTest>,
    probed: Option<Moment>,
    orders: Vec<parts::Form>,
    quotas: Quotas,
    other_quotas: Quotas,
    quotas_error: Option<String>,
    profiles: Vec<Listed>,
    profiles_error: Option<String>,
    stand_ins: Vec<StandIn>,
    figures: Vec<Figure>,
    requests: String,
    models: Ranking,
    forms: Vec<parts::Form>,
}

/// An application profile that is used in the place of a model's own.
struct StandIn {
    model: String,
    name: String,
    arn: String,
}

/// A profile that Bedrock lists.
struct Listed {
    profile: Profile,
    behind: String,
    /// Whether it can be made to stand in for its model by a button.
    is_offered: bool,
}

/// What was just sent, where the page is shown for it.
#[derive(Default)]
pub(super) struct After<'f> {
    /// The form of changing was refused.
    pub(super) change: Option<(&'f Sent, &'f Fault)>,
    /// The form of stand-ins was refused.
    pub(super) stand_in: Option<(&'f Sent, &'f Fault)>,
    /// The endpoint was tried.
    pub(super) test: Option<EndpointTest>,
}

/// Shows the endpoint.
pub(in crate::http::portal) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&one(&request, (&edge, &worker), &visitor, *id, After::default()).await?))
}

pub(super) async fn one(
    request: &HttpRequest,
    (edge, worker): (&Edge, &Worker),
    visitor: &Visitor,
    id: Uuid,
    after: After<'_>,
) -> Result<One, Barred> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let status = endpoints::status(control, caller, &worker.gateway.endpoints, id).await?;
    let range = Range::of(&Sent::default(), Utc::now())?;
    let filter = Filter { endpoints: vec![status.health.name.clone()], ..range.filter() };
    let before = filter.before();
    let stored = async {
        if id.is_nil() {
            return Ok::<_, ControlError>(None);
        }
        let endpoint = endpoints::get(control, caller, id).await?;
        let alone = endpoints::teams_without_another(control, caller, id).await?;
        Ok(Some((endpoint, alone)))
    };
    let (stored, now, before, points, by_model) = tokio::try_join!(
        stored,
        analytics::totals(control, caller, &filter),
        analytics::totals(control, caller, &before),
        analytics::over_time(control, caller, &filter, range.grain, Some((Dimension::Model, 6))),
        analytics::ranking(control, caller, &filter, Dimension::Model, 8),
    )?;
    let chart = series::stacked(
        "Requests by model, 30 days",
        &range,
        Dimension::Model,
        &points,
        Measure::Requests,
    );
    let endpoint = stored.as_ref().map(|(endpoint, _)| endpoint);
    let used = endpoint.map(|endpoint| endpoint.profiles.as_slice()).unwrap_or_default();
    let listed = status.profiles.into_iter().map(|profile| Listed {
        behind: model_name(profile.model.as_deref().unwrap_or(&profile.base)),
        is_offered: endpoint.is_some()
            && profile.application
            && profile.model.is_some()
            && !used.iter().any(|used| used.profile == profile.arn),
        profile,
    });
    let models = &status.health.models;
    let is_called = |model: &str| models.iter().any(|called| called.model == model);
    let (called, others): (Vec<_>, Vec<_>) =
        status.quotas.into_iter().partition(|quota| is_called(&quota.model));
    let facts = facts(endpoint, &status.health, status.running);
    Ok(One {
        token: visitor.token(),
        path: format!("/portal/endpoints/{id}"),
        tag: Tag::of(&status.health),
        profiles: listed.collect(),
        profiles_error: status.profiles_error,
        quotas: Quotas::new("Quotas of models that are called", called),
        other_quotas: Quotas::new("Quotas of other models", others),
        quotas_error: status.quotas_error,
        probed: status.probed_at.map(Moment::from),
        stand_ins: used.iter().map(StandIn::of).collect(),
        test: after.test,
        figures: figures::of_sums(&now, &before),
        requests: chart.svg(),
        models: Ranking::of_groups("Models by cost, 30 days", Dimension::Model, &by_model),
        orders: forms::orders(visitor, id, stored.as_ref()),
        forms: endpoint.map_or_else(Vec::new, |endpoint| {
            forms::changes(visitor, endpoint, (after.change, after.stand_in))
        }),
        facts,
        name: status.health.name,
        rows: status.health.models.into_iter().map(Row::of).collect(),
        frame: Frame::new("Endpoint", request, Some(visitor)),
    })
}

impl StandIn {
    fn of(profile: &endpoints::ModelProfile) -> Self {
        Self {
            model: profile.model.clone(),
            name: model_name(&profile.model),
            arn: profile.profile.clone(),
        }
    }
}

fn facts(
    endpoint: Option<&Endpoint>,
    health: &endpoints::EndpointHealth,
    running: Option<u64>,
) -> Vec<(&'static str, String)> {
    let credential = match (&health.credential_trouble, health.credential_expires_at) {
        (Some(trouble), _) => trouble.clone(),
        (None, Some(end)) => format!("works, and is replaced before {}", words::moment(end)),
        (None, None) if health.has_credential => "works".to_owned(),
        (None, None) => "not fetched yet".to_owned(),
    };
    let is_default = endpoint.map_or(health.in_use, |endpoint| endpoint.is_default);
    let running = match running {
        Some(running) => format!("{} on all instances", words::count(running)),
        None => format!("{} on this instance", words::count(health.in_flight)),
    };
    vec![
        ("Requests that run there", running),
        ("Credential", credential),
        ("Region", health.region.clone()),
        ("Profiles of the geography", health.geography.clone()),
        (
            "Serves teams without endpoints of their own",
            if is_default { "yes" } else { "no" }.to_owned(),
        ),
    ]
}
