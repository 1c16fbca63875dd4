//! `/portal/live`: each running request, as its connection's actor shows it; and the order to end one.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::Utc;
use serde::Deserialize;
use uuid::Uuid;

use super::form::{Barred, Visitor};
use super::list::{Asked, Page, Place};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::{form, words};
use crate::actors::stream::Connection;
use crate::actors::worker::Worker;
use crate::control::{ControlError, names};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "live.html")]
struct Live {
    frame: Frame,
    token: String,
    asked: Asked,
    order: Order,
    page: Page<Row>,
    running: usize,
}

/// One running request, in words.
struct Row {
    request_id: String,
    started: String,
    started_at: String,
    age: String,
    user: Option<Party>,
    team: Option<Party>,
    key: Option<Party>,
    model: String,
    endpoint: String,
    input: String,
    output: String,
    last_event: String,
    place: Place,
}

/// A user, team or key behind a request.
struct Party {
    name: String,
    link: String,
}

/// The orders of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Longest,
    Newest,
    Tokens,
}

impl Order {
    const ALL: [Self; 3] = [Self::Longest, Self::Newest, Self::Tokens];

    fn name(self) -> &'static str {
        match self {
            Self::Longest => "longest",
            Self::Newest => "newest",
            Self::Tokens => "tokens",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Longest => "Longest running",
            Self::Newest => "Newest",
            Self::Tokens => "Most tokens",
        }
    }

    fn named(name: &str) -> Self {
        Self::ALL.into_iter().find(|order| order.name() == name).unwrap_or(Self::Longest)
    }

    fn place(self, connection: &Connection) -> Place {
        let started = u64::try_from(connection.started_at.timestamp_millis()).unwrap_or(0);
        let tokens = connection.tokens;
        let key = match self {
            Self::Longest => started,
            Self::Newest => u64::MAX - started,
            Self::Tokens => u64::MAX - tokens.output - tokens.prompt(),
        };
        (key, connection.request_id.clone())
    }
}

/// Shows the list.
pub(super) async fn page(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
    asked: Option<Query<Asked>>,
) -> HttpResponse {
    let visitor = match form::admin(&request, &edge).await {
        Ok(visitor) => visitor,
        Err(barred) => return barred.into(),
    };
    let asked = asked.map(Query::into_inner).unwrap_or_default();
    let (order, search) = (Order::named(asked.sort()), asked.search());
    let connections = worker.gateway.connections().await;
    let running = connections.len();
    let names = match names(&edge, &visitor, &connections).await {
        Ok(names) => names,
        // What runs is seen, and can be stopped, while the database is away.
        Err(ControlError::Unavailable) => HashMap::new(),
        Err(error) => return Barred::from(error).into(),
    };
    let rows = connections.iter().map(|connection| row(connection, order, &names));
    let rows = rows.filter(|row| row.matches(&search)).collect();
    let page = asked.page(rows, |row| row.place.clone());
    let frame = Frame::new("Live", &request, Some(&visitor));
    render(&Live { frame, token: visitor.token(), asked, order, page, running })
}

/// What users, teams and keys of these requests are called.
async fn names(
    edge: &Edge,
    visitor: &Visitor,
    connections: &[Connection],
) -> Result<HashMap<Uuid, String>, ControlError> {
    let ids = connections.iter().flat_map(|one| [one.user_id, one.team_id, one.key_id]);
    let ids: HashSet<_> = ids.flatten().collect();
    names::of(&edge.control, &visitor.caller, ids.into_iter().collect()).await
}

/// What the form of stopping sends.
#[derive(Deserialize)]
pub(super) struct Stop {
    token: String,
    request_id: String,
}

/// Ends one request.
pub(super) async fn stop(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
    sent: Form<Stop>,
) -> HttpResponse {
    if let Err(barred) = form::sent_by_admin(&request, &edge, &sent.token).await {
        return barred.into();
    }
    let stopped = worker.gateway.stop_connection(&sent.request_id).await;
    if stopped {
        tracing::info!(stopped = sent.request_id, "A request was stopped from the portal.");
    }
    let notice = if stopped { Notice::Stopped } else { Notice::AlreadyEnded };
    see_other(&format!("/portal/live?notice={}", notice.name()))
}

impl Row {
    fn matches(&self, search: &str) -> bool {
        let parties = [&self.user, &self.team, &self.key].into_iter().flatten();
        let names = parties.map(|party| &party.name);
        let mut texts = [&self.model, &self.endpoint, &self.request_id].into_iter().chain(names);
        search.is_empty() || texts.any(|text| text.to_lowercase().contains(search))
    }
}

fn row(connection: &Connection, order: Order, names: &HashMap<Uuid, String>) -> Row {
    let now = Utc::now();
    let party = |list: &str, id: Option<Uuid>| {
        let id = id?;
        let name = names.get(&id).cloned().unwrap_or_else(|| id.to_string());
        Some(Party { name, link: format!("/portal/{list}/{id}") })
    };
    let none = || "–".to_owned();
    let ago = |moment| format!("{} ago", words::duration(now - moment));
    Row {
        request_id: connection.request_id.clone(),
        started: words::moment(connection.started_at),
        started_at: words::machine(connection.started_at),
        age: words::duration(now - connection.started_at),
        user: party("members", connection.user_id),
        team: party("teams", connection.team_id),
        key: party("keys", connection.key_id),
        model: connection.model.clone(),
        endpoint: connection.endpoint.clone().unwrap_or_else(none),
        input: words::count(connection.tokens.prompt()),
        output: words::count(connection.tokens.output),
        last_event: connection.last_event_at.map_or_else(|| "waiting".to_owned(), ago),
        place: order.place(connection),
    }
}
