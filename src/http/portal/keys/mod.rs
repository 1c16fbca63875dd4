//! `/portal/keys`: API keys, one's own or, for admins, everybody's.

mod new;
mod one;
mod orders;

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub(super) use new::{create, form as new_form};
pub(super) use one::{change, page as one};
pub(super) use orders::{delete, revoke, rotate};

use super::form::{self, Answer, Visitor};
use super::input::{Choice, Input};
use super::page::{Frame, render};
use super::parts::{Finder, Pager};
use super::sent::Sent;
use super::words::{self, Moment};
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::keys::{self, Key, KeyFilter, KeyState};
use crate::control::{Caller, Control, ControlError};
use crate::http::server::Edge;

/// How long back use is told, in days.
const USED: i64 = 30;

#[derive(Template)]
#[template(path = "keys.html")]
struct Keys {
    frame: Frame,
    finder: Finder,
    pager: Pager,
    rows: Vec<Row>,
    of_all: bool,
    is_filtered: bool,
}

/// One key, in words.
struct Row {
    id: Uuid,
    name: String,
    prefix: String,
    owner: String,
    owner_id: Uuid,
    state: (&'static str, &'static str),
    expires: Option<Moment>,
    created: Moment,
    requests: String,
    cost: String,
}

/// Shows the list.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::signed_in(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    let of_all = visitor.is_admin();
    let user_id = whose(&visitor, &asked);
    let live = match asked.text("state") {
        "ended" => Some(false),
        "all" => None,
        _ => Some(true),
    };
    let filter = KeyFilter { user_id, live, search: asked.search(), ..KeyFilter::default() };
    let page = keys::list(&edge.control, &visitor.caller, filter, asked.paging()).await?;
    let used = used(&edge.control, &visitor.caller, &page.data).await?;
    let rows = page.data.into_iter().map(|key| row(key, &used)).collect();
    Ok(render(&Keys {
        frame: Frame::new("Keys", &request, Some(&visitor)),
        finder: Finder::new("/portal/keys", &asked, "Name", selects(&visitor, &asked)),
        pager: Pager::new(&asked, page.next.as_deref()),
        rows,
        of_all,
        is_filtered: asked.given("q").is_some() || asked.given("state").is_some(),
    }))
}

/// Whose keys are asked for: an admin's own, unless everybody's or somebody's are.
fn whose(visitor: &Visitor, asked: &Sent) -> Option<Uuid> {
    let own = visitor.caller.user_id();
    match asked.text("of") {
        _ if !visitor.is_admin() => own,
        "" | "mine" => own,
        other => other.parse().ok(),
    }
}

fn selects(visitor: &Visitor, asked: &Sent) -> Vec<Input> {
    let state = asked.text("state");
    let choice = |value: &str, label| Choice::new(value, label, state == value);
    let states = vec![choice("live", "Live"), choice("ended", "Ended"), choice("all", "All")];
    let mut selects = vec![Input::select("state", "State", states), asked.sort()];
    if visitor.is_admin() && visitor.caller.user_id().is_some() {
        let of_all = asked.text("of") == "all";
        let whose =
            vec![Choice::new("mine", "My own", !of_all), Choice::new("all", "Everybody's", of_all)];
        selects.insert(0, Input::select("of", "Whose", whose));
    }
    selects
}

/// Requests and cost of some keys lately.
async fn used(
    control: &Control,
    caller: &Caller,
    keys: &[Key],
) -> Result<HashMap<String, (i64, i64)>, ControlError> {
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let now = Utc::now();
    let ids = keys.iter().map(|key| key.id).collect();
    let filter = Filter { keys: ids, ..Filter::span(now - TimeDelta::days(USED), now) };
    let groups = analytics::ranking(control, caller, &filter, Dimension::Key, 200).await?;
    let sums =
        groups.into_iter().map(|group| (group.id, (group.sums.requests, group.sums.cost_nanos)));
    Ok(sums.collect())
}

fn row(key: Key, used: &HashMap<String, (i64, i64)>) -> Row {
    let (requests, cost) = used.get(&key.id.to_string()).copied().unwrap_or_default();
    Row {
        id: key.id,
        state: state(&key, Utc::now()),
        name: key.name,
        prefix: key.prefix.map_or_else(|| "–".to_owned(), |prefix| format!("{prefix}…")),
        owner: key.user_name,
        owner_id: key.user_id,
        expires: key.expires_at.map(Moment::from),
        created: key.created_at.into(),
        requests: words::number(requests),
        cost: words::dollars(cost),
    }
}

/// The look and the word of a key's state.
fn state(key: &Key, now: DateTime<Utc>) -> (&'static str, &'static str) {
    let ends_soon = key.expires_at.is_some_and(|end| end < now + TimeDelta::days(7));
    match key.state {
        KeyState::Live if ends_soon => ("warn", "ends soon"),
        KeyState::Live => ("good", "live"),
        KeyState::Expired => ("bad", "expired"),
        KeyState::Revoked => ("bad", "revoked"),
    }
}
