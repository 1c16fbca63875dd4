//! `/portal/endpoints`: the AWS accounts and regions that serve requests, and making one.

mod fields;
mod one;

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use chrono::{TimeDelta, Utc};

use fields::{credential, fields, guardrail, profiles};
pub(super) use one::{change, delete, page as one};

use super::fault::Fault;
use super::form::{self, Answer, Barred, Visitor};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts::{self, Pager};
use super::sent::Sent;
use super::words;
use crate::control::ControlError;
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::endpoints::{self, CreateEndpoint, CredentialView, Endpoint};
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
    endpoint: Endpoint,
    credential: String,
    requests: String,
    failed: String,
    whole: String,
    cost: String,
}

/// Shows the list.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&list(&request, &edge, &visitor, None).await?))
}

async fn list(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    refused: Option<(&Sent, &Fault)>,
) -> Result<Endpoints, Barred> {
    let asked = Sent::of_query(request.query_string());
    let (control, caller, now) = (&edge.control, &visitor.caller, Utc::now());
    let day = Filter::span(now - TimeDelta::days(1), now);
    let (page, used, latency) = tokio::try_join!(
        endpoints::list(control, caller, asked.paging()),
        analytics::breakdown(control, caller, &day, Dimension::Endpoint, 200),
        analytics::latency(control, caller, &day, Dimension::Endpoint),
    )?;
    let used: HashMap<_, _> = used.iter().map(|group| (group.id.as_str(), group.sums)).collect();
    let quick: HashMap<_, _> = latency.iter().map(|one| (one.id.as_str(), one.p95)).collect();
    let rows = page.data.into_iter().map(|endpoint| {
        let sums = used.get(endpoint.name.as_str()).copied().unwrap_or_default();
        let failed = (sums.requests > 0).then(|| sums.failed as f64 / sums.requests as f64);
        Row {
            credential: in_words(&endpoint.credential),
            requests: words::number(sums.requests),
            failed: words::percent(failed),
            whole: words::latency(quick.get(endpoint.name.as_str()).copied().flatten()),
            cost: words::dollars(sums.cost_nanos),
            endpoint,
        }
    });
    let (sent, fault) = refused.unzip();
    let empty = Sent::default();
    let form = parts::Form::new(visitor, "New endpoint", "/portal/endpoints", "Make the endpoint")
        .lead("An AWS account and region, reached with one credential.")
        .inputs(fields(sent.unwrap_or(&empty)), fault);
    Ok(Endpoints {
        frame: Frame::new("Endpoints", request, Some(visitor)),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows: rows.collect(),
        form,
        is_open: fault.is_some(),
    })
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
pub(super) async fn create(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match make(&edge, &visitor, &sent).await {
        Ok(made) => Ok(see_other(&format!(
            "/portal/endpoints/{}?notice={}",
            made.id,
            Notice::Created.name()
        ))),
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&list(&request, &edge, &visitor, Some((&sent, &fault))).await?))
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
        priority: sent.read("priority", "takes a number from 0 to 1000")?,
        enabled: Some(sent.text("enabled") != "false"),
        is_default: sent.text("default") == "true",
        profiles: profiles(sent)?,
        guardrail: guardrail(sent),
        ..CreateEndpoint::default()
    };
    endpoints::create(&edge.control, &visitor.caller, order).await
}
