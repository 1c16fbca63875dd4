//! How a team's requests are routed: its endpoints in their order, and the strategy.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use uuid::Uuid;

use super::one::{Refused, back, one};
use crate::control::endpoints;
use crate::control::teams::{self, RouteTeam, TeamRouting};
use crate::control::{ControlError, Paging};
use crate::domain::routing::Strategy;
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Visitor};
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::notice::Notice;
use crate::http::portal::parts;
use crate::http::portal::sent::Sent;
use crate::http::server::Edge;

/// The form of a team's routing.
pub(super) fn form(
    visitor: &Visitor,
    team: Uuid,
    stored: &TeamRouting,
    refused: Option<(&Sent, &Fault)>,
) -> parts::Form {
    let (sent, fault) = refused.unzip();
    let chosen = match sent {
        Some(sent) => sent.text("strategy"),
        None => stored.strategy.unwrap_or_default().name(),
    };
    let strategies =
        Strategy::ALL.map(|one| Choice::new(one.name(), in_words(one), one.name() == chosen));
    let names: Vec<_> = stored.endpoints.iter().map(|endpoint| endpoint.name.as_str()).collect();
    let names = sent.map_or_else(|| names.join("\n"), |sent| sent.text("endpoints").to_owned());
    let endpoints = Input::area("endpoints", "Endpoints", names).help(
        "Names, one a line, the preferred first. A team that has any never leaves them; with none, the default ones serve it.",
    );
    parts::Form::new(visitor, "Routing", format!("/portal/teams/{team}/routing"), "Route so")
        .inputs([endpoints, Input::select("strategy", "Strategy", strategies.into())], fault)
}

fn in_words(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::StickySession => "Sticky by session: the prompt cache stays warm",
        Strategy::PrimaryFallback => "The first that works",
        Strategy::RoundRobin => "One after the other",
        Strategy::LeastBusy => "The least busy",
    }
}

/// Routes the team's requests so.
pub(in crate::http::portal) async fn route(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let routed = async {
        let endpoints = named(&edge, &visitor, &sent).await?;
        let order = RouteTeam { strategy: Strategy::of(sent.text("strategy")), endpoints };
        teams::route(&edge.control, &visitor.caller, *id, order).await
    };
    match routed.await {
        Ok(_) => Ok(back(*id, Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(error)?;
            let refused = Refused::Routing(&sent, &fault);
            Ok(fault.page(&one(&request, &edge, &visitor, *id, Some(refused)).await?))
        }
    }
}

/// The endpoints of these names, in their order.
async fn named(edge: &Edge, visitor: &Visitor, sent: &Sent) -> Result<Vec<Uuid>, ControlError> {
    let all = Paging { limit: Some(200), ..Paging::default() };
    let known = endpoints::list(&edge.control, &visitor.caller, all).await?.data;
    let names = sent.text("endpoints").lines().map(str::trim).filter(|name| !name.is_empty());
    let id = |name: &str| {
        let found = known.iter().find(|endpoint| endpoint.name == name).map(|endpoint| endpoint.id);
        let shown: String = name.chars().take(100).collect();
        found.ok_or_else(|| {
            ControlError::invalid("endpoints", format!("no endpoint is called {shown:?}"))
        })
    };
    names.map(id).collect()
}
