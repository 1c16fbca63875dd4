//! The tab of spend: over time by team and by model, the forecast, and who and what it was.

use chrono::{Days, Utc};

use super::narrow::Narrowed;
use super::{About, Tab};
use crate::control::analytics::{self, Dimension, Grain, Point};
use crate::domain::forecast::forecast;
use crate::http::portal::chart::{Band, Chart, Kind, Series, Unit};
use crate::http::portal::form::Barred;
use crate::http::portal::range::Range;
use crate::http::portal::ranking::Ranking;
use crate::http::portal::series::{self, Measure};

/// Days that are foretold.
const AHEAD: usize = 14;
/// Days that a forecast looks back at the most.
const BACK: u64 = 56;

pub(super) async fn tab(about: &About<'_>) -> Result<Tab, Barred> {
    let About { control, caller, narrowed, .. } = *about;
    let Narrowed { range, filter, .. } = narrowed;
    let (grain, now) = (range.grain, Utc::now());
    let past = analytics::Filter { from: now - Days::new(BACK), to: now, ..filter.clone() };
    let (teams, models, days, by_team, by_user, by_model, by_project) = tokio::try_join!(
        analytics::over_time(control, caller, filter, grain, Some((Dimension::Team, 7))),
        analytics::over_time(control, caller, filter, grain, Some((Dimension::Model, 7))),
        analytics::over_time(control, caller, &past, Grain::Day, None),
        analytics::ranking(control, caller, filter, Dimension::Team, 12),
        analytics::ranking(control, caller, filter, Dimension::User, 12),
        analytics::ranking(control, caller, filter, Dimension::Model, 12),
        analytics::ranking(control, caller, filter, Dimension::Project, 12),
    )?;
    let chart = |title, dimension, points: &[Point]| {
        series::stacked(title, range, dimension, points, Measure::Cost).svg()
    };
    let mut charts = vec![
        chart("Cost by team", Dimension::Team, &teams),
        chart("Cost by model", Dimension::Model, &models),
    ];
    charts.extend(foretold(&days, now).map(|chart| chart.svg()));
    let rankings = vec![
        Ranking::of_groups("Users", Dimension::User, &by_user),
        Ranking::of_groups("Teams", Dimension::Team, &by_team),
        Ranking::of_groups("Models", Dimension::Model, &by_model),
        Ranking::of_groups("Projects", Dimension::Project, &by_project),
    ];
    Ok(Tab { charts, rankings })
}

/// The cost of each whole day until yesterday, and what is expected from today on.
fn foretold(days: &[Point], now: chrono::DateTime<Utc>) -> Option<Chart> {
    let range = Range::days_before(now, BACK);
    let known = days.iter().map(|point| (point.starts_at, Some(point.cost_nanos as f64 / 1e9)));
    let values = series::values(&range, known);
    let began = values.iter().position(Option::is_some)?;
    let values: Vec<f64> = values.get(began..)?.iter().map(|value| value.unwrap_or(0.0)).collect();
    let expected = forecast(&values, AHEAD);
    let sum: f64 = expected.iter().map(|day| day.value).sum();
    expected.first()?;
    let today = range.to.date_naive();
    let first = today - Days::new(values.len() as u64);
    let labels = (0..values.len() + AHEAD)
        .map(|at| (first + Days::new(at as u64)).format("%-d %b").to_string());
    let nothing = |count| std::iter::repeat_n(None, count);
    let seen = values.iter().copied().map(Some).chain(nothing(AHEAD));
    let line = nothing(values.len()).chain(expected.iter().map(|day| Some(day.value)));
    let ranges = std::iter::repeat_n(None, values.len())
        .chain(expected.iter().map(|day| Some((day.low, day.high))));
    let title =
        format!("Cost by day, and the next {AHEAD} days: about {}", Unit::Dollars.exact(sum));
    let series = vec![Series::new("Cost", seen.collect()), Series::new("Expected", line.collect())];
    let chart = Chart::new(&title, Kind::Line, Unit::Dollars, labels.collect(), series);
    Some(chart.with_band(Band { name: "Four of five days".to_owned(), ranges: ranges.collect() }))
}
