//! Users: make, list, change, take away. There is always an active admin.

pub(super) mod admission;
mod view;

use chrono::Utc;
use uuid::Uuid;

pub use view::{CreateUser, EditUser, User, UserFilter};

use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::{Control, field, teams};
use crate::domain::principal::Role;
use crate::storage::Connection;
use crate::storage::users::{self, Filter, UserRow};

/// What changes with a user.
const TABLES: &[&str] = &["users"];

/// A page of the users; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: UserFilter,
    paging: Paging,
) -> Result<Page<User>, ControlError> {
    caller.admin()?;
    let filter = Filter {
        team_id: asked.team_id,
        role: asked.role.map(Role::name),
        active: asked.active,
        search: field::search(asked.search)?,
        order: paging.order()?,
    };
    let (size, rows) = (paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| users::list(c, &filter, rows).await);
    let found = found.await?.into_iter().map(User::of).collect();
    Ok(Page::of(found, size, |user| paging.place(user.id, &user.name)))
}

/// One user; members see themselves.
///
/// # Errors
/// [`ControlError`]
pub async fn get(control: &Control, caller: &Caller, id: Uuid) -> Result<User, ControlError> {
    let reach = caller.reach()?;
    if !reach.covers(id) {
        return Err(ControlError::NotFound("user"));
    }
    let found = control.read(async move |c: &mut Connection| users::get(c, id).await).await?;
    found.map(User::of).ok_or(ControlError::NotFound("user"))
}

/// Makes a user.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: CreateUser,
) -> Result<User, ControlError> {
    caller.admin()?;
    let [requests_per_minute, tokens_per_minute, concurrent_streams] = field::limits(order.limits)?;
    let row = UserRow {
        id: Uuid::now_v7(),
        name: field::name("name", &order.name)?,
        role: order.role.unwrap_or(Role::Member).name().to_owned(),
        team_id: order.team_id,
        created_at: Utc::now(),
        email: order.email.map(|email| field::email("email", &email)).transpose()?,
        active: true,
        requests_per_minute,
        tokens_per_minute,
        concurrent_streams,
    };
    let written = control.write(caller, async move |c: &mut Connection| {
        teams::must_exist(c, "team_id", row.team_id).await?;
        users::insert(c, &row).await.map_err(ControlError::name_taken("user"))?;
        let user = read(c, row.id).await?;
        let change = Change::new("user.create", TABLES).of(user.id, &user.name).after(&user);
        Ok((user, change))
    });
    written.await
}

/// Changes a user. One that is made inactive loses keys, sessions and running requests at once.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: EditUser,
) -> Result<User, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let admins = users::lock_admins(c).await?;
        let (mut row, team) = users::get(c, id).await?.ok_or(ControlError::NotFound("user"))?;
        let before = User::of((row.clone(), team));
        change(c, &mut row, order).await?;
        let still_admin = row.active && Role::of(&row.role) == Role::Admin;
        if !still_admin {
            another_admin_is_left(&admins, id)?;
        }
        users::update(c, &row).await.map_err(ControlError::name_taken("user"))?;
        let after = read(c, id).await?;
        let change = Change::new("user.edit", TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

async fn change(
    connection: &mut Connection,
    row: &mut UserRow,
    order: EditUser,
) -> Result<(), ControlError> {
    if let Some(name) = order.name {
        row.name = field::name("name", &name)?;
    }
    if let Some(role) = order.role {
        role.name().clone_into(&mut row.role);
    }
    if let Some(team_id) = order.team_id {
        teams::must_exist(connection, "team_id", team_id).await?;
        row.team_id = team_id;
    }
    if let Some(email) = order.email {
        row.email = email.map(|email| field::email("email", &email)).transpose()?;
    }
    if let Some(active) = order.active {
        row.active = active;
    }
    if let Some(limits) = order.limits {
        [row.requests_per_minute, row.tokens_per_minute, row.concurrent_streams] =
            field::limits(limits)?;
    }
    Ok(())
}

/// Takes a user away with its keys and sessions; its usage stays.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        another_admin_is_left(&users::lock_admins(c).await?, id)?;
        let before = read(c, id).await?;
        users::delete(c, id).await?;
        let change = Change::new("user.delete", &["users", "api_keys"]).of(id, &before.name);
        Ok(((), change.before(&before)))
    });
    written.await
}

/// Refuses to lose the last active admin.
pub(super) fn another_admin_is_left(admins: &[Uuid], id: Uuid) -> Result<(), ControlError> {
    let is_last = admins.contains(&id) && admins.len() == 1;
    if !is_last {
        return Ok(());
    }
    let message = "This is the last active admin: make somebody else an admin first.";
    Err(ControlError::conflict("last_admin", message))
}

pub(super) async fn read(connection: &mut Connection, id: Uuid) -> Result<User, ControlError> {
    users::get(connection, id).await?.map(User::of).ok_or(ControlError::NotFound("user"))
}
