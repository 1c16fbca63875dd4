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

/// How a setting is given.
#[derive(Clone, Copy)]
enum Kind {
    /// A number, or nothing for the default.
    Number,
    /// Yes or no, in these words.
    Choice(&'static str, &'static str),
}

/// A setting: name, label, how it is given, what helps.
type Setting = (&'static str, &'static str, Kind, &'static str);

/// The settings by what they are about.
const PARTS: [(&str, &[Setting]); 3] =
    [("Limits", LIMITS), ("Signing in", SIGN_IN), ("How long things are kept", KEPT)];
const LIMITS: &[Setting] = &[
    (
        "default_requests_per_minute",
        "Requests per minute",
        Kind::Number,
        "Of keys without a limit of their own. Empty means no limit.",
    ),
    (
        "limits_fail_open",
        "While the database is away",
        Kind::Choice("Requests go on", "Requests without a share are refused"),
        "Going on, each instance serves by what it knows of limits and budgets, which can then be exceeded; all is counted later.",
    ),
];
const SIGN_IN: &[Setting] = &[
    (
        "password_sign_in",
        "Signing in with a password",
        Kind::Choice("Taken", "Not taken"),
        "Where passwords are not taken, the admin key and identity providers still are. ADMIN_PASSWORD_ENABLE overrules this.",
    ),
    (
        "session_idle_seconds",
        "Seconds until an unused browser is signed out",
        Kind::Number,
        "300 to 2592000; empty for the default, 8 hours.",
    ),
    (
        "session_absolute_seconds",
        "Seconds until any browser is signed out",
        Kind::Number,
        "300 to 2592000; empty for the default, 7 days.",
    ),
    (
        "access_token_seconds",
        "Seconds that a client's access token is good",
        Kind::Number,
        "300 to 2592000; empty for the default, an hour. The client renews it by itself.",
    ),
    (
        "client_session_seconds",
        "Seconds until any client must sign in again",
        Kind::Number,
        "300 to 2592000; empty for the default, 30 days.",
    ),
];
const KEPT: &[Setting] = &[
    ("retention_requests_days", "Days for single requests", Kind::Number, DAYS),
    ("retention_hourly_days", "Days for sums by hour and for sessions", Kind::Number, DAYS),
    ("retention_daily_days", "Days for sums by day", Kind::Number, DAYS),
    ("retention_notifications_days", "Days for notifications", Kind::Number, DAYS),
];
const DAYS: &str = "35 to 3660; empty for the default. What is older goes for good.";

#[derive(Template)]
#[template(path = "settings.html")]
struct Settings {
    frame: Frame,
    forms: Vec<parts::Form>,
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
    let value = |name: &str| match sent.filter(|sent| sent.has(name)) {
        Some(sent) => sent.text(name).to_owned(),
        None => stored
            .get(name)
            .filter(|value| !value.is_null())
            .map(Value::to_string)
            .unwrap_or_default(),
    };
    let forms = PARTS.map(|(heading, settings)| {
        let is_sent = sent.is_some_and(|sent| settings.iter().any(|(name, ..)| sent.has(name)));
        let inputs = settings.iter().map(|setting| input(setting, &value(setting.0)));
        parts::Form::new(visitor, heading, "/portal/settings", "Save")
            .inputs(inputs, fault.filter(|_| is_sent))
    });
    Ok(Settings { frame: Frame::new("Settings", request, Some(visitor)), forms: forms.into() })
}

fn input(&(name, label, kind, help): &Setting, value: &str) -> Input {
    let input = match kind {
        Kind::Number => Input::number(name, label, value),
        Kind::Choice(yes, no) => {
            let is_no = value == "false";
            let choices = vec![Choice::new("true", yes, !is_no), Choice::new("false", no, is_no)];
            Input::select(name, label, choices)
        }
    };
    input.help(help)
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

/// Only what the form has and has changed is written.
async fn edit(edge: &Edge, visitor: &Visitor, sent: &Sent) -> Result<Stored, ControlError> {
    let stored = settings::get(&edge.control, &visitor.caller).await?;
    let defaults = serde_json::to_value(Stored::default()).unwrap_or_default();
    let stored = serde_json::to_value(stored).unwrap_or_default();
    let mut order = BTreeMap::new();
    let settings = PARTS.iter().flat_map(|(_, settings)| *settings);
    for &(name, _, kind, _) in settings.filter(|(name, ..)| sent.has(name)) {
        let given = match kind {
            Kind::Choice(..) => Value::Bool(sent.text(name) != "false"),
            Kind::Number => {
                let number: Option<u32> = sent.read(name, "takes a whole number")?;
                number.map_or(Value::Null, Value::from)
            }
        };
        let wanted = if given.is_null() { defaults.get(name) } else { Some(&given) };
        if wanted != stored.get(name) {
            order.insert(name.to_owned(), given);
        }
    }
    settings::edit(&edge.control, &visitor.caller, EditSettings(order)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_has_a_field() {
        let mut fields: Vec<_> =
            PARTS.iter().flat_map(|(_, settings)| *settings).map(|(name, ..)| *name).collect();
        fields.sort_unstable();
        let Value::Object(known) = serde_json::to_value(Stored::default()).unwrap() else {
            panic!("settings are an object");
        };
        let mut known: Vec<_> = known.keys().map(String::as_str).collect();
        known.sort_unstable();
        assert_eq!(fields, known);
    }
}
