//! `/portal/members`: the users, and making one.

mod one;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use uuid::Uuid;

pub(super) use one::{change, delete, page as one};

use super::choices;
use super::fault::Fault;
use super::form::{self, Answer, Barred, Visitor};
use super::input::{Choice, Input};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts::{self, Finder, Pager};
use super::sent::Sent;
use super::words::Moment;
use crate::control::users::{self, CreateUser, User, UserFilter};
use crate::control::{ControlError, Paging, teams};
use crate::domain::principal::Role;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "members.html")]
struct Members {
    frame: Frame,
    finder: Finder,
    pager: Pager,
    rows: Vec<(User, Moment)>,
    form: parts::Form,
    is_open: bool,
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
) -> Result<Members, Barred> {
    let asked = Sent::of_query(request.query_string());
    let (control, caller) = (&edge.control, &visitor.caller);
    let filter = UserFilter {
        team_id: asked.id("team")?,
        role: role(&asked),
        active: match asked.text("state") {
            "active" => Some(true),
            "inactive" => Some(false),
            _ => None,
        },
        search: asked.search(),
    };
    let (page, teams) = tokio::try_join!(
        users::list(control, caller, filter, asked.paging()),
        teams::choices(control, caller),
    )?;
    let (sent, fault) = refused.unzip();
    let empty = Sent::default();
    let sent = sent.unwrap_or(&empty);
    let form = parts::Form::new(visitor, "New member", "/portal/members", "Make the member");
    let form = form.inputs(fields(sent, &teams), fault);
    Ok(Members {
        frame: Frame::new("Members", request, Some(visitor)),
        finder: Finder::new("/portal/members", &asked, "Name or e-mail address", selects(&asked)),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows: page.data.into_iter().map(|user| (user.clone(), user.created_at.into())).collect(),
        form,
        is_open: fault.is_some(),
    })
}

fn selects(asked: &Sent) -> Vec<Input> {
    let choice =
        |field: &str, value: &str, label| Choice::new(value, label, asked.text(field) == value);
    let roles = ["", "admin", "member"].into_iter().zip(["All", "Admins", "Members"]);
    let roles = roles.map(|(value, label)| choice("role", value, label)).collect();
    let states = ["", "active", "inactive"].into_iter().zip(["All", "Active", "Inactive"]);
    let states = states.map(|(value, label)| choice("state", value, label)).collect();
    vec![
        Input::select("role", "Role", roles),
        Input::select("state", "State", states),
        asked.sort(),
    ]
}

/// The fields of a member's form.
fn fields(sent: &Sent, teams: &[(Uuid, String)]) -> [Input; 7] {
    let is_admin = role(sent) == Some(Role::Admin);
    let roles =
        vec![Choice::new("member", "Member", !is_admin), Choice::new("admin", "Admin", is_admin)];
    let [requests, tokens, streams] = choices::limits(sent);
    [
        Input::text("name", "Name", sent.text("name")).required(),
        Input::line("email", "E-mail address", "email", sent.text("email"), 254),
        Input::select("role", "Role", roles)
            .help("Admins see and change everything; members see what is their own."),
        choices::teams(teams, sent.text("team_id"), "No team"),
        requests,
        tokens,
        streams,
    ]
}

fn role(sent: &Sent) -> Option<Role> {
    match sent.text("role") {
        "admin" => Some(Role::Admin),
        "member" => Some(Role::Member),
        _ => None,
    }
}

/// Makes a member.
pub(super) async fn create(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match make(&edge, &visitor, &sent).await {
        Ok(user) => {
            Ok(see_other(&format!("/portal/members/{}?notice={}", user.id, Notice::Created.name())))
        }
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&list(&request, &edge, &visitor, Some((&sent, &fault))).await?))
        }
    }
}

async fn make(edge: &Edge, visitor: &Visitor, sent: &Sent) -> Result<User, ControlError> {
    let order = CreateUser {
        name: sent.text("name").to_owned(),
        email: sent.given("email").map(str::to_owned),
        role: role(sent),
        team_id: sent.id("team_id")?,
        limits: sent.limits()?,
    };
    users::create(&edge.control, &visitor.caller, order).await
}

/// The user of this name or e-mail address, which a form has in `field`.
pub(super) async fn named(
    edge: &Edge,
    visitor: &Visitor,
    field: &'static str,
    text: &str,
) -> Result<Uuid, ControlError> {
    let filter = UserFilter { search: Some(text.to_owned()), ..UserFilter::default() };
    let page = users::list(&edge.control, &visitor.caller, filter, Paging::default()).await?;
    let lower = text.to_lowercase();
    let mut found = page.data.iter().filter(|user| {
        user.name.to_lowercase() == lower
            || user.email.as_ref().is_some_and(|email| email.to_lowercase() == lower)
    });
    match (found.next(), found.next()) {
        (Some(user), None) => Ok(user.id),
        (None, _) => Err(ControlError::invalid(field, "nobody has this name or address")),
        (Some(_), Some(_)) => Err(ControlError::invalid(field, "several have this: give the name")),
    }
}
