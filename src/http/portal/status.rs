//! `/portal/status`: the supervision tree as a picture with its states as a table, and how database,
//! journal and instance do.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use chrono::Utc;

use super::figures::Figure;
use super::form;
use super::page::{Frame, render};
use super::words;
use crate::actors::Gateway;
use crate::actors::tree::{ChildStatus, Mail};
use crate::actors::worker::Worker;
use crate::control::server::{self, Server};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "status.html")]
struct Status {
    frame: Frame,
    draining: bool,
    figures: Vec<Figure>,
    tree: Tree,
    parts: Vec<Part>,
}

/// Facts under one heading.
struct Part {
    heading: &'static str,
    id: &'static str,
    trouble: Option<&'static str>,
    facts: Vec<(&'static str, String)>,
}

/// The picture: the root on top, and its children in columns below it.
struct Tree {
    height: usize,
    bus: usize,
    columns: Vec<Column>,
    children: Vec<Child>,
}

/// The line down a column of children.
struct Column {
    x: usize,
    end: usize,
}

/// A child, where it stands in the picture.
struct Child {
    x: usize,
    y: usize,
    label: &'static str,
    job: &'static str,
    running: bool,
    restarts: u64,
    waiting: u64,
    letters: u64,
    last_crash: Option<Arc<String>>,
}

impl Child {
    /// The state in a word.
    fn state(&self) -> &'static str {
        if self.running { "running" } else { "down" }
    }

    /// The look of a lamp or box.
    fn look(&self) -> &'static str {
        match (self.running, self.restarts) {
            (false, _) => " down",
            (true, 0) => "",
            (true, _) => " rebuilt",
        }
    }

    /// How it fares.
    fn line(&self) -> String {
        match self.restarts {
            0 => self.state().to_owned(),
            restarts => format!("{}, rebuilt {} ×", self.state(), words::count(restarts)),
        }
    }
}

/// Columns of the picture.
const COLUMNS: usize = 3;
/// Width of a column, and of the space between two.
const WIDTH: usize = 316;
const BETWEEN: usize = 16;
/// Height of a child's box, and of the space below it.
const BOX: usize = 68;
const BELOW: usize = 12;
/// Where the line to all columns runs, and where the children begin.
const BUS: usize = 60;
const TOP: usize = 76;

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
    let asked = server::ask(&edge.control, &visitor.caller).await.ok();
    let tree = tree(&gateway.board.children(), &gateway.mail());
    let page = Status {
        frame: Frame::new("Status", &request, Some(&visitor)),
        draining: gateway.readiness.is_draining(),
        figures: figures(gateway, &tree, asked.as_ref().map(|(_, took)| took.as_secs_f64())),
        parts: vec![
            database(gateway, asked.as_ref().map(|(server, _)| server)),
            journal(gateway),
            versions(gateway, asked.as_ref().map(|(server, _)| server)),
        ],
        tree,
    };
    render(&page)
}

fn figures(gateway: &Gateway, tree: &Tree, database: Option<f64>) -> Vec<Figure> {
    let running = tree.children.iter().filter(|child| child.running).count();
    let restarts: u64 = tree.children.iter().map(|child| child.restarts).sum();
    vec![
        Figure::new(
            "Actors running",
            format!("{running} of {}", tree.children.len()),
            format!("rebuilt {} times", words::count(restarts)),
        ),
        Figure::new(
            "Running requests",
            words::count(gateway.live.count() as u64),
            format!("{} ended by a crash", words::count(gateway.live.crashed() as u64)),
        ),
        Figure::new(
            "Database answers in",
            words::latency(database.map(|seconds| seconds * 1000.0)),
            if database.is_some() { "" } else { "it cannot be reached" },
        ),
        Figure::new(
            "Waiting in the journal",
            words::bytes(gateway.usage.pending_bytes()),
            "usage records on their way to the database",
        ),
    ]
}

