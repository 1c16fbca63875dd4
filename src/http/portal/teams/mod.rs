//! `/portal/teams`: the teams, and making one.

mod one;
mod routing;

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use chrono::{TimeDelta, Utc};
use uuid::Uuid;

pub(super) use one::{add_member, change, delete, page as one, remove_member};
pub(super) use routing::route;

use super::choices;
use super::fault::Fault;
use super::form::{self, Answer, Visitor};
use super::input::Input;
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts::{self, Finder, Pager};
use super::sent::Sent;
use super::words::{self, Moment};
use crate::control::ControlError;
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::teams::{self, CreateTeam, Team, TeamFilter};
use crate::http::server::Edge;

/// How long back cost is told, in days.
pub(super) const USED: i64 = 30;

#[derive(Template)]
#[template(path = "teams.html")]
struct Teams {
    frame: Frame,
    finder: Finder,
    pager: Pager,
    rows: Vec<Row>,
    form: parts::Form,
    is_open: bool,
    is_filtered: bool,
}

/// One team, in words.
struct Row {
    id: Uuid,
    name: String,
    members: String,
    models: String,
    created: Moment,
    requests: String,
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
) -> Result<Teams, form::Barred> {
    let asked = Sent::of_query(request.query_string());
    let filter = TeamFilter { search: asked.search() };
    let page = teams::list(&edge.control, &visitor.caller, filter, asked.paging()).await?;
    let used = used(edge, visitor, &page.data).await?;
    let (sent, fault) = refused.unzip();
    let empty = Sent::default();
    let sent = sent.unwrap_or(&empty);
    let name = Input::text("name", "Name", sent.text("name")).required();
    let [requests, tokens, streams] = choices::limits(sent);
    let chosen = sent.models().unwrap_or_default();
    let [models, others] = choices::models(&chosen, "All models, where none is checked.");
    let form = parts::Form::new(visitor, "New team", "/portal/teams", "Make the team")
        .inputs([name, requests, tokens, streams, models, others], fault);
    Ok(Teams {
        frame: Frame::new("Teams", request, Some(visitor)),
        finder: Finder::new("/portal/teams", &asked, "Name", vec![asked.sort()]),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows: page.data.into_iter().map(|team| row(team, &used)).collect(),
        form,
        is_open: fault.is_some(),
        is_filtered: asked.given("q").is_some(),
    })
}

/// Requests and cost of some teams lately.
async fn used(
    edge: &Edge,
    visitor: &Visitor,
    teams: &[Team],
) -> Result<HashMap<String, (i64, i64)>, ControlError> {
    if teams.is_empty() {
        return Ok(HashMap::new());
    }
    let now = Utc::now();
    let ids = teams.iter().map(|team| team.id).collect();
    let filter = Filter { teams: ids, ..Filter::span(now - TimeDelta::days(USED), now) };
    let groups =
        analytics::ranking(&edge.control, &visitor.caller, &filter, Dimension::Team, 200).await?;
    let sums =
        groups.into_iter().map(|group| (group.id, (group.sums.requests, group.sums.cost_nanos)));
    Ok(sums.collect())
}

fn row(team: Team, used: &HashMap<String, (i64, i64)>) -> Row {
    let (requests, cost) = used.get(&team.id.to_string()).copied().unwrap_or_default();
    Row {
        id: team.id,
        name: team.name,
        members: words::count(team.members),
        models: team
            .models
            .map_or_else(|| "all".to_owned(), |models| format!("{} allowed", models.len())),
        created: team.created_at.into(),
        requests: words::number(requests),
        cost: words::dollars(cost),
    }
}

/// Makes a team.
pub(super) async fn create(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let made = async {
        let order = CreateTeam {
            name: sent.text("name").to_owned(),
            models: sent.models(),
            limits: sent.limits()?,
        };
        teams::create(&edge.control, &visitor.caller, order).await
    };
    match made.await {
        Ok(team) => {
            Ok(see_other(&format!("/portal/teams/{}?notice={}", team.id, Notice::Created.name())))
        }
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&list(&request, &edge, &visitor, Some((&sent, &fault))).await?))
        }
    }
}
