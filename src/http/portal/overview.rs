//! `/portal/overview`: what this instance does now, what it has done since it started, and what needs
//! somebody's attention.

use std::collections::BTreeMap;
use std::rc::Rc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::chart::{Chart, Kind, Series, Unit};
use super::form;
use super::page::{Frame, render};
use super::words;
use crate::actors::Gateway;
use crate::actors::usage::Sum;
use crate::actors::worker::Worker;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    warnings: Vec<String>,
    figures: Vec<(&'static str, String)>,
    tokens: String,
    outcomes: String,
    is_empty: bool,
}

/// Shows the page.
pub(super) async fn page(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> HttpResponse {
    let visitor = match form::admin(&request, &edge).await {
        Ok(visitor) => visitor,
        Err(barred) => return barred.into(),
    };
    let gateway = &worker.gateway;
    let sums = gateway.usage.totals.read();
    let page = Overview {
        frame: Frame::new("Overview", &request, Some(&visitor)),
        warnings: warnings(gateway),
        figures: figures(gateway, &sums),
        tokens: tokens(&sums).svg(),
        outcomes: outcomes(&sums).svg(),
        is_empty: sums.is_empty(),
    };
    render(&page)
}

type Sums = BTreeMap<(&'static str, String), Sum>;

fn figures(gateway: &Gateway, sums: &Sums) -> Vec<(&'static str, String)> {
    let total = |of: Count| sums.values().map(of).sum::<u64>();
    let cost = sums.values().fold(0_i64, |cost, sum| cost.saturating_add(sum.cost_nanos));
    let read = total(|sum| sum.tokens.cache_read);
    let hits = (read * 100).checked_div(total(|sum| sum.tokens.prompt()));
    let hits = hits.map_or_else(|| "–".to_owned(), |percent| format!("{percent} %"));
    vec![
        ("Running now", words::count(gateway.live.count() as u64)),
        ("Requests", words::count(total(|sum| sum.requests))),
        ("List price", words::dollars(cost)),
        ("Prompt read from cache", hits),
    ]
}

fn warnings(gateway: &Gateway) -> Vec<String> {
    let mut warnings = Vec::new();
    if gateway.readiness.is_draining() {
        warnings.push("This instance is shutting down and takes no new requests.".to_owned());
    }
    let board = gateway.board.children();
    for child in board.iter().filter(|child| !child.running()) {
        warnings.push(format!("The actor “{}” is down.", child.label));
    }
    let (failures, quarantined, dropped) = gateway.usage.troubles();
    let counted = [
        (dropped, "usage records are lost: neither disk nor database took them."),
        (quarantined, "usage records were refused by the database and put aside."),
        (
            failures,
            "writes of usage failed; their records wait in the journal and are tried again.",
        ),
    ];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    warnings.extend(counted.map(|(count, text)| format!("{} {text}", words::count(count))));
    warnings
}

/// What is counted of a sum.
type Count = fn(&Sum) -> u64;

/// Tokens by model, one part per class.
fn tokens(sums: &Sums) -> Chart {
    let classes: [(&str, Count); 5] = [
        ("Read from cache", |sum| sum.tokens.cache_read),
        ("Written to cache, 1 hour", |sum| sum.tokens.cache_write_1h),
        ("Written to cache, 5 minutes", |sum| sum.tokens.cache_write_5m),
        ("Input", |sum| sum.tokens.input),
        ("Output", |sum| sum.tokens.output),
    ];
    let models = models(sums);
    let series = classes.into_iter().map(|(name, of)| {
        let of_model = |model: &&str| total(sums, |(label, _)| label == model, of);
        Series::new(name, models.iter().map(of_model).collect())
    });
    let series = series.collect();
    Chart::new("Tokens by model", Kind::Stacked, Unit::Count, owned(&models), series)
}

/// Requests by model, one part per outcome.
fn outcomes(sums: &Sums) -> Chart {
    let models = models(sums);
    let mut names: Vec<&String> = sums.keys().map(|(_, outcome)| outcome).collect();
    names.sort_unstable();
    names.dedup();
    let series = names.into_iter().map(|outcome| {
        let of_model = |model: &&str| {
            total(sums, |(label, ended)| label == model && ended == outcome, |sum| sum.requests)
        };
        Series::new(&outcome.replace('_', " "), models.iter().map(of_model).collect())
    });
    let series = series.collect();
    Chart::new("Requests by model and outcome", Kind::Stacked, Unit::Count, owned(&models), series)
}

fn models(sums: &Sums) -> Vec<&'static str> {
    let mut models: Vec<_> = sums.keys().map(|(model, _)| *model).collect();
    models.dedup();
    models
}

fn owned(models: &[&str]) -> Vec<String> {
    models.iter().map(|model| (*model).to_owned()).collect()
}

fn total(
    sums: &Sums,
    counts: impl Fn(&(&'static str, String)) -> bool,
    of: impl Fn(&Sum) -> u64,
) -> Option<f64> {
    let counted = sums.iter().filter(|(label, _)| counts(label));
    Some(counted.map(|(_, sum)| of(sum)).sum::<u64>() as f64)
}