fn database(gateway: &Gateway, server: Option<&Server>) -> Part {
    let (open, idle, most) = gateway.database.connections();
    let mut facts = vec![("Connections", format!("{open} open, {idle} idle, at most {most}"))];
    if let Some(server) = server {
        facts.push(("Size", words::bytes(u64::try_from(server.bytes).unwrap_or(0))));
        let searched = if server.has_trigrams {
            "by trigrams"
        } else {
            "by reading each row, since the extension pg_trgm cannot be had"
        };
        facts.push(("Lists are searched", searched.to_owned()));
    }
    let trouble = "It cannot be reached. Known keys go on, usage waits in the journal, and pages that need it say so.";
    let trouble = server.is_none().then_some(trouble);
    Part { heading: "Database", id: "database", trouble, facts }
}

fn journal(gateway: &Gateway) -> Part {
    let troubles = gateway.usage.troubles();
    let facts = vec![
        ("Waiting", words::bytes(gateway.usage.pending_bytes())),
        ("Failed writes", words::count(troubles.failures)),
        ("Records put aside", words::count(troubles.quarantined)),
        ("Records lost", words::count(troubles.dropped)),
    ];
    let trouble =
        (troubles.dropped > 0).then_some("Records are lost: neither disk nor database took them.");
    Part { heading: "Usage journal", id: "journal", trouble, facts }
}

fn versions(gateway: &Gateway, server: Option<&Server>) -> Part {
    let mut facts = vec![
        ("Gateway", env!("CARGO_PKG_VERSION").to_owned()),
        ("Running for", words::duration(Utc::now() - gateway.started_at)),
        ("Platform", format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH)),
    ];
    if let Some(server) = server {
        facts.push(("PostgreSQL", server.version.clone()));
        let schema = server.schema.clone().unwrap_or_else(|| "unknown".to_owned());
        facts.push(("Schema", schema));
    }
    Part { heading: "This instance", id: "instance", trouble: None, facts }
}

fn tree(children: &[Arc<ChildStatus>], mail: &[Mail]) -> Tree {
    let rows = children.len().div_ceil(COLUMNS).max(1);
    let child = |(index, child): (usize, &Arc<ChildStatus>)| {
        let mail = mail.iter().find(|mail| mail.actor == child.label);
        Child {
            x: 24 + index / rows * (WIDTH + BETWEEN),
            y: TOP + index % rows * (BOX + BELOW),
            label: child.label,
            job: job(child.label),
            running: child.running(),
            restarts: child.restarts(),
            waiting: mail.map_or(0, |mail| mail.asking),
            letters: mail.map_or(0, |mail| mail.dead_letters),
            last_crash: child.last_crash(),
        }
    };
    let children: Vec<_> = children.iter().enumerate().map(child).collect();
    let columns = children.chunks(rows).filter_map(|column| {
        let last = column.last()?;
        Some(Column { x: last.x - 12, end: last.y + BOX / 2 })
    });
    Tree { height: TOP + rows * (BOX + BELOW), bus: BUS, columns: columns.collect(), children }
}

fn job(label: &str) -> &'static str {
    match label {
        "settings" => "publishes the settings",
        "keys" => "knows the API keys",
        "identity" => "knows who people are",
        "limiter" => "hands out limits, budgets",
        "endpoints" => "keeps credentials fresh",
        "usage" => "writes usage records",
        "prices" => "knows and refreshes prices",
        "notifier" => "tells others of events",
        "verdicts" => "knows what Bedrock refuses",
        "changes" => "listens for changes",
        "upkeep" => "clears away what is old",
        "prober" => "asks what endpoints offer",
        "drain" => "lets the last requests end",
        _ => "serves one thread's requests",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_tree_is_a_picture_too() {
        let tree = tree(&[], &[]);
        assert!(tree.children.is_empty() && tree.columns.is_empty() && tree.height > BUS);
    }
}
