//! One endpoint as it is now: its health, and what AWS has told of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::health::EndpointHealth;
use crate::actors::endpoints::Endpoints;
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::domain::geography::Geography;
use crate::domain::model::{self, ListedProfile};
use crate::domain::quota::{Measure, Quota, Reach};
use crate::storage::endpoints::running;
use crate::storage::probes::{self, Probe};
use crate::storage::{Connection, StorageError};

/// One endpoint as it is now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct EndpointStatus {
    /// How it does, as the instance that answers knows it.
    pub health: EndpointHealth,
    /// Requests that all instances have there, within seconds; counted only while it is drained.
    pub running: Option<u64>,
    /// When AWS was asked last; null where that was never, or is just under way.
    pub probed_at: Option<DateTime<Utc>>,
    /// The inference profiles of Claude that Bedrock lists there.
    pub profiles: Vec<Profile>,
    /// Why the last question for them brought none; those shown are older.
    pub profiles_error: Option<String>,
    /// What the account may ask of each model in this region.
    pub quotas: Vec<ModelQuota>,
    /// Why the last question for them brought none; those shown are older.
    pub quotas_error: Option<String>,
}

/// An inference profile that Bedrock lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Profile {
    /// Its id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// What it was called.
    pub name: String,
    /// The model behind it, where the gateway knows it.
    pub model: Option<String>,
    /// Bedrock's id of the foundation model behind it.
    pub base: String,
    /// Whether somebody made it, for cost tags.
    pub application: bool,
    /// Whether it is within the geography of the endpoint; others are not used.
    pub in_geography: bool,
}

/// What the account may ask of a model; null where AWS tells of no such quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ModelQuota {
    /// The model.
    pub model: String,
    /// Calls by which profiles: `on_demand`, `cross_region` or `global`.
    pub reach: &'static str,
    /// Whether this is for requests with the long context only.
    pub long_context: bool,
    /// Requests in a minute.
    pub requests_per_minute: Option<u64>,
    /// Tokens in a minute; Bedrock reserves `max_tokens` of each request up front.
    pub tokens_per_minute: Option<u64>,
    /// Tokens in a day.
    pub tokens_per_day: Option<u64>,
}

/// How one endpoint is; the nil id means the endpoint of the gateway's own environment. For admins.
///
/// # Errors
/// [`ControlError`]
pub async fn status(
    control: &Control,
    caller: &Caller,
    endpoints: &Endpoints,
    id: Uuid,
) -> Result<EndpointStatus, ControlError> {
    caller.admin()?;
    let reports = endpoints.report().await.map_err(|_| ControlError::Unavailable)?;
    let wanted = (!id.is_nil()).then_some(id);
    let report = reports.into_iter().find(|report| report.id == wanted);
    let health = match report {
        Some(report) => EndpointHealth::of(report),
        // It may have been made a moment ago, and this instance is yet to hear of it.
        None => EndpointHealth::unheard_of(super::get(control, caller, id).await?),
    };
    let is_drained = !health.enabled;
    let read = control.read(async move |c: &mut Connection| {
        let running = if is_drained { Some(running::sum(c, id).await?) } else { None };
        Ok::<_, StorageError>((running, probes::get(c, id).await?))
    });
    let (running, probe) = read.await?;
    // What this instance knows is newer than what it has written.
    let running = running.map(|sum| u64::try_from(sum).unwrap_or(0).max(health.in_flight));
    Ok(EndpointStatus::of(health, running, probe))
}

impl EndpointStatus {
    fn of(health: EndpointHealth, running: Option<u64>, probe: Option<Probe>) -> Self {
        let Some(probe) = probe else {
            return Self {
                health,
                running,
                probed_at: None,
                profiles: Vec::new(),
                profiles_error: None,
                quotas: Vec::new(),
                quotas_error: None,
            };
        };
        let geography = Geography::named(&health.geography);
        let listed = |profile| Profile::of(profile, geography);
        Self {
            health,
            running,
            probed_at: probe.ended_at,
            profiles: probe.profiles.into_iter().map(listed).collect(),
            profiles_error: probe.profiles_error,
            quotas: by_model(probe.quotas),
            quotas_error: probe.quotas_error,
        }
    }
}

impl Profile {
    fn of(listed: ListedProfile, geography: Option<Geography>) -> Self {
        Self {
            model: listed.model().map(|model| model.id.to_owned()),
            in_geography: geography.is_some_and(|geography| listed.is_within(geography)),
            id: listed.id,
            arn: listed.arn,
            name: listed.name,
            base: listed.base,
            application: listed.application,
        }
    }
}

fn by_model(quotas: Vec<Quota>) -> Vec<ModelQuota> {
    let mut found = BTreeMap::<(String, Reach, bool), ModelQuota>::new();
    for quota in quotas {
        let key = (quota.model.clone(), quota.reach, quota.long_context);
        let entry = found.entry(key).or_insert_with(|| ModelQuota {
            model: quota.model,
            reach: quota.reach.name(),
            long_context: quota.long_context,
            requests_per_minute: None,
            tokens_per_minute: None,
            tokens_per_day: None,
        });
        *match quota.measure {
            Measure::RequestsPerMinute => &mut entry.requests_per_minute,
            Measure::TokensPerMinute => &mut entry.tokens_per_minute,
            Measure::TokensPerDay => &mut entry.tokens_per_day,
        } = Some(quota.value);
    }
    let mut found: Vec<ModelQuota> = found.into_values().collect();
    // Newest models first, as everywhere.
    found.sort_by_key(|quota| model::all().iter().position(|model| model.id == quota.model));
    found
}
