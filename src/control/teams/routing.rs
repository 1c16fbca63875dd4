//! How a team's requests are routed: its endpoints and their strategy.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::domain::routing::Strategy;
use crate::storage::Connection;
use crate::storage::routing::{self, TeamEndpointRow};
use crate::storage::teams;

const TABLES: &[&str] = &["team_endpoints"];
/// Endpoints of a team at the most.
const MAX_ENDPOINTS: usize = 50;

/// How a team's requests are routed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TeamRouting {
    /// How one of the endpoints is chosen; null for `sticky_session`.
    pub strategy: Option<Strategy>,
    /// The endpoints, in the order of preference; a team with any never leaves them, one with none
    /// uses the default ones.
    pub endpoints: Vec<TeamEndpoint>,
}

/// An endpoint of a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TeamEndpoint {
    /// The id.
    pub id: Uuid,
    /// The name.
    pub name: String,
}

/// The order to route a team's requests so.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteTeam {
    /// How one of the endpoints is chosen; `sticky_session` where it is not given.
    pub strategy: Option<Strategy>,
    /// The endpoints' ids, in the order of preference; none for the default ones.
    #[schema(max_items = 50)]
    pub endpoints: Vec<Uuid>,
}

/// How a team's requests are routed; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn get(
    control: &Control,
    caller: &Caller,
    team: Uuid,
) -> Result<TeamRouting, ControlError> {
    caller.admin()?;
    let found = control.read(async move |c: &mut Connection| {
        Ok((routing::strategy(c, team).await?, routing::endpoints(c, team).await?))
    });
    let (strategy, endpoints) = found.await?;
    Ok(view(strategy.ok_or(ControlError::NotFound("team"))?, endpoints))
}

/// Routes a team's requests so from now on.
///
/// # Errors
/// [`ControlError`]
pub async fn put(
    control: &Control,
    caller: &Caller,
    team: Uuid,
    order: RouteTeam,
) -> Result<TeamRouting, ControlError> {
    caller.admin()?;
    let rows = rows(team, &order.endpoints)?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let name = teams::name(c, team).await?.ok_or(ControlError::NotFound("team"))?;
        let known = routing::known(c, &order.endpoints).await?;
        if let Some(missing) = order.endpoints.iter().find(|id| !known.contains(id)) {
            return Err(ControlError::invalid("endpoints", format!("there is no {missing}")));
        }
        let before = read(c, team).await?;
        let strategy = order.strategy.map(Strategy::name);
        routing::replace(c, team, strategy, &rows).await?;
        let after = read(c, team).await?;
        let change = Change::new("team.route", TABLES).of(team, &name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

async fn read(connection: &mut Connection, team: Uuid) -> Result<TeamRouting, ControlError> {
    let strategy = routing::strategy(connection, team).await?.flatten();
    Ok(view(strategy, routing::endpoints(connection, team).await?))
}

fn view(strategy: Option<String>, endpoints: Vec<(Uuid, String)>) -> TeamRouting {
    let endpoints = endpoints.into_iter().map(|(id, name)| TeamEndpoint { id, name }).collect();
    TeamRouting { strategy: strategy.as_deref().and_then(Strategy::of), endpoints }
}

fn rows(team_id: Uuid, endpoints: &[Uuid]) -> Result<Vec<TeamEndpointRow>, ControlError> {
    let mut ids = endpoints.to_vec();
    ids.sort();
    ids.dedup();
    if ids.len() != endpoints.len() || endpoints.len() > MAX_ENDPOINTS {
        let takes = format!("takes each endpoint once, and at most {MAX_ENDPOINTS}");
        return Err(ControlError::invalid("endpoints", takes));
    }
    let row = |(position, endpoint_id): (i32, &Uuid)| TeamEndpointRow {
        team_id,
        endpoint_id: *endpoint_id,
        position,
    };
    Ok((0..).zip(endpoints).map(row).collect())
}
