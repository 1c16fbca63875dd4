//! What the address narrows analytics to: a span of time, and any of teams, users, models and
//! endpoints.

use askama::Template;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::control::ControlError;
use crate::control::analytics::{self, Choices, Dimension, Filter};
use crate::http::portal::figures::group_name;
use crate::http::portal::input::Choice;
use crate::http::portal::range::Range;
use crate::http::portal::sent::Sent;

/// Values of one kind that an address may name.
const MOST: usize = 200;
/// Choices of one kind that are shown.
const SHOWN: usize = 300;

/// The usage that is asked about.
pub(super) struct Narrowed {
    /// The span of time.
    pub(super) range: Range,
    /// Everything that narrows it.
    pub(super) filter: Filter,
    /// Whether more than the span of time does.
    pub(super) is_narrow: bool,
}

/// Some of one kind to be chosen from.
#[derive(Template)]
#[template(path = "pick.html")]
pub(super) struct Pick {
    name: &'static str,
    label: &'static str,
    chosen: usize,
    choices: Vec<Choice>,
}

impl Narrowed {
    /// What is asked for.
    ///
    /// # Errors
    /// Where the span does not make sense, or an id is none.
    pub(super) fn of(asked: &Sent, now: DateTime<Utc>) -> Result<Self, ControlError> {
        let range = Range::of(asked, now)?;
        let ids = |name: &'static str| -> Result<Vec<Uuid>, ControlError> {
            let ids = asked.all(name).into_iter().take(MOST).map(str::parse);
            ids.collect::<Result<_, _>>().map_err(|_| ControlError::invalid(name, "takes ids"))
        };
        let names = |name| -> Vec<String> {
            let names = asked.all(name).into_iter().filter(|name| !name.contains('\0'));
            names.take(MOST).map(|name| if name == "-" { "" } else { name }.to_owned()).collect()
        };
        let filter = Filter {
            teams: ids("team")?,
            users: ids("user")?,
            models: names("model"),
            endpoints: names("endpoint"),
            projects: names("project"),
            ..range.filter()
        };
        let is_narrow = ["team", "user", "model", "endpoint", "project"]
            .iter()
            .any(|name| asked.given(name).is_some());
        Ok(Self { range, filter, is_narrow })
    }

    /// What can be chosen, with what is.
    pub(super) fn picks(&self, choices: &Choices) -> Vec<Pick> {
        let of_ids = |name, label, dimension, all: &[analytics::Choice], chosen: &[Uuid]| {
            let chosen: Vec<String> = chosen.iter().map(Uuid::to_string).collect();
            let all = all.iter().map(|one| {
                let name = group_name(dimension, Some(&one.id), one.name.as_deref());
                Choice::new(&one.id, name, chosen.contains(&one.id))
            });
            Pick::of(name, label, all.collect())
        };
        let of_names = |name, label, dimension, all: &[String], chosen: &[String]| {
            let all = all.iter().map(|id| {
                let value = if id.is_empty() { "-" } else { id.as_str() };
                Choice::new(value, group_name(dimension, Some(id), Some(id)), chosen.contains(id))
            });
            Pick::of(name, label, all.collect())
        };
        let filter = &self.filter;
        vec![
            of_ids("team", "Teams", Dimension::Team, &choices.teams, &filter.teams),
            of_ids("user", "Users", Dimension::User, &choices.users, &filter.users),
            of_names("model", "Models", Dimension::Model, &choices.models, &filter.models),
            of_names(
                "endpoint",
                "Endpoints",
                Dimension::Endpoint,
                &choices.endpoints,
                &filter.endpoints,
            ),
            of_names(
                "project",
                "Projects",
                Dimension::Project,
                &choices.projects,
                &filter.projects,
            ),
        ]
    }
}

impl Pick {
    fn of(name: &'static str, label: &'static str, mut choices: Vec<Choice>) -> Self {
        choices.sort_by(|a, b| b.chosen.cmp(&a.chosen).then_with(|| a.label.cmp(&b.label)));
        choices.truncate(SHOWN);
        let chosen = choices.iter().filter(|choice| choice.chosen).count();
        Self { name, label, chosen, choices }
    }
}
