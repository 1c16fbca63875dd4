//! How the endpoints do, as callers see it.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::view::Endpoint;
use crate::actors::endpoints::{EndpointReport, Endpoints, PlaceReport};
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::domain::geography::Geography;

/// How the endpoints do, as the instance that answers knows it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EndpointsHealth {
    /// All endpoints, the environment's own last.
    pub data: Vec<EndpointHealth>,
}

/// How one endpoint does.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EndpointHealth {
    /// The id; null for the endpoint of the gateway's own environment.
    pub id: Option<Uuid>,
    /// The name.
    pub name: String,
    /// The AWS region.
    pub region: String,
    /// The geography whose profiles are used.
    pub geography: String,
    /// Whether it takes new requests; it is drained where it does not.
    pub enabled: bool,
    /// Whether anybody's requests go there.
    pub in_use: bool,
    /// Requests that it serves now.
    pub in_flight: u64,
    /// Whether there is a credential that works, as far as it is known.
    pub has_credential: bool,
    /// When that credential ends; it is replaced well before. Null where it does not end.
    pub credential_expires_at: Option<DateTime<Utc>>,
    /// Why no credential could be fetched the last time.
    pub credential_trouble: Option<String>,
    /// Its models, as far as they were called.
    pub models: Vec<ModelHealth>,
}

/// How one model does at an endpoint; counts are of the last quarter of an hour.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ModelHealth {
    /// The model.
    pub model: String,
    /// `messages` or `count_tokens`.
    pub route: &'static str,
    /// `closed`, `throttled`, `half_open`, `open` or `parked`.
    pub breaker: &'static str,
    /// When a blocked one is tried again.
    pub blocked_until: Option<DateTime<Utc>>,
    /// Calls whose answer began.
    pub served: u64,
    /// Calls that were throttled.
    pub throttled: u64,
    /// Calls that failed by a fault of the endpoint.
    pub faults: u64,
    /// Calls for which the gateway's credential was not taken.
    pub refused: u64,
    /// Median time until an answer began, in milliseconds.
    pub p50_ms: Option<f64>,
    /// 95th percentile of it.
    pub p95_ms: Option<f64>,
}

/// How the endpoints do; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn health(
    caller: &Caller,
    endpoints: &Endpoints,
) -> Result<EndpointsHealth, ControlError> {
    caller.admin()?;
    let reports = endpoints.report().await.map_err(|_| ControlError::Unavailable)?;
    Ok(EndpointsHealth { data: reports.into_iter().map(EndpointHealth::of).collect() })
}

impl EndpointHealth {
    /// What is known of an endpoint that this instance has not heard of yet.
    pub(super) fn unheard_of(endpoint: Endpoint) -> Self {
        let geography = || Geography::of_region(&endpoint.region).prefix().to_owned();
        Self {
            id: Some(endpoint.id),
            geography: endpoint.geography.clone().unwrap_or_else(geography),
            name: endpoint.name,
            region: endpoint.region,
            enabled: endpoint.enabled,
            in_use: false,
            in_flight: 0,
            has_credential: false,
            credential_expires_at: None,
            credential_trouble: None,
            models: Vec::new(),
        }
    }

    pub(super) fn of(report: EndpointReport) -> Self {
        Self {
            id: report.id,
            name: report.name,
            region: report.region,
            geography: report.geography.prefix().to_owned(),
            enabled: report.enabled,
            in_use: report.in_use,
            in_flight: report.in_flight as u64,
            has_credential: report.has_credential,
            credential_expires_at: report.credential_expires_at.map(DateTime::from),
            credential_trouble: report.credential_trouble,
            models: report.places.into_iter().map(ModelHealth::of).collect(),
        }
    }
}

impl ModelHealth {
    fn of(place: PlaceReport) -> Self {
        Self {
            model: place.model,
            route: place.route.name(),
            breaker: place.phase.name(),
            blocked_until: place.blocked_until.and_then(at),
            served: place.recent.served,
            throttled: place.recent.throttled,
            faults: place.recent.faults,
            refused: place.recent.refused,
            p50_ms: place.recent.p50_ms,
            p95_ms: place.recent.p95_ms,
        }
    }
}

fn at(time: Duration) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(i64::try_from(time.as_millis()).ok()?)
}
