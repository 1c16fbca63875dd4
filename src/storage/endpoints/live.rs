//! All that routing goes by, read at once.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{EndpointRow, ProfileRow};
use crate::storage::database::{Connection, Database};
use crate::storage::error::StorageError;
use crate::storage::probes::{self, Probe};
use crate::storage::schema::{endpoint_profiles, endpoints, model_mappings, team_endpoints, teams};

/// Rows of each kind that are read at the most.
const MOST: i64 = 10_000;

/// How a team's requests are routed.
#[derive(Debug, Clone)]
pub struct TeamRouting {
    /// The team.
    pub team_id: Uuid,
    /// Its endpoints, in the order of preference.
    pub endpoints: Vec<Uuid>,
}

/// All that routing goes by.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// The endpoints, disabled ones too, in the order of preference.
    pub endpoints: Vec<EndpointRow>,
    /// Their application inference profiles.
    pub profiles: Vec<ProfileRow>,
    /// Teams that have endpoints.
    pub teams: Vec<TeamRouting>,
    /// The strategies of teams that have one of their own.
    pub strategies: Vec<(Uuid, String)>,
    /// Names given to models, and what each stands for.
    pub mappings: Vec<(String, String)>,
    /// What AWS's control planes have told of the endpoints.
    pub probes: Vec<Probe>,
}

/// Reads all that routing goes by.
///
/// # Errors
/// [`StorageError`]
pub async fn live(database: &Database) -> Result<Live, StorageError> {
    database.run(async |mut connection| Ok(read(&mut connection).await?)).await
}

async fn read(connection: &mut Connection) -> QueryResult<Live> {
    let by_preference = (endpoints::priority, endpoints::name);
    let found = endpoints::table.select(EndpointRow::as_select()).order(by_preference).limit(MOST);
    let endpoints = found.load(connection).await?;
    let found = endpoint_profiles::table.select(ProfileRow::as_select()).limit(MOST);
    let profiles = found.load(connection).await?;
    let assigned: Vec<(Uuid, Uuid)> = team_endpoints::table
        .select((team_endpoints::team_id, team_endpoints::endpoint_id))
        .order((team_endpoints::team_id, team_endpoints::position))
        .limit(MOST)
        .load(connection)
        .await?;
    let mut teams = Vec::<TeamRouting>::new();
    for (team_id, endpoint_id) in assigned {
        match teams.last_mut().filter(|team| team.team_id == team_id) {
            Some(team) => team.endpoints.push(endpoint_id),
            None => teams.push(TeamRouting { team_id, endpoints: vec![endpoint_id] }),
        }
    }
    let strategies = teams::table
        .filter(teams::routing_strategy.is_not_null())
        .select((teams::id, teams::routing_strategy.assume_not_null()))
        .limit(MOST);
    let strategies = strategies.load(connection).await?;
    let mappings = model_mappings::table
        .select((model_mappings::name, model_mappings::target))
        .limit(MOST)
        .load(connection)
        .await?;
    let probes = probes::all(connection).await?;
    Ok(Live { endpoints, profiles, teams, strategies, mappings, probes })
}
