//! The tab of activity: who was active, who was new, and at which hours of the week.

use super::narrow::Narrowed;
use super::{About, Tab};
use crate::control::analytics::{self, Dimension, HeatCell};
use crate::http::portal::chart::{Chart, HeatMap, Kind, Series, Unit};
use crate::http::portal::form::Barred;
use crate::http::portal::ranking::{Ranked, Ranking};
use crate::http::portal::series::{self, Measure};
use crate::http::portal::words;

pub(super) async fn tab(about: &About<'_>) -> Result<Tab, Barred> {
    let About { control, caller, narrowed, .. } = *about;
    let Narrowed { range, filter, .. } = narrowed;
    let (active, heat, requests, users) = tokio::try_join!(
        analytics::active_users(control, caller, filter, range.grain),
        analytics::heat_map(control, caller, filter),
        analytics::over_time(control, caller, filter, range.grain, Some((Dimension::Team, 7))),
        analytics::ranking(control, caller, filter, Dimension::User, 200),
    )?;
    let of = |value: fn(&analytics::ActiveUsers) -> i64| {
        let values = active.iter().map(|step| (step.starts_at, Some(value(step) as f64)));
        series::values(range, values)
    };
    let people = Chart::new(
        "Active users",
        Kind::Stacked,
        Unit::Count,
        series::labels(range),
        vec![
            Series::new("Returning", of(|step| step.users - step.first_seen)),
            Series::new("First seen in this span", of(|step| step.first_seen)),
        ],
    );
    let requests =
        series::stacked("Requests by team", range, Dimension::Team, &requests, Measure::Requests);
    let mut busiest: Vec<_> = users.iter().collect();
    busiest.sort_by_key(|group| -group.sums.requests);
    let rows = busiest.into_iter().take(15).map(|group| {
        let last = group.last_at.format("%-d %b %Y").to_string();
        let cells = vec![words::number(group.sums.requests), last];
        Ranked::group(Dimension::User, group, cells, group.sums.requests)
    });
    let columns = ["User", "Requests", "Last active"];
    let busiest =
        Ranking::new("Busiest users", &columns, rows.collect(), "Nobody in this span of time.");
    Ok(Tab {
        charts: vec![people.svg(), requests.svg(), week(&heat).svg()],
        rankings: vec![busiest],
    })
}

fn week(cells: &[HeatCell]) -> HeatMap {
    let mut values = [[0.0; 24]; 7];
    for cell in cells {
        let day = usize::try_from(cell.weekday - 1).ok().and_then(|day| values.get_mut(day));
        let hour = usize::try_from(cell.hour).ok();
        if let Some(value) = day.zip(hour).and_then(|(day, hour)| day.get_mut(hour)) {
            *value = cell.requests as f64;
        }
    }
    HeatMap::new("Requests by hour of the week (UTC)", Unit::Count, values)
}
