//! The tables `endpoints` and `endpoint_profiles`.

mod live;
pub mod running;

use chrono::{DateTime, Utc};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

pub use live::{Live, TeamRouting, live};

use super::database::Connection;
use super::error::StorageError;
use super::schema::{endpoint_profiles, endpoints};

/// An endpoint as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = endpoints, treat_none_as_null = true, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct EndpointRow {
    pub id: Uuid,
    pub name: String,
    pub region: String,
    pub geography: Option<String>,
    pub credential: String,
    pub role_arn: Option<String>,
    pub external_id: Option<String>,
    pub session_tags: bool,
    pub api_key: Option<Vec<u8>>,
    pub runtime_url: Option<String>,
    pub control_url: Option<String>,
    pub priority: i32,
    pub enabled: bool,
    pub is_default: bool,
    pub created_at: DateTime<Utc>,
    pub guardrail_id: Option<String>,
    pub guardrail_version: Option<String>,
}

impl EndpointRow {
    /// The purpose that the API key of an endpoint is sealed for.
    #[must_use]
    pub fn key_purpose(id: Uuid) -> String {
        format!("endpoints/{id}")
    }

    /// Whether AWS would tell the same of it as of `other`: of one account in one region, asked at one
    /// address.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        fn place(row: &EndpointRow) -> impl PartialEq + use<'_> {
            let EndpointRow { region, credential, role_arn, external_id, .. } = row;
            (region, credential, role_arn, external_id, &row.api_key, &row.control_url)
        }
        place(self) == place(other)
    }
}

/// An application inference profile as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = endpoint_profiles, check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct ProfileRow {
    pub endpoint_id: Uuid,
    pub model: String,
    pub profile: String,
}

/// At most `limit` endpoints, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<EndpointRow>, StorageError> {
    let query = endpoints::table.select(EndpointRow::as_select());
    let mut query = query.order(endpoints::id.desc()).limit(limit).into_boxed();
    if let Some(before) = before {
        query = query.filter(endpoints::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// One endpoint.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    id: Uuid,
) -> Result<Option<EndpointRow>, StorageError> {
    let query = endpoints::table.filter(endpoints::id.eq(id)).select(EndpointRow::as_select());
    Ok(query.first(connection).await.optional()?)
}

/// The profiles of these endpoints, in the order of their models.
///
/// # Errors
/// [`StorageError`]
pub async fn profiles(
    connection: &mut Connection,
    ids: &[Uuid],
) -> Result<Vec<ProfileRow>, StorageError> {
    let query = endpoint_profiles::table
        .filter(endpoint_profiles::endpoint_id.eq_any(ids))
        .order((endpoint_profiles::endpoint_id, endpoint_profiles::model))
        .select(ProfileRow::as_select());
    Ok(query.load(connection).await?)
}

/// How many endpoints there are.
///
/// # Errors
/// [`StorageError`]
pub async fn count(connection: &mut Connection) -> Result<i64, StorageError> {
    Ok(endpoints::table.count().get_result(connection).await?)
}

/// Writes a new endpoint.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn insert(
    connection: &mut Connection,
    endpoint: &EndpointRow,
) -> Result<(), StorageError> {
    diesel::insert_into(endpoints::table).values(endpoint).execute(connection).await?;
    Ok(())
}

/// Writes all columns of an endpoint that exists.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name is taken.
pub async fn update(
    connection: &mut Connection,
    endpoint: &EndpointRow,
) -> Result<(), StorageError> {
    let target = endpoints::table.filter(endpoints::id.eq(endpoint.id));
    diesel::update(target).set(endpoint).execute(connection).await?;
    Ok(())
}

/// Lets an endpoint take requests, or no new ones.
///
/// # Errors
/// [`StorageError`]
pub async fn enable(
    connection: &mut Connection,
    id: Uuid,
    enabled: bool,
) -> Result<(), StorageError> {
    let target = endpoints::table.filter(endpoints::id.eq(id));
    diesel::update(target).set(endpoints::enabled.eq(enabled)).execute(connection).await?;
    Ok(())
}

/// Puts `rows` in the place of all profiles of an endpoint.
///
/// # Errors
/// [`StorageError`]
pub async fn replace_profiles(
    connection: &mut Connection,
    id: Uuid,
    rows: &[ProfileRow],
) -> Result<(), StorageError> {
    let old = endpoint_profiles::table.filter(endpoint_profiles::endpoint_id.eq(id));
    diesel::delete(old).execute(connection).await?;
    diesel::insert_into(endpoint_profiles::table).values(rows).execute(connection).await?;
    Ok(())
}

/// Takes an endpoint away, out of all teams too.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(endpoints::table.filter(endpoints::id.eq(id))).execute(connection).await?;
    Ok(())
}
