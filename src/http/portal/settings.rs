//! `/portal/settings`: the settings of the deployment.

use std::collections::BTreeMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use serde_json::Value;

use super::fault::Fault;
use super::form::{self, Answer, Barred, Visitor};
use super::input::{Choice, Input};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts;
use super::sent::Sent;
use crate::control::ControlError;
use crate::control::settings::{self, EditSettings};
use crate::domain::settings::Settings as Stored;
use crate::http::server::Edge;

/// The settings that are numbers: name, label, what helps.
const NUMBERS: [(&str, &str, &str); 7] = [
    (
        "default_requests_per_minute",
        "Requests per minute",
        "Of keys without a limit of their own. Empty means no limit.",
    ),
    (
        "session_idle_seconds",
        "Seconds until an unused browser is signed out",
        "300 to 2592000; empty for the default, 8 hours.",
    ),
    (
        "session_absolute_seconds",
        "Seconds until any browser is signed out",
        "300 to 2592000; empty for the default, 7 days.",
    ),
    ("retention_requests_days", "Days that single requests are kept", DAYS),
    ("retention_hourly_days", "Days that sums by hour and sessions are kept", DAYS),
    ("retention_daily_days", "Days that sums by day are kept", DAYS),
    ("retention_notifications_days", "Days that notifications are kept", DAYS),
];
const DAYS: &str = "35 to 3660; empty for the default.";
/// The setting that is a choice.
const PASSWORDS: &str = "password_sign_in";

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    frame: Frame,
    form: parts::Form,
}

/// Shows the form.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&form_of(&request, &edge, &visitor, None).await?))
}

async fn form_of(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    refused: Option<(&Sent, &Fault)>,
) -> Result<Settings, Barred> {
    let stored = settings::get(&edge.control, &visitor.caller).await?;
    let stored = serde_json::to_value(stored).unwrap_or_default();
    let (sent, fault) = refused.unzip();
    let value = |name: &str| match sent {
        Some(sent) => sent.text(name).to_owned(),
        None => stored
            .get(name)
            .filter(|value| !value.is_null())
            .map(Value::to_string)
            .unwrap_or_default(),
    };
    let numbers =
        NUMBERS.map(|(name, label, help)| Input::number(name, label, value(name)).help(help));
    let takes = value(PASSWORDS) != "false";
    let choices =
        vec![Choice::new("true", "Taken", takes), Choice::new("false", "Not taken", !takes)];
    let passwords = Input::select(PASSWORDS, "Signing in with a password", choices).help(
        "Where passwords are not taken, the admin key and identity providers still are. ADMIN_PASSWORD_ENABLE overrules this.",
    );
    let form = parts::Form::new(visitor, "Deployment", "/portal/settings", "Save");
    Ok(Settings {
        frame: Frame::new("Settings", request, Some(visitor)),
        form: form.inputs(numbers.into_iter().chain([passwords]), fault),
    })
}

/// Takes the form.
pub(super) async fn change(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match edit(&edge, &visitor, &sent).await {
        Ok(_) => Ok(see_other(&format!("/portal/settings?notice={}", Notice::Saved.name()))),
        Err(error) => {
            let fault = Fault::of(error)?;
            let page = form_of(&request, &edge, &visitor, Some((&sent, &fault))).await?;
            Ok(fault.page(&page))
        }
    }
}

/// Only what the form has changed is written.
async fn edit(edge: &Edge, visitor: &Visitor, sent: &Sent) -> Result<Stored, ControlError> {
    let stored = settings::get(&edge.control, &visitor.caller).await?;
    let defaults = serde_json::to_value(Stored::default()).unwrap_or_default();
    let stored = serde_json::to_value(stored).unwrap_or_default();
    let mut order = BTreeMap::new();
    for (name, ..) in NUMBERS {
        let number: Option<u32> = sent.read(name, "takes a whole number")?;
        let wanted = number.map_or_else(|| defaults.get(name).cloned(), |n| Some(n.into()));
        if wanted.as_ref() != stored.get(name) {
            order.insert(name.to_owned(), number.map_or(Value::Null, Value::from));
        }
    }
    let passwords = Value::Bool(sent.text(PASSWORDS) != "false");
    if Some(&passwords) != stored.get(PASSWORDS) {
        order.insert(PASSWORDS.to_owned(), passwords);
    }
    settings::edit(&edge.control, &visitor.caller, EditSettings(order)).await
}
