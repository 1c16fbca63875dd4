//! Numbers that stand out, and what groups of usage are called.

use super::words;
use crate::control::analytics::{Dimension, Sums};
use crate::domain::model;

/// The nil id: no user, no team, no key.
const NOBODY: &str = "00000000-0000-0000-0000-000000000000";

/// A number with what it was before.
pub(super) struct Figure {
    /// What it counts.
    pub(super) label: &'static str,
    /// The number.
    pub(super) value: String,
    /// How it compares.
    pub(super) note: String,
}

impl Figure {
    /// A number with a note below.
    pub(super) fn new(label: &'static str, value: String, note: impl ToString) -> Self {
        Self { label, value, note: note.to_string() }
    }
}

/// The figures of a span of time against the one before.
pub(super) fn of_sums(now: &Sums, before: &Sums) -> Vec<Figure> {
    let mean = (now.requests > 0).then(|| now.duration_ms as f64 / now.requests as f64);
    let failed = format!("{} failed", words::number(now.failed));
    vec![
        Figure::new(
            "Cost",
            words::dollars(now.cost_nanos),
            change(now.cost_nanos, before.cost_nanos),
        ),
        Figure::new("Requests", words::number(now.requests), change(now.requests, before.requests)),
        Figure::new(
            "Read from cache",
            words::percent(now.cache_rate()),
            format!("saved {}", words::dollars(now.cache_saved_nanos)),
        ),
        Figure::new("Tokens", words::compact(now.tokens()), change(now.tokens(), before.tokens())),
        Figure::new("Mean time", words::latency(mean), failed),
    ]
}

/// How a number has changed.
pub(super) fn change(now: i64, before: i64) -> String {
    if before == 0 {
        return "nothing before".to_owned();
    }
    let percent = (now - before) as f64 * 100.0 / before as f64;
    match percent.round() {
        0.0 => "as before".to_owned(),
        many if many >= 1000.0 => format!("{:.0} × as much as before", many / 100.0 + 1.0),
        more if more > 0.0 => format!("{more:.0} % more than before"),
        less => format!("{:.0} % less than before", -less),
    }
}

/// What a group is called; `None` is the rest of all groups.
pub(super) fn group_name(dimension: Dimension, id: Option<&str>, name: Option<&str>) -> String {
    let none = match dimension {
        Dimension::User => "No user",
        Dimension::Team => "No team",
        Dimension::Key => "No key",
        Dimension::Model => "Unknown model",
        Dimension::Endpoint => "No endpoint",
        Dimension::Project => "No project",
    };
    match (dimension, id, name) {
        (_, None, _) => "Others".to_owned(),
        (_, Some("" | NOBODY), _) => none.to_owned(),
        (Dimension::Model, Some(id), _) => model_name(id),
        (_, Some(_), Some(name)) => name.to_owned(),
        (_, Some(id), None) => format!("Deleted ({})", id.chars().take(8).collect::<String>()),
    }
}

/// A model as people call it.
pub(super) fn model_name(id: &str) -> String {
    model::find(id).map_or(id, |model| model.display_name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_names_that_people_know() {
        let name = group_name;
        assert_eq!(name(Dimension::Team, Some(NOBODY), None), "No team");
        assert_eq!(name(Dimension::Model, Some("claude-opus-5-5"), None), "Claude Opus 5.5");
        assert_eq!(name(Dimension::User, None, None), "Others");
        assert_eq!(name(Dimension::User, Some("0123456789"), None), "Deleted (01234567)");
    }

    #[test]
    fn changes_are_in_percent_or_many_times() {
        assert_eq!(
            (change(5, 0), change(110, 100)),
            ("nothing before".to_owned(), "10 % more than before".to_owned())
        );
        assert_eq!(
            (change(50, 100), change(1000, 1001)),
            ("50 % less than before".to_owned(), "as before".to_owned())
        );
        assert_eq!(change(1380, 10), "138 × as much as before");
    }
}
