//! The fields that keys, users and teams have in common: team, models and limits.

use super::input::{Choice, Input};
use super::sent::Sent;
use super::words;
use crate::domain::model;
use crate::domain::principal::RateLimits;

/// The limits' fields with their labels.
const LIMITS: [(&str, &str); 3] = [
    ("limits.requests_per_minute", "Requests per minute"),
    ("limits.tokens_per_minute", "Tokens per minute"),
    ("limits.concurrent_streams", "Streams at the same time"),
];

/// A team of these, or none, which means what `none` says.
pub(super) fn teams(teams: &[(uuid::Uuid, String)], chosen: &str, none: &str) -> Input {
    let named = teams.iter().map(|(id, name)| {
        let id = id.to_string();
        let chosen = id == chosen;
        Choice::new(id, name, chosen)
    });
    let choices = std::iter::once(Choice::new("", none, chosen.is_empty())).chain(named);
    Input::select("team_id", "Team", choices.collect())
}

/// The models that may be used: the known ones, and others by their Bedrock ids.
pub(super) fn models(chosen: &[String], help: &str) -> [Input; 2] {
    let is_chosen = |id: &str| chosen.iter().any(|chosen| chosen == id);
    let known = model::all()
        .iter()
        .map(|model| Choice::new(model.id, model.display_name, is_chosen(model.id)));
    let others =
        chosen.iter().filter(|id| model::all().iter().all(|model| model.id != id.as_str()));
    let others: Vec<_> = others.map(String::as_str).collect();
    [
        Input::checks("models", "Models", known.collect()).help(help),
        Input::area("other_models", "Further models", others.join("\n"))
            .help("Ids of Bedrock profiles and ARNs, one a line."),
    ]
}

/// The fields of limits as they were sent.
pub(super) fn limits(sent: &Sent) -> [Input; 3] {
    LIMITS.map(|(name, label)| limit(name, label, sent.text(name).to_owned()))
}

/// The fields of limits as they are.
pub(super) fn limits_of(limits: RateLimits) -> [Input; 3] {
    let values = [limits.requests_per_minute, limits.tokens_per_minute, limits.concurrent_streams];
    let mut values =
        values.into_iter().map(|value| value.map(|v| v.to_string()).unwrap_or_default());
    LIMITS.map(|(name, label)| limit(name, label, values.next().unwrap_or_default()))
}

fn limit(name: &'static str, label: &'static str, value: String) -> Input {
    Input::number(name, label, value).help("Empty means no limit here.")
}

/// The limits that are set.
pub(super) fn limits_in_words(limits: RateLimits) -> Vec<(&'static str, String)> {
    let values = [limits.requests_per_minute, limits.tokens_per_minute, limits.concurrent_streams];
    let labelled = LIMITS.into_iter().zip(values);
    labelled.filter_map(|((_, label), value)| Some((label, words::count(value?.into())))).collect()
}
