//! Endpoints in trouble, as traffic shows it, told once for all instances: Postgres keeps an episode from
//! the first instance that sees it until none has seen it for a while.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::actors::endpoints::{EndpointReport, PlaceReport, Route};
use crate::domain::breaker::Phase;
use crate::domain::notification::{Event, EventType, Severity};
use crate::storage::episodes::{self, EpisodeRow};
use crate::storage::{Database, StorageError};

/// Throttles of a model within the quarter of an hour from which on they are told.
const THROTTLES: u64 = 5;

/// What is told of endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A model fails there, or there is no credential.
    Unhealthy,
    /// A model is throttled there, or has used up its day.
    Throttled,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Unhealthy, Self::Throttled];

    fn name(self) -> &'static str {
        match self {
            Self::Unhealthy => "unhealthy",
            Self::Throttled => "throttled",
        }
    }

    /// For how long nobody may have seen it, in seconds, until it has ended.
    fn patience(self) -> i64 {
        match self {
            Self::Unhealthy => 30,
            Self::Throttled => 15 * 60,
        }
    }
}

/// What an instance sees of an endpoint.
#[derive(Debug, PartialEq, Eq)]
enum Sight {
    /// Trouble: why, and with which models.
    Trouble(&'static str, Vec<String>),
    /// It is over, as far as this instance can tell.
    Clear,
    /// Nothing that would tell.
    Nothing,
}

/// Begins and ends episodes by what this instance sees.
pub(super) async fn watch(
    database: &Database,
    reports: &[EndpointReport],
) -> Result<(), StorageError> {
    let open = episodes::open(database).await?;
    for report in reports.iter().filter(|report| report.enabled) {
        let endpoint = report.id.unwrap_or(Uuid::nil());
        for kind in Kind::ALL {
            let is_it = |row: &&EpisodeRow| row.endpoint_id == endpoint && row.kind == kind.name();
            let episode = open.iter().find(is_it);
            let seen = sight(report, kind, episode.map(|episode| episode.began_at));
            match (seen, episode) {
                (Sight::Trouble(reason, models), None) => {
                    let id = Uuid::now_v7();
                    let event = begun(report, kind, id, (reason, &models));
                    episodes::begin(database, (endpoint, kind.name(), id), event).await?;
                }
                (Sight::Trouble(..), Some(episode)) if episode.clear_since.is_some() => {
                    episodes::note(database, episode.id, false).await?;
                }
                (Sight::Clear, Some(episode)) if episode.clear_since.is_none() => {
                    episodes::note(database, episode.id, true).await?;
                }
                (Sight::Clear | Sight::Nothing, Some(episode)) if is_over(episode, kind) => {
                    let event = over(report, kind, episode);
                    episodes::end(database, episode.id, kind.patience(), event).await?;
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn sight(report: &EndpointReport, kind: Kind, began_at: Option<DateTime<Utc>>) -> Sight {
    if !report.in_use {
        return Sight::Clear;
    }
    let places = || report.places.iter().filter(|place| place.route == Route::Messages);
    let troubled: Vec<String> = places()
        .filter(|place| is_troubled(place, kind))
        .map(|place| place.model.clone())
        .collect();
    match kind {
        Kind::Unhealthy if !report.has_credential && report.credential_trouble.is_some() => {
            Sight::Trouble("credential", troubled)
        }
        Kind::Unhealthy if !troubled.is_empty() => Sight::Trouble("failures", troubled),
        Kind::Unhealthy => {
            let since = began_at.map_or(0, |began_at| began_at.timestamp_millis());
            let since = u128::try_from(since).unwrap_or(0);
            let served = |place: &PlaceReport| {
                place.served_at.is_some_and(|served| served.as_millis() > since)
            };
            if places().any(served) { Sight::Clear } else { Sight::Nothing }
        }
        Kind::Throttled if places().any(|place| place.parked) => {
            Sight::Trouble("daily_quota", troubled)
        }
        Kind::Throttled if !troubled.is_empty() => Sight::Trouble("throttles", troubled),
        Kind::Throttled => Sight::Clear,
    }
}

fn is_troubled(place: &PlaceReport, kind: Kind) -> bool {
    let is_throttled = || place.phase == Phase::Throttled && place.recent.throttled >= THROTTLES;
    match kind {
        Kind::Unhealthy => place.blocked_until.is_some() && !place.parked,
        Kind::Throttled => place.parked || is_throttled(),
    }
}

fn is_over(episode: &EpisodeRow, kind: Kind) -> bool {
    let clear = episode.clear_since.map(|since| (Utc::now() - since).num_seconds());
    clear.is_some_and(|seconds| seconds >= kind.patience())
}

fn begun(
    report: &EndpointReport,
    kind: Kind,
    id: Uuid,
    (reason, models): (&str, &[String]),
) -> Event {
    let (event_type, severity) = match kind {
        Kind::Unhealthy => (EventType::EndpointUnhealthy, Severity::High),
        Kind::Throttled => (EventType::EndpointThrottled, Severity::Warning),
    };
    let mut event = event(report, event_type, severity, id);
    if let Some(detail) = event.detail.as_object_mut() {
        detail.insert("reason".to_owned(), json!(reason));
        detail.insert("models".to_owned(), json!(models));
    }
    event
}

/// What is told of the end: that an endpoint serves again. That it is no longer throttled, or that
/// nobody uses it any more, is no news.
fn over(report: &EndpointReport, kind: Kind, episode: &EpisodeRow) -> Option<Event> {
    let is_told = kind == Kind::Unhealthy && report.in_use;
    let mut event =
        is_told.then(|| event(report, EventType::EndpointRecovered, Severity::Info, episode.id))?;
    if let Some(detail) = event.detail.as_object_mut() {
        detail.insert("began_at".to_owned(), json!(episode.began_at));
    }
    Some(event)
}

fn event(
    report: &EndpointReport,
    event_type: EventType,
    severity: Severity,
    episode: Uuid,
) -> Event {
    Event {
        key: format!("{}:{episode}", event_type.name()),
        event_type,
        severity,
        user: None,
        team: None,
        detail: json!({
            "endpoint": report.name,
            "endpoint_id": report.id,
            "region": report.region,
        }),
        timestamp: Utc::now(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::domain::geography::Geography;
    use crate::domain::tally::Recent;

    fn place(phase: Phase, throttled: u64, served_at: Option<u64>) -> PlaceReport {
        let is_blocked = matches!(phase, Phase::Open | Phase::HalfOpen | Phase::Parked);
        PlaceReport {
            model: "m".to_owned(),
            route: Route::Messages,
            phase,
            blocked_until: is_blocked.then_some(Duration::from_secs(1)),
            parked: phase == Phase::Parked,
            served_at: served_at.map(Duration::from_secs),
            recent: Recent { throttled, ..Recent::default() },
        }
    }

    fn report(places: Vec<PlaceReport>) -> EndpointReport {
        EndpointReport {
            id: None,
            name: "default".to_owned(),
            region: "us-east-1".to_owned(),
            geography: Geography::Us,
            enabled: true,
            in_use: true,
            in_flight: 0,
            has_credential: true,
            credential_expires_at: None,
            credential_trouble: None,
            places,
        }
    }

    fn seen(place: PlaceReport, kind: Kind) -> Sight {
        sight(&report(vec![place]), kind, DateTime::from_timestamp(100, 0))
    }

    #[test]
    fn an_endpoint_is_unhealthy_until_it_has_served_again() {
        let failing = Sight::Trouble("failures", vec!["m".to_owned()]);
        assert_eq!(seen(place(Phase::Open, 0, Some(90)), Kind::Unhealthy), failing);
        assert_eq!(seen(place(Phase::HalfOpen, 0, Some(90)), Kind::Unhealthy), failing);
        assert_eq!(seen(place(Phase::Closed, 0, Some(90)), Kind::Unhealthy), Sight::Nothing);
        assert_eq!(seen(place(Phase::Closed, 0, Some(101)), Kind::Unhealthy), Sight::Clear);
        assert_eq!(seen(place(Phase::Parked, 0, None), Kind::Unhealthy), Sight::Nothing);
        let mut broken = report(vec![]);
        (broken.has_credential, broken.credential_trouble) = (false, Some("no".to_owned()));
        let trouble = Sight::Trouble("credential", vec![]);
        assert_eq!(sight(&broken, Kind::Unhealthy, None), trouble);
        broken.in_use = false;
        assert_eq!(sight(&broken, Kind::Unhealthy, None), Sight::Clear);
    }

    #[test]
    fn a_few_throttles_are_no_news_and_a_used_up_day_is() {
        assert_eq!(seen(place(Phase::Throttled, 4, None), Kind::Throttled), Sight::Clear);
        let throttled = Sight::Trouble("throttles", vec!["m".to_owned()]);
        assert_eq!(seen(place(Phase::Throttled, 5, None), Kind::Throttled), throttled);
        assert_eq!(seen(place(Phase::Closed, 9, None), Kind::Throttled), Sight::Clear);
        let day = Sight::Trouble("daily_quota", vec!["m".to_owned()]);
        assert_eq!(seen(place(Phase::Parked, 0, None), Kind::Throttled), day);
    }
}
