//! `/portal/members/{id}`: one member: usage, keys, browsers that are signed in, change and end.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use chrono::Utc;
use uuid::Uuid;

use super::{fields, role};
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::keys::{self, Key, KeyFilter, KeyState};
use crate::control::sessions::{self, SessionFilter};
use crate::control::users::{self, EditUser, User};
use crate::control::{ControlError, Paging, teams};
use crate::domain::principal::Role;
use crate::http::portal::budgets::Table;
use crate::http::portal::choices;
use crate::http::portal::fault::Fault;
use crate::http::portal::figures::{self, Figure};
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts;
use crate::http::portal::range::Range;
use crate::http::portal::ranking::Ranking;
use crate::http::portal::sent::Sent;
use crate::http::portal::series::{self, Measure};
use crate::http::portal::words::{self, Moment};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "member.html")]
struct One {
    frame: Frame,
    user: User,
    created: Moment,
    figures: Vec<Figure>,
    cost: String,
    models: Ranking,
    keys: Vec<Key>,
    budgets: Table,
    browsers: Vec<(String, Moment)>,
    forms: Vec<parts::Form>,
}

/// Shows the member.
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
    let range = Range::of(&Sent::default(), Utc::now())?;
    let filter = Filter { users: vec![id], ..range.filter() };
    let before = filter.before();
    let of_user = KeyFilter { user_id: Some(id), ..KeyFilter::default() };
    let browsers = SessionFilter { user_id: Some(id) };
    let (user, keys, budgets, browsers, teams, now, before, points, models) = tokio::try_join!(
        users::get(control, caller, id),
        keys::list(control, caller, of_user, Paging::default()),
        Table::of_subject(edge, visitor, id),
        sessions::list(control, caller, browsers, Paging::default()),
        teams::choices(control, caller),
        analytics::totals(control, caller, &filter),
        analytics::totals(control, caller, &before),
        analytics::over_time(control, caller, &filter, range.grain, Some((Dimension::Model, 6))),
        analytics::ranking(control, caller, &filter, Dimension::Model, 8),
    )?;
    let browsers = browsers.data.into_iter().map(|session| {
        (session.user_agent.unwrap_or_else(|| "A browser".to_owned()), session.last_seen_at.into())
    });
    let chart =
        series::stacked("Cost by model, 30 days", &range, Dimension::Model, &points, Measure::Cost);
    Ok(One {
        frame: Frame::new("Member", request, Some(visitor)),
        created: user.created_at.into(),
        figures: figures::of_sums(&now, &before),
        cost: chart.svg(),
        models: Ranking::of_groups("Models, 30 days", Dimension::Model, &models),
        browsers: browsers.collect(),
        forms: forms(visitor, &user, &teams, keys.data.len(), refused),
        keys: keys.data,
        budgets,
        user,
    })
}

fn forms(
    visitor: &Visitor,
    user: &User,
    teams: &[(Uuid, String)],
    keys: usize,
    refused: Option<(&Sent, &Fault)>,
) -> Vec<parts::Form> {
    let path = format!("/portal/members/{}", user.id);
    let (sent, fault) = refused.unzip();
    let active = sent.map_or(user.active, |sent| sent.text("active") == "true");
    let states =
        vec![Choice::new("true", "Active", active), Choice::new("false", "Inactive", !active)];
    let state = Input::select("active", "State", states).help(
        "Keys and sessions of an inactive member stop working at once, and running requests end.",
    );
    let [name, email, role, team, requests, tokens, streams] = match sent {
        Some(sent) => fields(sent, teams),
        None => stored(user, teams),
    };
    let inputs = [name, email, role, team, state, requests, tokens, streams];
    let change =
        parts::Form::new(visitor, "Change", format!("{path}/change"), "Save").inputs(inputs, fault);
    let lead = format!(
        "{} keys and every session go with the member; requests that run are ended. The usage stays.",
        words::count(keys as u64)
    );
    let delete = parts::Form::new(visitor, "Delete", format!("{path}/delete"), "Delete the member");
    vec![change, delete.danger().lead(lead)]
}

/// The fields as they are stored.
fn stored(user: &User, teams: &[(Uuid, String)]) -> [Input; 7] {
    let is_admin = user.role == Role::Admin;
    let team = user.team_id.map(|id| id.to_string()).unwrap_or_default();
    let [requests, tokens, streams] = choices::limits_of(user.limits);
    let roles =
        vec![Choice::new("member", "Member", !is_admin), Choice::new("admin", "Admin", is_admin)];
    [
        Input::text("name", "Name", &user.name).required(),
        Input::line("email", "E-mail address", "email", user.email.as_deref().unwrap_or(""), 254),
        Input::select("role", "Role", roles),
        choices::teams(teams, &team, "No team"),
        requests,
        tokens,
        streams,
    ]
}

/// Changes the member.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match edit(&edge, &visitor, *id, &sent).await {
        Ok(_) => Ok(see_other(&format!("/portal/members/{id}?notice={}", Notice::Saved.name()))),
        Err(error) => {
            let fault = Fault::of(error)?;
            let page = one(&request, &edge, &visitor, *id, Some((&sent, &fault))).await?;
            Ok(fault.page(&page))
        }
    }
}

async fn edit(edge: &Edge, visitor: &Visitor, id: Uuid, sent: &Sent) -> Result<User, ControlError> {
    let order = EditUser {
        name: Some(sent.text("name").to_owned()),
        email: Some(sent.given("email").map(str::to_owned)),
        role: role(sent),
        team_id: Some(sent.id("team_id")?),
        active: Some(sent.text("active") == "true"),
        limits: Some(sent.limits()?),
    };
    users::edit(&edge.control, &visitor.caller, id, order).await
}

/// Takes the member away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    users::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/members?notice={}", Notice::Deleted.name())))
}
