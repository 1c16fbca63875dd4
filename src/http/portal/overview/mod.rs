//! `/portal/overview`: what runs now, what was used today and lately, and what needs somebody's
//! attention.

mod warnings;

use std::rc::Rc;

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;
use chrono::{NaiveTime, TimeDelta, Utc};

use super::figures::{Figure, change};
use super::form::{self, Answer};
use super::page::{Frame, render};
use super::range::Range;
use super::ranking::Ranking;
use super::sent::Sent;
use super::series::{self, Measure};
use super::words;
use crate::actors::worker::Worker;
use crate::control::analytics::{self, Dimension, Filter, Sums};
use crate::http::server::Edge;
use warnings::Warning;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    warnings: Vec<Warning>,
    figures: Vec<Figure>,
    charts: [String; 2],
    rankings: [Ranking; 2],
    is_empty: bool,
}

/// Shows the page.
pub(super) async fn page(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let (control, caller, now) = (&edge.control, &visitor.caller, Utc::now());
    let range = Range::of(&Sent::default(), now)?;
    let month = range.filter();
    let midnight = now.date_naive().and_time(NaiveTime::MIN).and_utc();
    let today = Filter::span(midnight, now);
    let yesterday = Filter::span(midnight - TimeDelta::days(1), now - TimeDelta::days(1));
    let (of_today, of_yesterday, of_month, teams, models, users, by_team) = tokio::try_join!(
        analytics::totals(control, caller, &today),
        analytics::totals(control, caller, &yesterday),
        analytics::totals(control, caller, &month),
        analytics::over_time(control, caller, &month, range.grain, Some((Dimension::Team, 7))),
        analytics::over_time(control, caller, &month, range.grain, Some((Dimension::Model, 7))),
        analytics::ranking(control, caller, &today, Dimension::User, 8),
        analytics::ranking(control, caller, &month, Dimension::Team, 8),
    )?;
    let running = worker.gateway.live.count();
    let page = Overview {
        frame: Frame::new("Overview", &request, Some(&visitor)),
        warnings: warnings::all(&worker.gateway, &edge, &visitor, &of_month).await?,
        figures: figures(running, &of_today, &of_yesterday, &of_month),
        charts: [
            series::stacked(
                "Cost by team, 30 days",
                &range,
                Dimension::Team,
                &teams,
                Measure::Cost,
            )
            .svg(),
            series::stacked(
                "Requests by model, 30 days",
                &range,
                Dimension::Model,
                &models,
                Measure::Requests,
            )
            .svg(),
        ],
        rankings: [
            Ranking::of_groups("Users today", Dimension::User, &users),
            Ranking::of_groups("Teams, 30 days", Dimension::Team, &by_team),
        ],
        is_empty: of_month.requests == 0 && of_today.requests == 0,
    };
    Ok(render(&page))
}

fn figures(running: usize, today: &Sums, yesterday: &Sums, month: &Sums) -> Vec<Figure> {
    let than = |now, before| change(now, before).replace("before", "by this time yesterday");
    let failed = (today.requests > 0).then(|| today.failed as f64 / today.requests as f64);
    vec![
        Figure::new("Running now", words::count(running as u64), "on this instance"),
        Figure::new(
            "Cost today",
            words::dollars(today.cost_nanos),
            than(today.cost_nanos, yesterday.cost_nanos),
        ),
        Figure::new(
            "Requests today",
            words::number(today.requests),
            format!("{} failed", words::percent(failed)),
        ),
        Figure::new(
            "Users today",
            words::number(today.users),
            format!("{} in 30 days", words::number(month.users)),
        ),
        Figure::new(
            "Read from cache",
            words::percent(today.cache_rate()),
            format!("saved {} today", words::dollars(today.cache_saved_nanos)),
        ),
        Figure::new(
            "Cost, 30 days",
            words::dollars(month.cost_nanos),
            format!("{} requests", words::number(month.requests)),
        ),
    ]
}
