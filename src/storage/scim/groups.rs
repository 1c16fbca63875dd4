//! The tables `scim_groups` and `scim_members`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Window, lower};
use crate::storage::database::Connection;
use crate::storage::error::StorageError;
use crate::storage::schema::{scim_groups, scim_members, scim_users};

/// Rows that one insert writes at the most.
const AT_ONCE: usize = 5000;

/// A group as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = scim_groups, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns")]
pub struct GroupRow {
    pub id: Uuid,
    pub provider_id: Uuid,
    pub display_name: String,
    pub external_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Who is in a group: the group, the user.
pub type Member = (Uuid, Uuid);

/// The groups of a provider within a window.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    provider_id: Uuid,
    window: &Window,
) -> Result<Vec<GroupRow>, StorageError> {
    let mut query = scim_groups::table
        .filter(scim_groups::provider_id.eq(provider_id))
        .select(GroupRow::as_select())
        .order(scim_groups::id)
        .offset(window.offset)
        .limit(window.limit)
        .into_boxed();
    if let Some(id) = window.id {
        query = query.filter(scim_groups::id.eq(id));
    }
    if let Some(name) = &window.name {
        query = query.filter(lower(scim_groups::display_name).eq(name.to_lowercase()));
    }
    if let Some(external_id) = &window.external_id {
        query = query.filter(scim_groups::external_id.eq(external_id.clone()));
    }
    if let Some(after) = window.after {
        query = query.filter(scim_groups::id.gt(after));
    }
    Ok(query.load(connection).await?)
}

/// How many groups each of these providers has, where it has any.
///
/// # Errors
/// [`StorageError`]
pub async fn counts(
    connection: &mut Connection,
    providers: &[Uuid],
) -> Result<HashMap<Uuid, i64>, StorageError> {
    let counted = scim_groups::table
        .filter(scim_groups::provider_id.eq_any(providers))
        .group_by(scim_groups::provider_id)
        .select((scim_groups::provider_id, diesel::dsl::count_star()));
    Ok(counted.load(connection).await?.into_iter().collect())
}

/// How many groups a provider has.
///
/// # Errors
/// [`StorageError`]
pub async fn count(connection: &mut Connection, provider_id: Uuid) -> Result<i64, StorageError> {
    let of_provider = scim_groups::table.filter(scim_groups::provider_id.eq(provider_id));
    Ok(of_provider.count().get_result(connection).await?)
}

/// One group of a provider.
///
/// # Errors
/// [`StorageError`]
pub async fn get(
    connection: &mut Connection,
    provider_id: Uuid,
    id: Uuid,
) -> Result<Option<GroupRow>, StorageError> {
    let window = Window { id: Some(id), limit: 1, ..Window::default() };
    Ok(list(connection, provider_id, &window).await?.pop())
}

/// Keeps one group as it is until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn lock(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    let row = scim_groups::table.find(id).select(scim_groups::id).for_update();
    row.load::<Uuid>(connection).await?;
    Ok(())
}

/// At most `limit` members of these groups.
///
/// # Errors
/// [`StorageError`]
pub async fn members(
    connection: &mut Connection,
    groups: &[Uuid],
    limit: i64,
) -> Result<Vec<Member>, StorageError> {
    let query = scim_members::table
        .filter(scim_members::group_id.eq_any(groups))
        .select((scim_members::group_id, scim_members::user_id))
        .order((scim_members::group_id, scim_members::user_id))
        .limit(limit);
    Ok(query.load(connection).await?)
}

/// The groups that these users are in: the user, the group, the group's name.
///
/// # Errors
/// [`StorageError`]
pub async fn of_users(
    connection: &mut Connection,
    users: &[Uuid],
) -> Result<Vec<(Uuid, Uuid, String)>, StorageError> {
    let query = scim_members::table
        .inner_join(scim_groups::table)
        .filter(scim_members::user_id.eq_any(users))
        .select((scim_members::user_id, scim_groups::id, scim_groups::display_name))
        .order((scim_members::user_id, scim_groups::id));
    Ok(query.load(connection).await?)
}

/// Those of these users that the provider has.
///
/// # Errors
/// [`StorageError`]
pub async fn users_of(
    connection: &mut Connection,
    provider_id: Uuid,
    users: &[Uuid],
) -> Result<Vec<Uuid>, StorageError> {
    let query = scim_users::table
        .filter(scim_users::provider_id.eq(provider_id))
        .filter(scim_users::user_id.eq_any(users))
        .select(scim_users::user_id);
    Ok(query.load(connection).await?)
}

/// Writes a new group.
///
/// # Errors
/// [`StorageError`]
pub async fn insert(connection: &mut Connection, group: &GroupRow) -> Result<(), StorageError> {
    diesel::insert_into(scim_groups::table).values(group).execute(connection).await?;
    Ok(())
}

/// Writes all columns of a group.
///
/// # Errors
/// [`StorageError`]
pub async fn update(connection: &mut Connection, group: &GroupRow) -> Result<(), StorageError> {
    let target = scim_groups::table.find(group.id);
    diesel::update(target).set(group).execute(connection).await?;
    Ok(())
}

/// Takes a group away.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(scim_groups::table.find(id)).execute(connection).await?;
    Ok(())
}

/// Takes users out of a group and puts others in.
///
/// # Errors
/// [`StorageError`]
pub async fn change_members(
    connection: &mut Connection,
    group_id: Uuid,
    out: &[Uuid],
    into: &[Uuid],
) -> Result<(), StorageError> {
    let of_group = scim_members::table.filter(scim_members::group_id.eq(group_id));
    let leaving = of_group.filter(scim_members::user_id.eq_any(out));
    diesel::delete(leaving).execute(connection).await?;
    for some in into.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|user| (scim_members::group_id.eq(group_id), scim_members::user_id.eq(*user)))
            .collect();
        let insert = diesel::insert_into(scim_members::table).values(rows);
        insert.on_conflict_do_nothing().execute(connection).await?;
    }
    Ok(())
}
