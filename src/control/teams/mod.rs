//! Teams: make, list, change, take away; and who is in them.

mod routing;
mod view;

use chrono::Utc;
use uuid::Uuid;

pub use routing::{RouteTeam, TeamRouting, get as routing, put as route};
pub use view::{CreateTeam, EditTeam, Team, TeamFilter};

use super::caller::{Caller, Who};
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::users::{self, EditUser, User};
use super::{Control, field};
use crate::storage::Connection;
use crate::storage::teams::{self, TeamRow};

/// What changes with a team: keys and users carry what their team allows.
const TABLES: &[&str] = &["teams"];
/// Teams that can be chosen from at the most.
const MAX_CHOICES: i64 = 1000;

/// A page of the teams; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: TeamFilter,
    paging: Paging,
) -> Result<Page<Team>, ControlError> {
    caller.admin()?;
    let (search, order) = (field::search(asked.search)?, paging.order()?);
    let (size, rows) = (paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| {
        teams::list(c, search.as_deref(), &order, rows).await
    });
    let found = found.await?.into_iter().map(Team::of).collect();
    Ok(Page::of(found, size, |team| paging.place(team.id, &team.name)))
}

/// The names of all teams by which one is chosen, at most a thousand, by name; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn choices(
    control: &Control,
    caller: &Caller,
) -> Result<Vec<(Uuid, String)>, ControlError> {
    caller.admin()?;
    control.read(async |c: &mut Connection| teams::names(c, MAX_CHOICES).await).await
}

/// One team; members see their own.
///
/// # Errors
/// [`ControlError`]
pub async fn get(control: &Control, caller: &Caller, id: Uuid) -> Result<Team, ControlError> {
    let is_own = matches!(&caller.who, Who::User { team_id, .. } if *team_id == Some(id));
    if !caller.reach()?.is_all() && !is_own {
        return Err(ControlError::NotFound("team"));
    }
    let found = control.read(async move |c: &mut Connection| teams::get(c, id).await).await?;
    found.map(Team::of).ok_or(ControlError::NotFound("team"))
}

/// Makes a team.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: CreateTeam,
) -> Result<Team, ControlError> {
    caller.admin()?;
    let [requests_per_minute, tokens_per_minute, concurrent_streams] = field::limits(order.limits)?;
    let row = TeamRow {
        id: Uuid::now_v7(),
        name: field::name("name", &order.name)?,
        created_at: Utc::now(),
        models: order.models.map(|models| field::models("models", &models)).transpose()?,
        requests_per_minute,
        tokens_per_minute,
        concurrent_streams,
    };
    let written = control.write(caller, async move |c: &mut Connection| {
        teams::insert(c, &row).await.map_err(ControlError::name_taken("team"))?;
        let team = read(c, row.id).await?;
        let change = Change::new("team.create", TABLES).of(team.id, &team.name).after(&team);
        Ok((team, change))
    });
    written.await
}

/// Changes a team.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: EditTeam,
) -> Result<Team, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let (mut row, members) = teams::get(c, id).await?.ok_or(ControlError::NotFound("team"))?;
        let before = Team::of((row.clone(), members));
        if let Some(name) = order.name {
            row.name = field::name("name", &name)?;
        }
        if let Some(models) = order.models {
            row.models = models.map(|models| field::models("models", &models)).transpose()?;
        }
        if let Some(limits) = order.limits {
            [row.requests_per_minute, row.tokens_per_minute, row.concurrent_streams] =
                field::limits(limits)?;
        }
        teams::update(c, &row).await.map_err(ControlError::name_taken("team"))?;
        let after = read(c, id).await?;
        let change = Change::new("team.edit", TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// Takes a team away; its members and keys stay without one.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let before = read(c, id).await?;
        teams::delete(c, id).await?;
        let change = Change::new("team.delete", TABLES).of(id, &before.name);
        Ok(((), change.before(&before)))
    });
    written.await
}

/// Puts a user into a team, out of any other.
///
/// # Errors
/// [`ControlError`]
pub async fn add_member(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    user_id: Uuid,
) -> Result<User, ControlError> {
    get(control, caller, id).await?;
    let order = EditUser { team_id: Some(Some(id)), ..EditUser::default() };
    users::edit(control, caller, user_id, order).await
}

/// Takes a user out of a team.
///
/// # Errors
/// [`ControlError`]; where the user is not in this team, too.
pub async fn remove_member(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    user_id: Uuid,
) -> Result<User, ControlError> {
    caller.admin()?;
    if users::get(control, caller, user_id).await?.team_id != Some(id) {
        return Err(ControlError::NotFound("member"));
    }
    let order = EditUser { team_id: Some(None), ..EditUser::default() };
    users::edit(control, caller, user_id, order).await
}

/// Refuses a team that does not exist, by the field that names it.
pub(super) async fn must_exist(
    connection: &mut Connection,
    field: &'static str,
    id: Option<Uuid>,
) -> Result<(), ControlError> {
    match id {
        Some(id) if teams::name(connection, id).await?.is_none() => {
            Err(ControlError::invalid(field, "there is no such team"))
        }
        _ => Ok(()),
    }
}

async fn read(connection: &mut Connection, id: Uuid) -> Result<Team, ControlError> {
    teams::get(connection, id).await?.map(Team::of).ok_or(ControlError::NotFound("team"))
}
