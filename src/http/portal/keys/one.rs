//! `/portal/keys/{id}`: one key: what it may, and its change.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use chrono::Utc;
use uuid::Uuid;

use crate::control::keys::{self, EditKey, Key, KeyState};
use crate::control::{ControlError, teams};
use crate::http::portal::budgets::Table;
use crate::http::portal::choices;
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts;
use crate::http::portal::sent::Sent;
use crate::http::portal::words::Moment;
use crate::http::server::Edge;

/// How long the old key of a rotation may go on, in seconds.
const OVERLAPS: [(&str, &str); 4] = [
    ("86400", "For a day"),
    ("3600", "For an hour"),
    ("604800", "For a week"),
    ("0", "Not at all"),
];

#[derive(Template)]
#[template(path = "key.html")]
struct One {
    frame: Frame,
    key: Key,
    state: (&'static str, &'static str),
    created: Moment,
    expires: Option<Moment>,
    revoked: Option<Moment>,
    limits: Vec<(&'static str, String)>,
    budgets: Option<Table>,
    forms: Vec<parts::Form>,
}

/// Shows the key.
pub(in crate::http::portal) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Answer {
    let visitor = form::signed_in(&request, &edge).await?;
    Ok(render(&one(&request, &edge, &visitor, *id, None).await?))
}

async fn one(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    refused: Option<(&Sent, &Fault)>,
) -> Result<One, Barred> {
    let key = keys::get(&edge.control, &visitor.caller, id).await?;
    let mut forms = Vec::new();
    if key.state != KeyState::Revoked {
        forms.push(edit_form(edge, visitor, &key, refused).await?);
    }
    if key.state == KeyState::Live {
        let overlaps = OVERLAPS.iter().enumerate();
        let overlaps =
            overlaps.map(|(at, (value, label))| Choice::new(value, label, at == 0)).collect();
        let overlap = Input::select("overlap_seconds", "The old key goes on", overlaps);
        let rotate = form_of(visitor, &key, "Rotate", "rotate", "Rotate the key");
        let lead = "A new key with the same rights takes its place and is shown once.";
        forms.push(rotate.lead(lead).inputs([overlap], None));
        let revoke = form_of(visitor, &key, "Revoke", "revoke", "Revoke the key").danger();
        let lead = "The key stops working on every instance within a second, for good, and its running requests end. It stays in the list.";
        forms.push(revoke.lead(lead));
    }
    let delete = form_of(visitor, &key, "Delete", "delete", "Delete the key").danger();
    let lead = "The key stops working at once, its running requests end, and it leaves the list. The usage that was counted for it stays.";
    forms.push(delete.lead(lead));
    let budgets = match visitor.is_admin() {
        true => Some(Table::of_subject(edge, visitor, id).await?),
        false => None,
    };
    Ok(One {
        frame: Frame::new("Key", request, Some(visitor)),
        state: super::state(&key, Utc::now()),
        created: key.created_at.into(),
        expires: key.expires_at.map(Moment::from),
        revoked: key.revoked_at.map(Moment::from),
        limits: choices::limits_in_words(key.limits),
        budgets,
        key,
        forms,
    })
}

fn form_of(
    visitor: &Visitor,
    key: &Key,
    heading: &'static str,
    order: &str,
    button: &'static str,
) -> parts::Form {
    parts::Form::new(visitor, heading, format!("/portal/keys/{}/{order}", key.id), button)
}

async fn edit_form(
    edge: &Edge,
    visitor: &Visitor,
    key: &Key,
    refused: Option<(&Sent, &Fault)>,
) -> Result<parts::Form, Barred> {
    let (sent, fault) = refused.unzip();
    let text = |name, stored: String| sent.map_or(stored, |sent| sent.text(name).to_owned());
    let day = key.expires_at.map(|end| end.date_naive().to_string()).unwrap_or_default();
    let name = Input::text("name", "Name", text("name", key.name.clone())).required();
    let end = Input::line("expires", "Last day", "date", text("expires", day), 10);
    let form = form_of(visitor, key, "Change", "change", "Save");
    if !visitor.is_admin() {
        let end = end.help("The end of this day (UTC). An end can only be brought forward.");
        return Ok(form.inputs([name, end], fault));
    }
    let end = end.help("The end of this day (UTC). Leave it empty for no end.");
    let all = teams::choices(&edge.control, &visitor.caller).await?;
    let team = text("team_id", key.team_id.map(|id| id.to_string()).unwrap_or_default());
    let team = choices::teams(&all, &team, "The owner's team");
    let chosen = match sent {
        Some(sent) => sent.models(),
        None => key.models.clone(),
    };
    let help = "All that the team may use, where none is checked.";
    let [models, others] = choices::models(&chosen.unwrap_or_default(), help);
    let [requests, tokens, streams] = match sent {
        Some(sent) => choices::limits(sent),
        None => choices::limits_of(key.limits),
    };
    Ok(form.inputs([name, end, team, requests, tokens, streams, models, others], fault))
}

/// Changes the key.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent(&request, &edge, sent.text("token")).await?;
    let order = async {
        let order = edit(&edge, &visitor, *id, &sent).await?;
        keys::edit(&edge.control, &visitor.caller, *id, order).await
    };
    match order.await {
        Ok(_) => Ok(see_other(&format!("/portal/keys/{id}?notice={}", Notice::Saved.name()))),
        Err(error) => {
            let fault = Fault::of(error)?;
            let page = one(&request, &edge, &visitor, *id, Some((&sent, &fault))).await?;
            Ok(fault.page(&page))
        }
    }
}

/// The order that the form stands for. An end that was not touched is left as it is, to the second.
async fn edit(
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    sent: &Sent,
) -> Result<EditKey, ControlError> {
    let stored = keys::get(&edge.control, &visitor.caller, id).await?;
    let day = stored.expires_at.map(|end| end.date_naive().to_string()).unwrap_or_default();
    let expires_at = (day != sent.text("expires")).then(|| sent.end_of("expires")).transpose()?;
    let is_admin = visitor.is_admin();
    Ok(EditKey {
        name: Some(sent.text("name").to_owned()),
        expires_at,
        team_id: if is_admin { Some(sent.id("team_id")?) } else { None },
        models: is_admin.then(|| sent.models()),
        limits: if is_admin { Some(sent.limits()?) } else { None },
    })
}
