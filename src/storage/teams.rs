//! The table `teams`.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::order::{Order, ordered};
use super::schema::{teams, users};

/// A team as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = teams, treat_none_as_null = true, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct TeamRow {
    pub id: Uuid,
    pub name: String,
    pub created_at: DateTime<Utc>,
    pub models: Option<Vec<String>>,
    pub requests_per_minute: Option<i32>,
    pub tokens_per_minute: Option<i32>,
    pub concurrent_streams: Option<i32>,
}

/// At most `limit` teams, with how many members each has.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    search: Option<&str>,
    order: &Order,
    limit: i64,
) -> Result<Vec<(TeamRow, i64)>, StorageError> {
    // Members are counted for the page alone.
    let members = users::table.filter(users::team_id.eq(teams::id.nullable())).count();
    let mut query = teams::table
        .select((TeamRow::as_select(), members.single_value().assume_not_null()))
        .limit(limit)
        .into_boxed();
    if let Some(search) = search {
        query = query.filter(teams::name.ilike(super::containing(search)));
    }
    let query = ordered!(query, order, teams::id, teams::name);
    Ok(query.load(connection).await?)
}

/// One team, with how many members it has.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<(TeamRow, i64)>, StorageError> {
    let query = teams::table
        .left_join(users::table)
        .filter(teams::id.eq(id))
        .group_by(teams::id)
        .select((TeamRow::as_select(), diesel::dsl::count(users::id.nullable())));
    Ok(query.first(connection).await.optional()?)
}

/// The ids and names of at most `limit` teams, by name.
///
/// # Errors
/// [`StorageError`]
pub async fn names(
    connection: &mut Connection,
    limit: i64,
) -> Result<Vec<(Uuid, String)>, StorageError> {
    let query = teams::table.select((teams::id, teams::name)).order(teams::name).limit(limit);
    Ok(query.load(connection).await?)
}

/// The name of a team, where it exists.
///
/// # Errors
/// [`StorageError`]
pub async fn name(connection: &mut Connection, id: Uuid) -> Result<Option<String>, StorageError> {
    let query = teams::table.filter(teams::id.eq(id)).select(teams::name);
    Ok(query.first(connection).await.optional()?)
}

/// Writes a new team.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn insert(connection: &mut Connection, team: &TeamRow) -> Result<(), StorageError> {
    diesel::insert_into(teams::table).values(team).execute(connection).await?;
    Ok(())
}

/// Writes all columns of a team that exists.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn update(connection: &mut Connection, team: &TeamRow) -> Result<(), StorageError> {
    let target = teams::table.filter(teams::id.eq(team.id));
    diesel::update(target).set(team).execute(connection).await?;
    Ok(())
}

/// Takes a team away; its members and keys stay without one.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(teams::table.filter(teams::id.eq(id))).execute(connection).await?;
    Ok(())
}
