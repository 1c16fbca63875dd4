//! The fields of a destination, and the words for what it is.

use secrecy::SecretString;

use crate::control::ControlError;
use crate::control::notifications::{
    Destination, DestinationKind, DraftDestination, EditDestination, NotificationCategory,
};
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::sent::Sent;

const KINDS: [(&str, &str); 3] =
    [("webhook", "Webhook"), ("sns", "SNS topic"), ("eventbridge", "EventBridge bus")];
const CATEGORIES: [(&str, &str); 3] =
    [("budget", "Budgets"), ("rate_limit", "Rate limits"), ("health", "Health")];

/// A kind in words.
pub(super) fn kind(name: &str) -> &str {
    KINDS.iter().find(|(kind, _)| *kind == name).map_or(name, |(_, label)| label)
}

/// A category in words.
pub(super) fn category(name: &str) -> &str {
    CATEGORIES.iter().find(|(category, _)| *category == name).map_or(name, |(_, label)| label)
}

/// The fields of a draft, with what was sent before.
pub(super) fn draft(sent: &Sent) -> Vec<Input> {
    let kinds = KINDS.map(|(name, label)| Choice::new(name, label, sent.text("kind") == name));
    vec![
        name(sent.text("name")),
        Input::select("kind", "Kind", kinds.into()),
        target(sent.text("target")).required(),
        categories(&sent.all("categories")),
    ]
}

/// The fields with which a destination is changed. An active one leads where it does.
pub(super) fn change(destination: &Destination, sent: Option<&Sent>) -> Vec<Input> {
    let stored: Vec<_> = destination.categories.iter().map(String::as_str).collect();
    let chosen = sent.map_or(stored, |sent| sent.all("categories"));
    let mut inputs = vec![name(sent.map_or(destination.name.as_str(), |sent| sent.text("name")))];
    if destination.state == "draft" {
        let target = target(sent.map_or("", |sent| sent.text("target")));
        inputs.push(target.help("Empty leaves it as it is. Another one must be tried again."));
    }
    inputs.push(categories(&chosen));
    inputs
}

fn name(value: &str) -> Input {
    Input::text("name", "Name", value).required()
}

fn target(value: &str) -> Input {
    Input::line("target", "Where it leads", "text", value, 2048).help(
        "An https:// address, which is stored sealed and not shown again, or the ARN of a topic or bus.",
    )
}

fn categories(chosen: &[&str]) -> Input {
    let choices = CATEGORIES.map(|(name, label)| Choice::new(name, label, chosen.contains(&name)));
    Input::checks("categories", "What it is told of", choices.into()).help(
        "Budgets: thresholds that are reached. Rate limits: requests that are held back. Health: endpoints, prices, usage records, the gateway itself.",
    )
}

/// The order that the form of a draft stands for.
pub(super) fn drafted(sent: &Sent) -> Result<DraftDestination, ControlError> {
    let kind = DestinationKind::named(sent.text("kind"));
    Ok(DraftDestination {
        name: sent.text("name").to_owned(),
        kind: kind.ok_or_else(|| ControlError::invalid("kind", "takes one of these"))?,
        target: SecretString::from(sent.text("target")),
        categories: checked(sent),
        replaces: sent.id("replaces")?,
    })
}

/// The order that the form of a change stands for.
pub(super) fn changed(sent: &Sent) -> EditDestination {
    EditDestination {
        name: Some(sent.text("name").to_owned()),
        target: sent.given("target").map(SecretString::from),
        categories: Some(checked(sent)),
    }
}

fn checked(sent: &Sent) -> Vec<NotificationCategory> {
    sent.all("categories").into_iter().filter_map(NotificationCategory::named).collect()
}
