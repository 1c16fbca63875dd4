//! `/portal/keys/new`: making a key, which is shown once.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use secrecy::ExposeSecret as _;

use crate::control::keys::{self, CreateKey, NewKey};
use crate::control::{ControlError, teams, users};
use crate::http::arrival::Arrival;
use crate::http::portal::choices;
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::input::Input;
use crate::http::portal::page::{Frame, render};
use crate::http::portal::parts;
use crate::http::portal::sent::Sent;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "key_new.html")]
struct New {
    frame: Frame,
    form: parts::Form,
    owner: Option<String>,
}

#[derive(Template)]
#[template(path = "key_secret.html")]
struct Secret<'s> {
    frame: Frame,
    name: String,
    owner: String,
    secret: &'s str,
    base_url: String,
    rotated: bool,
}

/// Shows the form.
pub(in crate::http::portal) async fn form(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::signed_in(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    Ok(render(&page(&request, &edge, &visitor, &asked, None).await?))
}

async fn page(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    sent: &Sent,
    fault: Option<&Fault>,
) -> Result<New, Barred> {
    let name = Input::text("name", "Name", sent.text("name")).required();
    let name = name.help("What you will know it by, such as the machine it is for.");
    let end = Input::line("expires", "Last day", "date", sent.text("expires"), 10);
    let end = end.help("The key stops at the end of this day (UTC). Leave it empty for no end.");
    let chosen = sent.models().unwrap_or_default();
    let [models, others] =
        choices::models(&chosen, "All that the team may use, where none is checked.");
    let form = parts::Form::new(visitor, "The key", "/portal/keys/new", "Make the key");
    let owner = match sent.id("user_id")?.filter(|_| visitor.is_admin()) {
        Some(id) => Some(users::get(&edge.control, &visitor.caller, id).await?),
        None => None,
    };
    let mut form = if visitor.is_admin() {
        let teams = teams::choices(&edge.control, &visitor.caller).await?;
        let team = choices::teams(&teams, sent.text("team_id"), "The owner's team");
        let [requests, tokens, streams] = choices::limits(sent);
        form.inputs([name, end, team, requests, tokens, streams, models, others], fault)
    } else {
        form.inputs([name, end, models, others], fault)
    };
    if let Some(owner) = &owner {
        form = form.hidden("user_id", owner.id);
    }
    Ok(New {
        frame: Frame::new("New key", request, Some(visitor)),
        form,
        owner: owner.map(|owner| owner.name),
    })
}

/// Makes the key, and shows it.
pub(in crate::http::portal) async fn create(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent(&request, &edge, sent.text("token")).await?;
    match make(&edge, &visitor, &sent).await {
        Ok(new) => Ok(show(&request, &edge, &visitor, &new, false)),
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&page(&request, &edge, &visitor, &sent, Some(&fault)).await?))
        }
    }
}

async fn make(edge: &Edge, visitor: &Visitor, sent: &Sent) -> Result<NewKey, ControlError> {
    let order = CreateKey {
        name: sent.text("name").to_owned(),
        user_id: sent.id("user_id")?,
        team_id: sent.id("team_id")?,
        models: sent.models(),
        limits: sent.limits()?,
        expires_at: sent.end_of("expires")?,
    };
    keys::create(&edge.control, &visitor.caller, order).await
}

/// The page that shows a key the only time.
pub(super) fn show(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    new: &NewKey,
    rotated: bool,
) -> actix_web::HttpResponse {
    render(&Secret {
        frame: Frame::new("New key", request, Some(visitor)),
        name: new.key.name.clone(),
        owner: new.key.user_name.clone(),
        secret: new.secret.expose_secret(),
        base_url: Arrival::of(request.head(), &edge.front).origin,
        rotated,
    })
}
