//! How a team's requests are routed: its row of `teams`, and the table `team_endpoints`.

use diesel::prelude::*;
use diesel::sql_types::{Text, Uuid as SqlUuid};
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

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The names of teams that would have no enabled endpoint left without this one, twenty at the most.
///
/// # Errors
/// [`StorageError`]
pub async fn teams_without_another(
    connection: &mut Connection,
    endpoint: Uuid,
) -> Result<Vec<String>, StorageError> {
    let rows: Vec<Named> = diesel::sql_query(
        "select name from teams join team_endpoints as its on its.team_id = teams.id
         where its.endpoint_id = $1 and not exists (
             select from team_endpoints as other join endpoints on endpoints.id = other.endpoint_id
             where other.team_id = teams.id and other.endpoint_id <> $1 and endpoints.enabled
         )
         order by name limit 20",
    )
    .bind::<SqlUuid, _>(endpoint)
    .load(connection)
    .await?;
    Ok(rows.into_iter().map(|row| row.name).collect())
}
