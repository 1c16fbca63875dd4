//! `/portal/sessions/one`: one session, with its agents as a tree.

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;

use super::tree::{Row, tree};
use crate::control::analytics::{self, Session};
use crate::http::portal::form::{self, Answer, Barred};
use crate::http::portal::page::{Frame, render};
use crate::http::portal::sent::Sent;
use crate::http::portal::words::{self, Moment};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "session.html")]
struct One {
    frame: Frame,
    title: String,
    user: String,
    began: Moment,
    last: Moment,
    session: Session,
    figures: Vec<(&'static str, String)>,
    agents: Vec<Row>,
}

/// Shows the session.
pub(in crate::http::portal) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::signed_in(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    let user = asked.id("user")?.ok_or(Barred::NotFound)?;
    let found =
        analytics::session(&edge.control, &visitor.caller, user, asked.text("session")).await;
    let (session, agents) = found?;
    Ok(render(&One {
        frame: Frame::new("Session", &request, Some(&visitor)),
        title: super::title(&session),
        user: session.user_name.clone().unwrap_or_else(|| "–".to_owned()),
        began: session.started_at.into(),
        last: session.last_at.into(),
        figures: figures(&session),
        session,
        agents: tree(&agents),
    }))
}

fn figures(session: &Session) -> Vec<(&'static str, String)> {
    let prompt = session.input_tokens + session.cache_read_tokens + session.cache_write_tokens;
    let share = (prompt > 0).then(|| session.cache_read_tokens as f64 / prompt as f64);
    vec![
        ("Cost", words::dollars(session.cost_nanos)),
        ("Requests", words::number(session.requests)),
        ("Tokens", words::compact(super::tokens(session))),
        ("Read from cache", words::percent(share)),
        ("Took", words::duration(session.last_at - session.started_at)),
    ]
}
