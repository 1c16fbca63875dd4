//! `/portal/sessions`: sessions of Claude Code, one's own or, for admins, everybody's.

mod one;
mod tree;

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;
use chrono::{TimeDelta, Utc};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

pub(super) use one::page as one;

use super::form::{self, Answer};
use super::input::{Choice, Input};
use super::page::{Frame, render};
use super::parts::{Finder, Pager};
use super::sent::Sent;
use super::words::{self, Moment};
use crate::actors::stream::Connection;
use crate::actors::worker::Worker;
use crate::control::analytics::{self, Filter, Session};
use crate::http::server::Edge;

/// How far back the list goes, in days.
const KEPT: i64 = 400;

#[derive(Template)]
#[template(path = "sessions.html")]
struct Sessions {
    frame: Frame,
    finder: Finder,
    pager: Pager,
    rows: Vec<Row>,
    of_all: bool,
    is_filtered: bool,
}

/// One session, in words.
struct Row {
    link: String,
    title: String,
    short: String,
    user: String,
    running: usize,
    last: Moment,
    took: String,
    agents: i64,
    requests: String,
    failed: i64,
    tokens: String,
    cost: String,
}

/// Shows the list.
pub(super) async fn page(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Answer {
    let visitor = form::signed_in(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    let of_all = visitor.is_admin() && asked.text("of") != "mine";
    let now = Utc::now();
    let mut filter = Filter::span(now - TimeDelta::days(KEPT), now + TimeDelta::days(1));
    if !of_all {
        filter.users = visitor.caller.user_id().into_iter().collect();
    }
    let dearest = asked.text("sort") == "dearest";
    let (control, caller) = (&edge.control, &visitor.caller);
    let paging = asked.paging();
    let found = analytics::sessions(control, caller, &filter, asked.search(), dearest, &paging);
    let page = found.await?;
    let running = worker.gateway.connections().await;
    Ok(render(&Sessions {
        frame: Frame::new("Sessions", &request, Some(&visitor)),
        finder: Finder::new(
            "/portal/sessions",
            &asked,
            "Project, id or user",
            selects(&asked, visitor.is_admin()),
        ),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows: page.data.into_iter().map(|session| row(session, &running)).collect(),
        of_all,
        is_filtered: asked.given("q").is_some(),
    }))
}

fn selects(asked: &Sent, is_admin: bool) -> Vec<Input> {
    let dearest = asked.text("sort") == "dearest";
    let orders = vec![
        Choice::new("latest", "Latest first", !dearest),
        Choice::new("dearest", "Dearest first", dearest),
    ];
    let mine = asked.text("of") == "mine";
    let whose = vec![Choice::new("all", "Everybody's", !mine), Choice::new("mine", "My own", mine)];
    let order = Input::select("sort", "Order", orders);
    if is_admin { vec![Input::select("of", "Whose", whose), order] } else { vec![order] }
}

fn row(session: Session, running: &[Connection]) -> Row {
    let encoded = utf8_percent_encode(&session.session_id, NON_ALPHANUMERIC);
    let is_of = |connection: &&Connection| {
        connection.session_id.as_ref() == Some(&session.session_id)
            && connection.user_id == Some(session.user_id)
    };
    Row {
        link: format!("/portal/sessions/one?user={}&session={encoded}", session.user_id),
        title: title(&session),
        short: session.session_id.chars().take(18).collect(),
        running: running.iter().filter(is_of).count(),
        last: session.last_at.into(),
        took: words::duration(session.last_at - session.started_at),
        agents: session.agents,
        requests: words::number(session.requests),
        failed: session.failed,
        tokens: words::compact(tokens(&session)),
        cost: words::dollars(session.cost_nanos),
        user: session.user_name.unwrap_or_else(|| "–".to_owned()),
    }
}

/// What a session is called: its project, where it is known.
fn title(session: &Session) -> String {
    if session.project.is_empty() { "Session".to_owned() } else { session.project.clone() }
}

fn tokens(session: &Session) -> i64 {
    session.input_tokens
        + session.output_tokens
        + session.cache_read_tokens
        + session.cache_write_tokens
}
