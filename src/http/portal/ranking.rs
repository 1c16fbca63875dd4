//! Rankings: tables of the most of something, with bars.

use askama::Template;

use super::figures::group_name;
use super::words;
use crate::control::analytics::{Dimension, Group};

/// A table of the most of something, each row with its share as a bar.
#[derive(Template)]
#[template(path = "ranking.html")]
pub(super) struct Ranking {
    heading: &'static str,
    columns: Vec<&'static str>,
    rows: Vec<Ranked>,
    empty: &'static str,
}

/// One row of a ranking.
pub(super) struct Ranked {
    /// What it is.
    pub(super) name: String,
    /// Where it leads.
    pub(super) link: Option<String>,
    /// The cells behind the name.
    pub(super) cells: Vec<String>,
    /// What the bar shows.
    pub(super) weight: i64,
    /// The bar's length, of 100.
    share: i64,
}

impl Ranked {
    /// A row.
    pub(super) fn new(name: String, cells: Vec<String>, weight: i64) -> Self {
        Self { name, link: None, cells, weight, share: 0 }
    }

    /// A row about a group, which leads to the group's page where it has one.
    pub(super) fn group(
        dimension: Dimension,
        group: &Group,
        cells: Vec<String>,
        weight: i64,
    ) -> Self {
        let name = group_name(dimension, Some(&group.id), group.name.as_deref());
        Self { link: link(dimension, group), ..Self::new(name, cells, weight) }
    }
}

impl Ranking {
    /// A ranking; the first column is that of the names.
    pub(super) fn new(
        heading: &'static str,
        columns: &[&'static str],
        mut rows: Vec<Ranked>,
        empty: &'static str,
    ) -> Self {
        let most = rows.iter().map(|row| row.weight).max().unwrap_or(0).max(1);
        for row in &mut rows {
            row.share = row.weight.saturating_mul(100) / most;
        }
        Self { heading, columns: columns.to_vec(), rows, empty }
    }

    /// The dearest groups.
    pub(super) fn of_groups(heading: &'static str, dimension: Dimension, groups: &[Group]) -> Self {
        let row = |group: &Group| {
            let sums = &group.sums;
            // What they are ranked by comes first: on a phone the others are behind the edge.
            let cells = vec![
                words::dollars(sums.cost_nanos),
                words::number(sums.requests),
                words::compact(sums.tokens()),
                words::percent(sums.cache_rate()),
            ];
            Ranked::group(dimension, group, cells, sums.cost_nanos)
        };
        let label = match dimension {
            Dimension::User => "User",
            Dimension::Team => "Team",
            Dimension::Key => "Key",
            Dimension::Model => "Model",
            Dimension::Endpoint => "Endpoint",
            Dimension::Project => "Project",
        };
        let columns = [label, "Cost", "Requests", "Tokens", "From cache"];
        Self::new(
            heading,
            &columns,
            groups.iter().map(row).collect(),
            "Nothing in this span of time.",
        )
    }
}

fn link(dimension: Dimension, group: &Group) -> Option<String> {
    group.name.as_ref()?;
    let page = match dimension {
        Dimension::Key => "keys",
        Dimension::User => "members",
        Dimension::Team => "teams",
        _ => return None,
    };
    Some(format!("/portal/{page}/{}", group.id))
}
