//! The tab of models: which were used, how quick they were, and what came from the cache.

use super::narrow::Narrowed;
use super::{About, Tab};
use crate::control::analytics::{self, Dimension, Group, Latency};
use crate::http::portal::chart::{Chart, Kind, Series, Unit};
use crate::http::portal::dashboard::{classes, speeds};
use crate::http::portal::form::Barred;
use crate::http::portal::ranking::{Ranked, Ranking};
use crate::http::portal::series::{self, Measure};
use crate::http::portal::words;

pub(super) async fn tab(about: &About<'_>) -> Result<Tab, Barred> {
    let About { control, caller, narrowed, sums } = *about;
    let Narrowed { range, filter, .. } = narrowed;
    let grain = range.grain;
    let (mix, cached, by_model, latency, by_endpoint, of_endpoints) = tokio::try_join!(
        analytics::over_time(control, caller, filter, grain, Some((Dimension::Model, 7))),
        analytics::cache_rate(control, caller, filter, grain),
        analytics::ranking(control, caller, filter, Dimension::Model, 15),
        analytics::latency(control, caller, filter, Dimension::Model),
        analytics::ranking(control, caller, filter, Dimension::Endpoint, 15),
        analytics::latency(control, caller, filter, Dimension::Endpoint),
    )?;
    let rates = cached.iter().map(|step| {
        let rate = (step.prompt_tokens > 0)
            .then(|| step.cache_read_tokens as f64 * 100.0 / step.prompt_tokens as f64);
        (step.starts_at, rate)
    });
    let rates = Series::new("Read from cache", series::values(range, rates));
    let rates = Chart::new(
        "Read from cache",
        Kind::Area,
        Unit::Percent,
        series::labels(range),
        vec![rates],
    );
    let tokens = series::stacked("Tokens by model", range, Dimension::Model, &mix, Measure::Tokens);
    let requests =
        series::stacked("Requests by model", range, Dimension::Model, &mix, Measure::Requests);
    Ok(Tab {
        charts: vec![requests.svg(), tokens.svg(), rates.svg()],
        rankings: vec![
            Ranking::of_groups("Models", Dimension::Model, &by_model),
            speeds(&latency),
            classes(sums),
            endpoints(&by_endpoint, &of_endpoints),
        ],
    })
}

/// Endpoints with their failures and how quick they were.
fn endpoints(groups: &[Group], latency: &[Latency]) -> Ranking {
    let row = |group: &Group| {
        let quick = latency.iter().find(|one| one.id == group.id);
        let sums = &group.sums;
        let failed = (sums.requests > 0).then(|| sums.failed as f64 / sums.requests as f64);
        let cells = vec![
            words::number(sums.requests),
            words::percent(failed),
            words::latency(quick.and_then(|one| one.first_token_p50)),
            words::latency(quick.and_then(|one| one.p95)),
            words::dollars(sums.cost_nanos),
        ];
        Ranked::group(Dimension::Endpoint, group, cells, sums.requests)
    };
    let columns = ["Endpoint", "Requests", "Failed", "First 50 %", "Whole 95 %", "Cost"];
    Ranking::new(
        "Endpoints",
        &columns,
        groups.iter().map(row).collect(),
        "None was used in this span of time.",
    )
}
