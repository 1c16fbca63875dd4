//! The table `scim_users`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::{Window, lower};
use crate::storage::database::Connection;
use crate::storage::error::StorageError;
use crate::storage::schema::{scim_users, users};

/// A provisioned user as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = scim_users, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns")]
pub struct ScimUserRow {
    pub user_id: Uuid,
    pub provider_id: Uuid,
    pub user_name: String,
    pub external_id: Option<String>,
    pub attributes: Value,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A provisioned user, and whether the user is active.
pub type WithActive = (ScimUserRow, bool);

/// The users of a provider within a window.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    provider_id: Uuid,
    window: &Window,
) -> Result<Vec<WithActive>, StorageError> {
    let mut query = scim_users::table
        .inner_join(users::table)
        .filter(scim_users::provider_id.eq(provider_id))
        .select((ScimUserRow::as_select(), users::active))
        .order(scim_users::user_id)
        .offset(window.offset)
        .limit(window.limit)
        .into_boxed();
    if let Some(id) = window.id {
        query = query.filter(scim_users::user_id.eq(id));
    }
    if let Some(name) = &window.name {
        query = query.filter(lower(scim_users::user_name).eq(name.to_lowercase()));
    }
    if let Some(external_id) = &window.external_id {
        query = query.filter(scim_users::external_id.eq(external_id.clone()));
    }
    if let Some(after) = window.after {
        query = query.filter(scim_users::user_id.gt(after));
    }
    Ok(query.load(connection).await?)
}

/// How many users each of these providers has, where it has any.
///
/// # Errors
/// [`StorageError`]
pub async fn counts(
    connection: &mut Connection,
    providers: &[Uuid],
) -> Result<HashMap<Uuid, i64>, StorageError> {
    let counted = scim_users::table
        .filter(scim_users::provider_id.eq_any(providers))
        .group_by(scim_users::provider_id)
        .select((scim_users::provider_id, diesel::dsl::count_star()));
    Ok(counted.load(connection).await?.into_iter().collect())
}

/// How many users a provider has.
///
/// # Errors
/// [`StorageError`]
pub async fn count(connection: &mut Connection, provider_id: Uuid) -> Result<i64, StorageError> {
    let of_provider = scim_users::table.filter(scim_users::provider_id.eq(provider_id));
    Ok(of_provider.count().get_result(connection).await?)
}

/// The ids of all users of a provider.
///
/// # Errors
/// [`StorageError`]
pub async fn ids(
    connection: &mut Connection,
    provider_id: Uuid,
) -> Result<Vec<Uuid>, StorageError> {
    let of_provider = scim_users::table.filter(scim_users::provider_id.eq(provider_id));
    Ok(of_provider.select(scim_users::user_id).load(connection).await?)
}

/// One user of a provider.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    provider_id: Uuid,
    id: Uuid,
) -> Result<Option<WithActive>, StorageError> {
    let window = Window { id: Some(id), limit: 1, ..Window::default() };
    Ok(list(connection, provider_id, &window).await?.pop())
}

/// Keeps one user of a provider as it is until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn lock(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let row = scim_users::table.find(id).select(scim_users::user_id).for_update();
    row.load::<Uuid>(connection).await?;
    Ok(())
}

/// The user that a provider has provisioned for somebody who signs in there for the first time: by
/// the provider's own id, else by the verified e-mail address as the name.
///
/// # Errors
/// [`StorageError`]
pub async fn for_sign_in(
    connection: &mut Connection,
    provider_id: Uuid,
    subject: &str,
    verified_email: Option<&str>,
) -> Result<Option<Uuid>, StorageError> {
    let by_id = Window { external_id: Some(subject.to_owned()), limit: 1, ..Window::default() };
    if let Some((row, _)) = list(connection, provider_id, &by_id).await?.pop() {
        return Ok(Some(row.user_id));
    }
    let Some(email) = verified_email else { return Ok(None) };
    let by_name = Window { name: Some(email.to_owned()), limit: 1, ..Window::default() };
    Ok(list(connection, provider_id, &by_name).await?.pop().map(|(row, _)| row.user_id))
}

/// Writes a new user of a provider.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the provider has one of this name or id.
pub async fn insert(connection: &mut Connection, user: &ScimUserRow) -> Result<(), StorageError> {
    diesel::insert_into(scim_users::table).values(user).execute(connection).await?;
    Ok(())
}

/// Writes all columns of a user of a provider.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the provider has one of this name or id.
pub async fn update(connection: &mut Connection, user: &ScimUserRow) -> Result<(), StorageError> {
    let target = scim_users::table.find(user.user_id);
    diesel::update(target).set(user).execute(connection).await?;
    Ok(())
}
