//! `/portal/analytics`: what was used and what it cost, filtered, in four tabs, and as CSV.

mod activity;
mod export;
mod models;
mod narrow;
mod spend;
mod tools;

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;
use chrono::Utc;

pub(super) use export::export;
use narrow::{Narrowed, Pick};

use super::figures::{self, Figure};
use super::form::{self, Answer, Barred};
use super::input::Input;
use super::page::{Frame, render};
use super::ranking::Ranking;
use super::sent::Sent;
use crate::control::analytics::{self, Sums};
use crate::control::{Caller, Control};
use crate::http::server::Edge;

/// The tabs: path, label.
const TABS: [(&str, &str); 4] = [
    ("/portal/analytics", "Spend"),
    ("/portal/analytics/activity", "Activity"),
    ("/portal/analytics/models", "Models and performance"),
    ("/portal/analytics/tools", "Tools and MCP"),
];

#[derive(Template)]
#[template(path = "analytics.html")]
struct Analytics {
    frame: Frame,
    action: &'static str,
    tabs: Vec<(String, &'static str, bool)>,
    range: Vec<Input>,
    picks: Vec<Pick>,
    span: String,
    reset: bool,
    figures: Vec<Figure>,
    charts: Vec<String>,
    /// The last chart, where it would stand alone beside nothing.
    odd_chart: Option<String>,
    rankings: Vec<Ranking>,
    exports: Vec<(String, &'static str)>,
}

/// What a tab is about.
struct About<'a> {
    control: &'a Control,
    caller: &'a Caller,
    narrowed: &'a Narrowed,
    /// The sums of all of it.
    sums: &'a Sums,
}

/// What a tab shows.
#[derive(Default)]
struct Tab {
    charts: Vec<String>,
    rankings: Vec<Ranking>,
}

/// Shows the spend.
pub(super) async fn spend(request: HttpRequest, edge: Data<Edge>) -> Answer {
    show(&request, &edge, 0, spend::tab).await
}

/// Shows who was active, and when.
pub(super) async fn activity(request: HttpRequest, edge: Data<Edge>) -> Answer {
    show(&request, &edge, 1, activity::tab).await
}

/// Shows models, endpoints, and how quick they were.
pub(super) async fn models(request: HttpRequest, edge: Data<Edge>) -> Answer {
    show(&request, &edge, 2, models::tab).await
}

/// Shows tools and MCP servers.
pub(super) async fn tools(request: HttpRequest, edge: Data<Edge>) -> Answer {
    show(&request, &edge, 3, tools::tab).await
}

async fn show(
    request: &HttpRequest,
    edge: &Edge,
    at: usize,
    tab: impl AsyncFnOnce(&About<'_>) -> Result<Tab, Barred>,
) -> Answer {
    let visitor = form::admin(request, edge).await?;
    let asked = Sent::of_query(request.query_string());
    let narrowed = Narrowed::of(&asked, Utc::now())?;
    let (control, caller) = (&edge.control, &visitor.caller);
    let before = narrowed.filter.before();
    let (now, before, choices) = tokio::try_join!(
        analytics::totals(control, caller, &narrowed.filter),
        analytics::totals(control, caller, &before),
        analytics::choices(control, caller, &narrowed.filter),
    )?;
    let Tab { mut charts, rankings } =
        tab(&About { control, caller, narrowed: &narrowed, sums: &now }).await?;
    let odd_chart = if charts.len() % 2 == 1 { charts.pop() } else { None };
    let query = asked.query_with("", None);
    let tabs = TABS.iter().enumerate();
    let tabs = tabs.map(|(index, (path, label))| (format!("{path}{query}"), *label, index == at));
    let exports = export::BY.map(|(by, label)| {
        let query = asked.query_with("by", Some(by));
        (format!("/portal/analytics/export{query}"), label)
    });
    let mut figures = figures::of_sums(&now, &before);
    figures.push(Figure::new(
        "Users",
        now.users.to_string(),
        figures::change(now.users, before.users),
    ));
    Ok(render(&Analytics {
        frame: Frame::new("Analytics", request, Some(&visitor)),
        action: TABS.get(at).map_or("/portal/analytics", |(path, _)| path),
        tabs: tabs.collect(),
        picks: narrowed.picks(&choices),
        span: narrowed.range.label(),
        range: narrowed.range.inputs(),
        reset: narrowed.is_narrow,
        figures,
        charts,
        odd_chart,
        rankings,
        exports: exports.into(),
    }))
}
