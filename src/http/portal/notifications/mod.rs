//! `/portal/notifications`: who is told of what happens, and drafting one more destination.

mod fields;
mod log;
mod one;
mod orders;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

pub(super) use log::{page as log, retry};
pub(super) use one::{change, page as one};
pub(super) use orders::{activate, deactivate, delete, rotate, test};

use super::fault::Fault;
use super::form::{self, Answer, Barred, Visitor};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts;
use super::sent::Sent;
use super::words::{self, Moment};
use crate::control::notifications::{self, Destination, DestinationWithSecret, Troubles};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "notifications.html")]
struct Notifications {
    frame: Frame,
    rows: Vec<Row>,
    fallback: Option<&'static str>,
    troubles: Troubles,
}

/// One destination, in words.
struct Row {
    id: Uuid,
    name: String,
    kind: String,
    target: String,
    categories: String,
    state: (&'static str, &'static str),
    tested: Option<Moment>,
}

/// Shows the destinations.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let (control, caller) = (&edge.control, &visitor.caller);
    let (page, troubles) = tokio::try_join!(
        notifications::list(control, caller),
        notifications::troubles(control, caller),
    )?;
    let is_told = page.data.iter().any(|destination| destination.state == "active");
    let fallback = notifications::fallback(control, caller)?.filter(|_| !is_told);
    Ok(render(&Notifications {
        frame: Frame::new("Notifications", &request, Some(&visitor)),
        rows: page.data.iter().map(row).collect(),
        fallback,
        troubles,
    }))
}

fn row(destination: &Destination) -> Row {
    Row {
        id: destination.id,
        name: destination.name.clone(),
        kind: fields::kind(&destination.kind).to_owned(),
        target: destination.target.clone(),
        categories: categories(destination),
        state: state(destination),
        tested: destination.tested_at.map(Moment::from),
    }
}

fn categories(destination: &Destination) -> String {
    let names = destination.categories.iter().map(|name| fields::category(name));
    names.collect::<Vec<_>>().join(", ")
}

/// The look and the word of a destination's state.
fn state(destination: &Destination) -> (&'static str, &'static str) {
    let tried = (destination.tested_at.is_some(), destination.test_error.is_some());
    match (destination.state.as_str(), tried) {
        ("active", (_, true)) => ("warn", "active, its last test failed"),
        ("active", _) => ("good", "active"),
        (_, (false, _)) => ("plain", "draft, not tried yet"),
        (_, (true, true)) => ("bad", "draft, its test failed"),
        (_, (true, false)) => ("warn", "draft, tried"),
    }
}

#[derive(Template)]
#[template(path = "destination_new.html")]
struct New {
    frame: Frame,
    form: parts::Form,
    replaces: Option<String>,
}

/// Shows the form of a draft.
pub(super) async fn new_form(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    Ok(render(&draft(&request, &edge, &visitor, &asked, None).await?))
}

async fn draft(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    sent: &Sent,
    fault: Option<&Fault>,
) -> Result<New, Barred> {
    let replaced = match sent.id("replaces")? {
        Some(id) => Some(notifications::get(&edge.control, &visitor.caller, id).await?),
        None => None,
    };
    let mut form =
        parts::Form::new(visitor, "New destination", "/portal/notifications/new", "Draft it")
            .lead("It is told nothing until it was tried and made active.")
            .inputs(fields::draft(sent), fault);
    if let Some(replaced) = &replaced {
        form = form.hidden("replaces", replaced.id);
    }
    Ok(New {
        frame: Frame::new("New destination", request, Some(visitor)),
        form,
        replaces: replaced.map(|replaced| replaced.name),
    })
}

/// Drafts a destination; the secret of a webhook is shown this once.
pub(super) async fn create(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let made = async {
        let order = fields::drafted(&sent)?;
        notifications::create(&edge.control, &visitor.caller, order).await
    };
    match made.await {
        Ok(made) => Ok(shown(&request, &visitor, &made, Notice::Created)),
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&draft(&request, &edge, &visitor, &sent, Some(&fault)).await?))
        }
    }
}

#[derive(Template)]
#[template(path = "destination_secret.html")]
struct Secret<'s> {
    frame: Frame,
    id: Uuid,
    name: &'s str,
    secret: &'s str,
}

/// The page that shows a secret the only time; that of the destination where it has none.
fn shown(
    request: &HttpRequest,
    visitor: &Visitor,
    made: &DestinationWithSecret,
    notice: Notice,
) -> actix_web::HttpResponse {
    let id = made.destination.id;
    match &made.secret {
        Some(secret) => render(&Secret {
            frame: Frame::new("Secret of the webhook", request, Some(visitor)),
            id,
            name: &made.destination.name,
            secret: secret.expose_secret(),
        }),
        None => see_other(&address(id, notice)),
    }
}

/// The page of a destination with what was done to it.
fn address(id: Uuid, notice: Notice) -> String {
    format!("/portal/notifications/{id}?notice={}", notice.name())
}
