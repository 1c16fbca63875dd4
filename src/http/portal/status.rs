//! `/portal/status`: the supervision tree as a picture, and how database and journal do.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form;
use super::page::{Frame, render};
use super::words;
use crate::actors::tree::{ChildStatus, Mail};
use crate::actors::worker::Worker;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "status.html")]
struct Status {
    frame: Frame,
    draining: bool,
    tree: Tree,
    facts: Vec<(&'static str, String)>,
}

/// The picture: the root, and below it one box per child.
struct Tree {
    height: usize,
    trunk: usize,
    children: Vec<Child>,
}

/// A child, where it stands in the picture.
struct Child {
    y: usize,
    middle: usize,
    label: &'static str,
    job: &'static str,
    running: bool,
    restarts: u64,
    letters: u64,
    last_crash: Option<Arc<String>>,
}

/// Height of a child's box and of the space below it.
const ROW: usize = 52;
/// Where the first child's box begins.
const TOP: usize = 64;

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
    let tree = tree(&gateway.board.children(), &gateway.mail());
    let (open, idle, most) = gateway.database.connections();
    let (failures, quarantined, dropped) = gateway.usage.troubles();
    let facts = vec![
        ("Version", env!("CARGO_PKG_VERSION").to_owned()),
        ("Running requests", words::count(gateway.live.count() as u64)),
        ("Requests whose actor crashed", words::count(gateway.live.crashed() as u64)),
        ("Database connections", format!("{open} open, {idle} idle, at most {most}")),
        (
            "Usage waiting in the journal",
            format!("{} bytes", words::count(gateway.usage.pending_bytes())),
        ),
        ("Failed writes of usage", words::count(failures)),
        ("Usage records put aside", words::count(quarantined)),
        ("Usage records lost", words::count(dropped)),
    ];
    let draining = gateway.readiness.is_draining();
    let frame = Frame::new("Status", &request, Some(&visitor));
    render(&Status { frame, draining, tree, facts })
}

fn tree(children: &[Arc<ChildStatus>], mail: &[Mail]) -> Tree {
    let child = |(index, child): (usize, &Arc<ChildStatus>)| {
        let y = TOP + index * ROW;
        let unread = mail.iter().find(|mail| mail.actor == child.label);
        Child {
            y,
            middle: y + 20,
            label: child.label,
            job: job(child.label),
            running: child.running(),
            restarts: child.restarts(),
            letters: unread.map_or(0, |mail| mail.dead_letters),
            last_crash: child.last_crash(),
        }
    };
    let children: Vec<_> = children.iter().enumerate().map(child).collect();
    let trunk = children.last().map_or(TOP, |last| last.middle);
    Tree { height: TOP + children.len() * ROW, trunk, children }
}

fn job(label: &str) -> &'static str {
    match label {
        "settings" => "publishes the settings",
        "keys" => "knows the API keys",
        "limiter" => "counts requests per minute",
        "endpoints" => "keeps credentials for Bedrock fresh",
        "usage" => "writes usage records",
        "prices" => "knows the prices, and refreshes them",
        "notifier" => "tells others of events",
        "verdicts" => "knows what Bedrock refused where",
        "changes" => "listens for changes",
        "drain" => "lets the last requests end",
        _ => "serves the requests of one thread",
    }
}
