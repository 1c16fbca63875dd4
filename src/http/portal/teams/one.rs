//! `/portal/teams/{id}`: one team: its members and keys, what it may, its change and its end.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use chrono::Utc;
use uuid::Uuid;

use crate::control::Paging;
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::keys::{self, Key, KeyFilter};
use crate::control::teams::{self, EditTeam, Team, TeamRouting};
use crate::control::users::{self, User, UserFilter};
use crate::http::portal::budgets::{self, Of};
use crate::http::portal::choices;
use crate::http::portal::fault::Fault;
use crate::http::portal::figures::{self, Figure};
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::input::Input;
use crate::http::portal::members;
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts::{self, Pager};
use crate::http::portal::range::Range;
use crate::http::portal::ranking::Ranking;
use crate::http::portal::sent::Sent;
use crate::http::portal::series::{self, Measure};
use crate::http::portal::words;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "team.html")]
pub(super) struct One {
    frame: Frame,
    token: String,
    team: Team,
    figures: Vec<Figure>,
    cost: String,
    people: Ranking,
    members: Vec<User>,
    pager: Pager,
    keys: Vec<Key>,
    budgets: budgets::Table,
    budget_form: parts::Form,
    forms: Vec<parts::Form>,
}

/// Which of a team's forms was refused.
#[derive(Clone, Copy)]
pub(super) enum Refused<'f> {
    Change(&'f Sent, &'f Fault),
    AddMember(&'f Sent, &'f Fault),
    Routing(&'f Sent, &'f Fault),
}

/// Shows the team.
pub(in crate::http::portal) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&one(&request, &edge, &visitor, *id, None).await?))
}

pub(super) async fn one(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    refused: Option<Refused<'_>>,
) -> Result<One, Barred> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let asked = Sent::of_query(request.query_string());
    let range = Range::of(&Sent::default(), Utc::now())?;
    let filter = Filter { teams: vec![id], ..range.filter() };
    let before = filter.before();
    let of_team = UserFilter { team_id: Some(id), ..UserFilter::default() };
    let with_team = KeyFilter { team_id: Some(id), live: Some(true), ..KeyFilter::default() };
    let (team, routing, members, keys, budgets, now, before, points, people) = tokio::try_join!(
        teams::get(control, caller, id),
        teams::routing(control, caller, id),
        users::list(control, caller, of_team, asked.paging()),
        keys::list(control, caller, with_team, Paging::default()),
        budgets::Table::of_subject(edge, visitor, id),
        analytics::totals(control, caller, &filter),
        analytics::totals(control, caller, &before),
        analytics::over_time(control, caller, &filter, range.grain, Some((Dimension::User, 6))),
        analytics::ranking(control, caller, &filter, Dimension::User, 8),
    )?;
    Ok(One {
        frame: Frame::new("Team", request, Some(visitor)),
        token: visitor.token(),
        figures: figures::of_sums(&now, &before),
        cost: series::stacked(
            "Cost by member, 30 days",
            &range,
            Dimension::User,
            &points,
            Measure::Cost,
        )
        .svg(),
        people: Ranking::of_groups("Members by cost, 30 days", Dimension::User, &people),
        forms: forms(visitor, &team, &routing, refused),
        pager: Pager::new(&asked, members.next.as_deref()),
        members: members.data,
        keys: keys.data,
        budgets,
        budget_form: budgets::form_of(visitor, Some(Of::Team(id)), &Sent::default(), None),
        team,
    })
}

fn forms(
    visitor: &Visitor,
    team: &Team,
    stored: &TeamRouting,
    refused: Option<Refused<'_>>,
) -> Vec<parts::Form> {
    let (change, add, route) = match refused {
        Some(Refused::Change(sent, fault)) => (Some((sent, fault)), None, None),
        Some(Refused::AddMember(sent, fault)) => (None, Some((sent, fault)), None),
        Some(Refused::Routing(sent, fault)) => (None, None, Some((sent, fault))),
        None => (None, None, None),
    };
    let route = super::routing::form(visitor, team.id, stored, route);
    let path = format!("/portal/teams/{}", team.id);
    let (sent, fault) = change.unzip();
    let name = sent.map_or(team.name.as_str(), |sent| sent.text("name"));
    let name = Input::text("name", "Name", name).required();
    let [requests, tokens, streams] =
        sent.map_or_else(|| choices::limits_of(team.limits), choices::limits);
    let chosen = sent.map_or_else(|| team.models.clone(), Sent::models).unwrap_or_default();
    let [models, others] = choices::models(&chosen, "All models, where none is checked.");
    let change = parts::Form::new(visitor, "Change", format!("{path}/change"), "Save")
        .inputs([name, requests, tokens, streams, models, others], fault);
    let (sent, fault) = add.unzip();
    let user =
        Input::text("user", "User name or e-mail address", sent.map_or("", |s| s.text("user")));
    let add = parts::Form::new(visitor, "Add a member", format!("{path}/add-member"), "Add")
        .lead("Who is in another team leaves it.")
        .inputs([user.required()], fault);
    let lead = format!(
        "{} members and the keys of this team stay, without a team: its limits and its list of models no longer hold for them. Its usage stays.",
        words::count(team.members)
    );
    let delete = parts::Form::new(visitor, "Delete", format!("{path}/delete"), "Delete the team");
    vec![change, add, route, delete.danger().lead(lead)]
}

/// Changes the team.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let changed = async {
        let order = EditTeam {
            name: Some(sent.text("name").to_owned()),
            models: Some(sent.models()),
            limits: Some(sent.limits()?),
        };
        teams::edit(&edge.control, &visitor.caller, *id, order).await
    };
    match changed.await {
        Ok(_) => Ok(back(*id, Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(error)?;
            let refused = Refused::Change(&sent, &fault);
            Ok(fault.page(&one(&request, &edge, &visitor, *id, Some(refused)).await?))
        }
    }
}

/// Puts somebody into the team.
pub(in crate::http::portal) async fn add_member(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let added = async {
        let user = members::named(&edge, &visitor, "user", sent.text("user")).await?;
        teams::add_member(&edge.control, &visitor.caller, *id, user).await
    };
    match added.await {
        Ok(_) => Ok(back(*id, Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(error)?;
            let refused = Refused::AddMember(&sent, &fault);
            Ok(fault.page(&one(&request, &edge, &visitor, *id, Some(refused)).await?))
        }
    }
}

/// Takes somebody out of the team.
pub(in crate::http::portal) async fn remove_member(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let user = sent.id("user_id")?.ok_or(Barred::NotFound)?;
    teams::remove_member(&edge.control, &visitor.caller, *id, user).await?;
    Ok(back(*id, Notice::Saved))
}

/// Takes the team away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    teams::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/teams?notice={}", Notice::Deleted.name())))
}

pub(super) fn back(id: Uuid, notice: Notice) -> actix_web::HttpResponse {
    see_other(&format!("/portal/teams/{id}?notice={}", notice.name()))
}
