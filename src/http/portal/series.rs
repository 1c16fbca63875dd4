//! Charts over time: the database's points put into the steps of a range, with nothing where it has
//! none.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::chart::{Chart, Kind, Series, Unit};
use super::figures::group_name;
use super::range::Range;
use crate::control::analytics::{Dimension, Point};

/// What a point tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// Money.
    Cost,
    /// Requests.
    Requests,
    /// Tokens.
    Tokens,
}

impl Measure {
    fn of(self, point: &Point) -> f64 {
        match self {
            Self::Cost => point.cost_nanos as f64 / 1e9,
            Self::Requests => point.requests as f64,
            Self::Tokens => point.tokens as f64,
        }
    }

    fn unit(self) -> Unit {
        if self == Self::Cost { Unit::Dollars } else { Unit::Count }
    }
}

/// A chart with a part for each group, the largest lowest, and the rest of the groups at the top.
pub(super) fn stacked(
    title: &str,
    range: &Range,
    dimension: Dimension,
    points: &[Point],
    measure: Measure,
) -> Chart {
    let steps = range.steps();
    let places: HashMap<DateTime<Utc>, usize> =
        steps.iter().enumerate().map(|(at, step)| (*step, at)).collect();
    let mut groups: BTreeMap<Option<&str>, (String, Vec<f64>)> = BTreeMap::new();
    for point in points {
        let Some(at) = places.get(&point.starts_at) else { continue };
        let id = point.id.as_deref();
        let (_, values) = groups.entry(id).or_insert_with(|| {
            (group_name(dimension, id, point.name.as_deref()), vec![0.0; steps.len()])
        });
        if let Some(value) = values.get_mut(*at) {
            *value += measure.of(point);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    let sum = |values: &[f64]| values.iter().sum::<f64>();
    groups.sort_by(|(one, (_, a)), (other, (_, b))| {
        one.is_none().cmp(&other.is_none()).then(sum(b).total_cmp(&sum(a)))
    });
    let series = groups
        .into_iter()
        .map(|(_, (name, values))| Series::new(&name, values.into_iter().map(Some).collect()));
    Chart::new(title, Kind::Stacked, measure.unit(), labels(range), series.collect())
}

/// What the steps of a range are called.
pub(super) fn labels(range: &Range) -> Vec<String> {
    range.steps().into_iter().map(|step| range.step_label(step)).collect()
}

/// Values of moments, put into the steps of a range.
pub(super) fn values(
    range: &Range,
    values: impl IntoIterator<Item = (DateTime<Utc>, Option<f64>)>,
) -> Vec<Option<f64>> {
    let known: HashMap<_, _> = values.into_iter().collect();
    range.steps().iter().map(|step| known.get(step).copied().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::portal::sent::Sent;

    #[test]
    fn points_stand_in_their_steps_and_the_rest_on_top() {
        let now = "2026-11-25T20:15:00Z".parse().unwrap();
        let range = Range::of(&Sent::of_query("range=7d"), now).unwrap();
        let point = |day: u32, id: Option<&str>, cost_nanos| Point {
            starts_at: format!("2026-11-{day}T00:00:00Z").parse().unwrap(),
            id: id.map(str::to_owned),
            name: id.map(str::to_owned),
            requests: 1,
            tokens: 1,
            cost_nanos,
        };
        let points = [
            point(19, None, 9_000_000_000),
            point(20, Some("a"), 1_000_000_000),
            point(25, Some("b"), 2_000_000_000),
        ];
        let svg = stacked("Cost", &range, Dimension::Team, &points, Measure::Cost).svg();
        let order: Vec<_> = ["b</bdi></li>", "a</bdi></li>", "Others</bdi></li>"]
            .map(|n| svg.find(n).unwrap())
            .into();
        assert!(order.is_sorted(), "{svg}");
        assert!(
            svg.contains("19 Nov · Others: $9.00") && svg.contains("25 Nov · b: $2.00"),
            "{svg}"
        );
    }
}
