//! `/portal/dashboard`: what the signed-in user has used, what it cost, and what for.

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;
use chrono::Utc;

use super::figures::{self, Figure};
use super::form::{self, Answer, Barred};
use super::input::Input;
use super::level::{self, Level};
use super::page::{Frame, render};
use super::range::Range;
use super::ranking::{Ranked, Ranking};
use super::sent::Sent;
use super::series::{self, Measure};
use super::words::{self, Moment};
use crate::control::analytics::{self, Dimension, Filter, Latency, Sums, Tool};
use crate::control::budgets::{self, SpendingOf};
use crate::domain::budget::{Source, Status};
use crate::domain::limit::Scope;
use crate::http::server::Edge;

/// Tools that are listed.
const TOOLS: u32 = 12;

#[derive(Template)]
#[template(path = "dashboard.html")]
struct Dashboard {
    frame: Frame,
    links: Vec<(String, &'static str, bool)>,
    range: Vec<Input>,
    span: String,
    purses: Vec<Purse>,
    team: Vec<(&'static str, Moment)>,
    figures: Vec<Figure>,
    charts: [String; 2],
    rankings: Vec<Ranking>,
    is_empty: bool,
}

/// One budget of the user's.
struct Purse {
    title: &'static str,
    source: &'static str,
    policy: String,
    level: Level,
}

/// Shows the page.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::signed_in(&request, &edge).await?;
    let user = visitor.caller.user_id().ok_or(Barred::NotFound)?;
    let asked = Sent::of_query(request.query_string());
    let range = Range::of(&asked, Utc::now())?;
    let filter = Filter { users: vec![user], ..range.filter() };
    let before = filter.before();
    let (control, caller) = (&edge.control, &visitor.caller);
    let (spending, now, before, points, models, projects, tools, latency) = tokio::try_join!(
        budgets::spending(control, caller, SpendingOf::default()),
        analytics::totals(control, caller, &filter),
        analytics::totals(control, caller, &before),
        analytics::over_time(control, caller, &filter, range.grain, Some((Dimension::Model, 6))),
        analytics::ranking(control, caller, &filter, Dimension::Model, 10),
        analytics::ranking(control, caller, &filter, Dimension::Project, 10),
        analytics::tools(control, caller, &filter, TOOLS),
        analytics::latency(control, caller, &filter, Dimension::Model),
    )?;
    let chart =
        |title, measure| series::stacked(title, &range, Dimension::Model, &points, measure).svg();
    Ok(render(&Dashboard {
        frame: Frame::new("Dashboard", &request, Some(&visitor)),
        links: range.links(&asked),
        range: range.inputs(),
        span: range.label(),
        purses: own(&spending.budgets),
        team: of_team(&spending.budgets),
        figures: figures::of_sums(&now, &before),
        charts: [chart("Cost by model", Measure::Cost), chart("Tokens by model", Measure::Tokens)],
        rankings: vec![
            Ranking::of_groups("Models", Dimension::Model, &models),
            classes(&now),
            speeds(&latency),
            tools_used(&tools),
            Ranking::of_groups("Projects", Dimension::Project, &projects),
        ],
        is_empty: now.requests == 0,
    }))
}

/// The budgets that are the user's alone.
fn own(budgets: &[budgets::Status]) -> Vec<Purse> {
    let own = budgets.iter().filter(|status| status.scope == Scope::User.name());
    let purse = |status: &budgets::Status| Purse {
        title: level::this_period(status.period),
        source: match status.source {
            Source::Own => "your own budget",
            Source::TeamDefault => "the budget of each user of your team",
            Source::Default => "the budget of each user",
        },
        policy: level::policy(&status.policy),
        level: status.into(),
    };
    own.map(purse).collect()
}

/// What a budget of the team means for the user now: what others have spent is not told.
fn of_team(budgets: &[budgets::Status]) -> Vec<(&'static str, Moment)> {
    let of_team = budgets.iter().filter(|status| status.scope == Scope::Team.name());
    let told = of_team.filter_map(|status| {
        let text = match status.status {
            Status::Blocked => "Your team's budget is used up: requests are refused until",
            Status::Shaped => {
                "Your team's budget is nearly used up: requests are slowed down until"
            }
            Status::Ok | Status::Warning => return None,
        };
        Some((text, status.resets_at.into()))
    });
    told.collect()
}

/// The tokens by class.
pub(super) fn classes(sums: &Sums) -> Ranking {
    let classes = [
        ("Read from cache", sums.cache_read_tokens),
        ("Written to cache, 5 minutes", sums.cache_write_5m_tokens),
        ("Written to cache, 1 hour", sums.cache_write_1h_tokens),
        ("Input", sums.input_tokens),
        ("Output", sums.output_tokens),
    ];
    let all = sums.tokens();
    let row = |(name, tokens): (&str, i64)| {
        let share = (all > 0).then(|| tokens as f64 / all as f64);
        Ranked::new(name.to_owned(), vec![words::number(tokens), words::percent(share)], tokens)
    };
    Ranking::new("Tokens by class", &["Class", "Tokens", "Share"], classes.map(row).into(), "")
}

/// How quick the models were.
pub(super) fn speeds(latency: &[Latency]) -> Ranking {
    let row = |one: &Latency| {
        let cells = [one.first_token_p50, one.first_token_p95, one.p50, one.p95, one.p99];
        Ranked::new(figures::model_name(&one.id), cells.map(words::latency).into(), one.requests)
    };
    let columns = ["Model", "First 50 %", "95 %", "Whole 50 %", "95 %", "99 %"];
    let rows = latency.iter().take(12).map(row).collect();
    Ranking::new(
        "Time to the first token and to the whole answer",
        &columns,
        rows,
        "Nothing was measured in this span of time.",
    )
}

/// The tools that models called.
pub(super) fn tools_used(tools: &[Tool]) -> Ranking {
    let row = |tool: &Tool| {
        let of = tool.server.clone().unwrap_or_else(|| "built in".to_owned());
        Ranked::new(tool.tool.clone(), vec![of, words::number(tool.requests)], tool.requests)
    };
    let rows = tools.iter().map(row).collect();
    Ranking::new(
        "Tools",
        &["Tool", "MCP server", "Requests"],
        rows,
        "No tool was called in this span of time.",
    )
}
