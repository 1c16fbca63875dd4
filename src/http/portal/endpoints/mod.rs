//! `/portal/endpoints`: the AWS accounts and regions that serve requests, and making one.

mod fields;
mod forms;
mod health;
mod one;
mod orders;
mod quotas;

use std::collections::HashMap;
use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use chrono::{TimeDelta, Utc};
use uuid::Uuid;

use fields::{credential, fields, guardrail};
use health::Tag;
pub(super) use one::page as one;
pub(super) use orders::{change, delete, drain, probe, resume, stand_down, stand_in, test};

use super::fault::Fault;
use super::form::{self, Answer, Barred, Visitor};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts::{self, Pager};
use super::sent::Sent;
use super::words;
use crate::actors::worker::Worker;
use crate::control::ControlError;
use crate::control::analytics::{self, Dimension, Filter, Sums};
use crate::control::endpoints::{self, CreateEndpoint, CredentialView, Endpoint, EndpointHealth};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "endpoints.html")]
struct Endpoints {
    frame: Frame,
    pager: Pager,
    rows: Vec<Row>,
    form: parts::Form,
    is_open: bool,
}

/// One endpoint, in words.
struct Row {
    id: Uuid,
    name: String,
    remark: &'static str,
    region: String,
    geography: Option<String>,
    credential: String,
    tag: Tag,
    running: String,
    priority: String,
    requests: String,
    failed: String,
    whole: String,
    cost: String,
}

/// Shows the list.
pub(super) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&list(&request, (&edge, &worker), &visitor, None).await?))
}

async fn list(
    request: &HttpRequest,
    (edge, worker): (&Edge, &Worker),
    visitor: &Visitor,
    refused: Option<(&Sent, &Fault)>,
) -> Result<Endpoints, Barred> {
    let asked = Sent::of_query(request.query_string());
    let (control, caller, now) = (&edge.control, &visitor.caller, Utc::now());
    let day = Filter::span(now - TimeDelta::days(1), now);
    let (page, health, used, latency) = tokio::try_join!(
        endpoints::list(control, caller, asked.paging()),
        endpoints::health(caller, &worker.gateway.endpoints),
        analytics::ranking(control, caller, &day, Dimension::Endpoint, 200),
        analytics::latency(control, caller, &day, Dimension::Endpoint),
    )?;
    let used: HashMap<_, _> = used.iter().map(|group| (group.id.as_str(), group.sums)).collect();
    let quick: HashMap<_, _> = latency.iter().map(|one| (one.id.as_str(), one.p95)).collect();
    let figures = Figures { used, quick };
    let health_of = |id: Option<Uuid>| health.data.iter().find(|health| health.id == id);
    let mut rows: Vec<Row> = page
        .data
        .into_iter()
        .map(|endpoint| {
            let health = health_of(Some(endpoint.id));
            figures.row(&endpoint.name, health).of(&endpoint)
        })
        .collect();
    if page.next.is_none() {
        rows.extend(health_of(None).map(|own| figures.row(&own.name, Some(own))));
    }
    let (sent, fault) = refused.unzip();
    let empty = Sent::default();
    let form = parts::Form::new(visitor, "New endpoint", "/portal/endpoints", "Make the endpoint")
        .lead("An AWS account and region, reached with one credential.")
        .inputs(fields(sent.unwrap_or(&empty)), fault);
    Ok(Endpoints {
        frame: Frame::new("Endpoints", request, Some(visitor)),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows,
        form,
        is_open: fault.is_some(),
    })
}

/// What is known of the last day, by the endpoints' names.
struct Figures<'f> {
    used: HashMap<&'f str, Sums>,
    quick: HashMap<&'f str, Option<f64>>,
}

impl Figures<'_> {
    /// The row of an endpoint, with all that its health tells.
    fn row(&self, name: &str, health: Option<&EndpointHealth>) -> Row {
        let sums = self.used.get(name).copied().unwrap_or_default();
        let failed = (sums.requests > 0).then(|| sums.failed as f64 / sums.requests as f64);
        Row {
            id: Uuid::nil(),
            name: name.to_owned(),
            remark: "of the environment",
            region: health.map(|health| health.region.clone()).unwrap_or_default(),
            geography: None,
            credential: in_words(&CredentialView::Chain),
            tag: health.map_or(Tag::UNKNOWN, Tag::of),
            running: health.map_or_else(|| "–".to_owned(), |it| words::count(it.in_flight)),
            priority: "–".to_owned(),
            requests: words::number(sums.requests),
            failed: words::percent(failed),
            whole: words::latency(self.quick.get(name).copied().flatten()),
            cost: words::dollars(sums.cost_nanos),
        }
    }
}

impl Row {
    /// The row of an endpoint that is stored.
    fn of(self, endpoint: &Endpoint) -> Self {
        Self {
            id: endpoint.id,
            remark: if endpoint.is_default { "default" } else { "" },
            region: endpoint.region.clone(),
            geography: endpoint.geography.clone(),
            credential: in_words(&endpoint.credential),
            priority: endpoint.priority.to_string(),
            ..self
        }
    }
}

/// What requests are authorised with.
fn in_words(credential: &CredentialView) -> String {
    match credential {
        CredentialView::Chain => "the gateway's own".to_owned(),
        CredentialView::Role { role_arn, .. } => role_arn.clone(),
        CredentialView::ApiKey => "a Bedrock API key".to_owned(),
    }
}

/// Makes an endpoint.
pub(super) async fn create(
    request: HttpRequest,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match make(&edge, &visitor, &sent).await {
        Ok(made) => Ok(see_other(&format!(
            "/portal/endpoints/{}?notice={}",
            made.id,
            Notice::Created.name()
        ))),
        Err(error) => {
            let fault = Fault::of(error)?;
            let refused = Some((&*sent, &fault));
            Ok(fault.page(&list(&request, (&edge, &worker), &visitor, refused).await?))
        }
    }
}

async fn make(edge: &Edge, visitor: &Visitor, sent: &Sent) -> Result<Endpoint, ControlError> {
    let text = |name| sent.given(name).map(str::to_owned);
    let order = CreateEndpoint {
        name: sent.text("name").to_owned(),
        region: sent.text("region").to_owned(),
        geography: text("geography"),
        credential: credential(sent).unwrap_or_default(),
        runtime_url: text("runtime_url"),
        control_url: text("control_url"),
        priority: sent.read("priority", "takes a number from 0 to 1000")?,
        enabled: Some(sent.text("enabled") != "false"),
        is_default: sent.text("default") == "true",
        guardrail: guardrail(sent),
        ..CreateEndpoint::default()
    };
    endpoints::create(&edge.control, &visitor.caller, order).await
}
