//! `/portal/notifications/{id}`: one destination: how it does, what was delivered, its change.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use uuid::Uuid;

use super::log::Deliveries;
use super::{address, categories, fields, state};
use crate::control::notifications::{self, DeliveryFilter, Destination};
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts::{self, Pager};
use crate::http::portal::sent::Sent;
use crate::http::portal::words::Moment;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "destination.html")]
struct One {
    frame: Frame,
    destination: Destination,
    kind: String,
    categories: String,
    state: (&'static str, &'static str),
    tested: Option<Moment>,
    replaces: Option<Destination>,
    deliveries: Deliveries,
    pager: Pager,
    orders: Vec<parts::Form>,
    forms: Vec<parts::Form>,
}

/// Shows the destination.
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
    let asked = Sent::of_query(request.query_string());
    let of_this = DeliveryFilter { destination_id: Some(id), ..DeliveryFilter::default() };
    let (destination, page) = tokio::try_join!(
        notifications::get(control, caller, id),
        notifications::deliveries(control, caller, of_this, asked.paging()),
    )?;
    let replaces = match destination.replaces {
        Some(id) => Some(notifications::get(control, caller, id).await?),
        None => None,
    };
    Ok(One {
        frame: Frame::new("Destination", request, Some(visitor)),
        kind: fields::kind(&destination.kind).to_owned(),
        categories: categories(&destination),
        state: state(&destination),
        tested: destination.tested_at.map(Moment::from),
        replaces,
        pager: Pager::new(&asked, page.next.as_deref()),
        deliveries: Deliveries::of(visitor, page.data, std::slice::from_ref(&destination)),
        orders: orders(visitor, &destination),
        forms: forms(visitor, &destination, refused),
        destination,
    })
}

/// What comes next for a destination: to be tried, to become active, to be told nothing more.
fn orders(visitor: &Visitor, destination: &Destination) -> Vec<parts::Form> {
    let is_active = destination.state == "active";
    let form = |heading, order, button| form_of(visitor, destination, heading, order, button);
    let mut orders = vec![
        form("Try it", "test", "Send a test")
            .lead("A test notification goes there at once, from this instance."),
    ];
    if is_active {
        let lead =
            "It becomes a draft again. What happens meanwhile is not told there, not later either.";
        orders.push(form("Tell it nothing", "deactivate", "Make it a draft").danger().lead(lead));
    } else if destination.tested_at.is_some() && destination.test_error.is_none() {
        let lead = "From then on it is told of what happens in its categories.";
        orders.push(form("Make it active", "activate", "Make it active").lead(lead));
    }
    orders
}

fn forms(
    visitor: &Visitor,
    destination: &Destination,
    refused: Option<(&Sent, &Fault)>,
) -> Vec<parts::Form> {
    let (sent, fault) = refused.unzip();
    let form = |heading, order, button| form_of(visitor, destination, heading, order, button);
    let change = form("Change", "change", "Save").inputs(fields::change(destination, sent), fault);
    let mut forms = vec![change];
    if destination.kind == "webhook" {
        let lead = "A new secret is shown once. The one before signs along for a day, so that receivers can be changed meanwhile.";
        forms.push(form("Secret", "rotate", "Make a new secret").danger().lead(lead));
    }
    let lead =
        "It is told nothing more, and what is yet to be delivered there is not. Its log stays.";
    forms.push(form("Delete", "delete", "Delete the destination").danger().lead(lead));
    forms
}

fn form_of(
    visitor: &Visitor,
    destination: &Destination,
    heading: &'static str,
    order: &str,
    button: &'static str,
) -> parts::Form {
    let action = format!("/portal/notifications/{}/{order}", destination.id);
    parts::Form::new(visitor, heading, action, button)
}

/// Changes the destination.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let order = fields::changed(&sent);
    match notifications::edit(&edge.control, &visitor.caller, *id, order).await {
        Ok(_) => Ok(see_other(&address(*id, Notice::Saved))),
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&one(&request, &edge, &visitor, *id, Some((&sent, &fault))).await?))
        }
    }
}
