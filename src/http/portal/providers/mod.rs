//! `/portal/providers`: where people come from, and adding a provider.

mod fields;
mod one;
mod tokens;

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use uuid::Uuid;

pub(super) use one::{change, delete, page as one, test};
pub(super) use tokens::{create as create_token, delete as delete_token};

use self::fields::Values;
use super::fault::Fault;
use super::form::{self, Answer, Barred, Visitor};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts::{self, Pager};
use super::sent::Sent;
use super::words::{self, Moment};
use crate::control::providers::{self, CreateIdentityProvider, IdentityProvider, Provisioned};
use crate::control::{ControlError, teams};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "providers.html")]
struct Providers {
    frame: Frame,
    pager: Pager,
    rows: Vec<Row>,
    form: parts::Form,
    is_open: bool,
}

/// One provider, in words.
struct Row {
    id: Uuid,
    name: String,
    place: String,
    enabled: bool,
    users: String,
    groups: String,
    last_sync: Option<Moment>,
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
) -> Result<Providers, Barred> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let asked = Sent::of_query(request.query_string());
    let page = providers::list(control, caller, asked.paging()).await?;
    let ids = page.data.iter().map(|provider| provider.id).collect();
    let provisioned = providers::provisioned(control, caller, ids).await?;
    let teams = teams::choices(control, caller).await?;
    let (sent, fault) = refused.unzip();
    let fresh = |name: &str| match sent {
        Some(sent) => sent.text(name).to_owned(),
        None => default(name).to_owned(),
    };
    let values = Values::new(&fresh);
    let mut inputs = values.own();
    inputs.push(values.issuer());
    inputs.extend(values.connection());
    inputs.extend(values.admission());
    inputs.extend(values.groups(&teams, true));
    let form = parts::Form::new(visitor, "New provider", "/portal/providers", "Add the provider")
        .lead("OpenID Connect signs people in; SCIM provisions them. One provider may do both.")
        .inputs(inputs, fault);
    Ok(Providers {
        frame: Frame::new("Providers", request, Some(visitor)),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows: page.data.into_iter().map(|provider| row(provider, &provisioned)).collect(),
        form,
        is_open: fault.is_some(),
    })
}

/// What a new provider has where nothing else is said.
fn default(name: &str) -> &'static str {
    match name {
        "enabled" | "oidc.auto_provision" => "true",
        "oidc.scopes" => "openid email profile",
        "oidc.user_claim" => "sub",
        "oidc.groups_claim" => "groups",
        _ => "",
    }
}

fn row(provider: IdentityProvider, provisioned: &HashMap<Uuid, Provisioned>) -> Row {
    let Provisioned { users, groups, last_sync_at } =
        provisioned.get(&provider.id).copied().unwrap_or_default();
    Row {
        id: provider.id,
        name: provider.name,
        place: provider.oidc.map_or_else(|| "provisions only".to_owned(), |oidc| oidc.issuer),
        enabled: provider.enabled,
        users: words::number(users),
        groups: words::number(groups),
        last_sync: last_sync_at.map(Moment::from),
    }
}

/// Adds a provider.
pub(super) async fn create(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match make(&edge, &visitor, &sent).await {
        Ok(made) => {
            let place = format!("/portal/providers/{}?notice={}", made.id, Notice::Created.name());
            Ok(see_other(&place))
        }
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&list(&request, &edge, &visitor, Some((&sent, &fault))).await?))
        }
    }
}

async fn make(
    edge: &Edge,
    visitor: &Visitor,
    sent: &Sent,
) -> Result<IdentityProvider, ControlError> {
    let teams = teams::choices(&edge.control, &visitor.caller).await?;
    let (oidc, provisioning) = match sent.given("oidc.issuer") {
        Some(issuer) => {
            let mut order = fields::oidc(sent, &teams, false)?;
            order.issuer = Some(issuer.to_owned());
            (Some(order), None)
        }
        None => (None, Some(fields::rules(sent, &teams, true)?)),
    };
    let order = CreateIdentityProvider {
        name: sent.text("name").to_owned(),
        enabled: Some(sent.text("enabled") != "false"),
        oidc,
        provisioning,
    };
    providers::create(&edge.control, &visitor.caller, order).await
}
