//! `/portal/live`: each running request, as its connection's actor shows it; and the order to end one.

use std::rc::Rc;

use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::Utc;
use serde::Deserialize;

use super::list::{Asked, Page, Place};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::{form, words};
use crate::actors::stream::Connection;
use crate::actors::worker::Worker;
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
    user: String,
    team: String,
    model: String,
    endpoint: String,
    input: String,
    output: String,
    last_event: String,
    place: Place,
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
    let rows = connections.iter().map(|connection| row(connection, order));
    let rows = rows.filter(|row| row.matches(&search)).collect();
    let page = asked.page(rows, |row| row.place.clone());
    let frame = Frame::new("Live", &request, Some(&visitor));
    render(&Live { frame, token: visitor.token(), asked, order, page, running })
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
        let texts = [&self.model, &self.endpoint, &self.request_id, &self.user, &self.team];
        search.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(search))
    }
}

fn row(connection: &Connection, order: Order) -> Row {
    let now = Utc::now();
    let none = || "–".to_owned();
    let ago = |moment| format!("{} ago", words::duration(now - moment));
    Row {
        request_id: connection.request_id.clone(),
        started: words::moment(connection.started_at),
        started_at: words::machine(connection.started_at),
        age: words::duration(now - connection.started_at),
        user: connection.user_id.map_or_else(none, |id| id.to_string()),
        team: connection.team_id.map_or_else(none, |id| id.to_string()),
        model: connection.model.clone(),
        endpoint: connection.endpoint.clone().unwrap_or_else(none),
        input: words::count(connection.tokens.prompt()),
        output: words::count(connection.tokens.output),
        last_event: connection.last_event_at.map_or_else(|| "waiting".to_owned(), ago),
        place: order.place(connection),
    }
}
