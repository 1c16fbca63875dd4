//! How a team's requests are routed: its row of `teams`, and the table `team_endpoints`.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::schema::{endpoints, team_endpoints, teams};

/// An endpoint of a team, as it is stored.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = team_endpoints)]
#[expect(missing_docs, reason = "the columns")]
pub struct TeamEndpointRow {
    pub team_id: Uuid,
    pub endpoint_id: Uuid,
    pub position: i32,
}

/// The strategy of a team that exists, where it has one of its own.
///
/// # Errors
/// [`StorageError`]
pub async fn strategy(
    connection: &mut Connection,
    team: Uuid,
) -> Result<Option<Option<String>>, StorageError> {
    let query = teams::table.filter(teams::id.eq(team)).select(teams::routing_strategy);
    Ok(query.first(connection).await.optional()?)
}

/// A team's endpoints with their names, in the order of preference.
///
/// # Errors
/// [`StorageError`]
pub async fn endpoints(
    connection: &mut Connection,
    team: Uuid,
) -> Result<Vec<(Uuid, String)>, StorageError> {
    let query = team_endpoints::table
        .inner_join(endpoints::table)
        .filter(team_endpoints::team_id.eq(team))
        .order(team_endpoints::position)
        .select((endpoints::id, endpoints::name));
    Ok(query.load(connection).await?)
}

/// Those of these endpoints that exist.
///
/// # Errors
/// [`StorageError`]
pub async fn known(connection: &mut Connection, ids: &[Uuid]) -> Result<Vec<Uuid>, StorageError> {
    let query = endpoints::table.filter(endpoints::id.eq_any(ids)).select(endpoints::id);
    Ok(query.load(connection).await?)
}

/// Puts a strategy and endpoints in the place of those that a team has.
///
/// # Errors
/// [`StorageError`]
pub async fn replace(
    connection: &mut Connection,
    team: Uuid,
    strategy: Option<&str>,
    rows: &[TeamEndpointRow],
) -> Result<(), StorageError> {
    let target = teams::table.filter(teams::id.eq(team));
    diesel::update(target).set(teams::routing_strategy.eq(strategy)).execute(connection).await?;
    let old = team_endpoints::table.filter(team_endpoints::team_id.eq(team));
    diesel::delete(old).execute(connection).await?;
    diesel::insert_into(team_endpoints::table).values(rows).execute(connection).await?;
    Ok(())
}
