//! API keys: make, list, change, rotate, revoke, take away.

mod secret;
mod setup;
#[cfg(test)]
mod tests;
mod view;

use chrono::{TimeDelta, Utc};
use uuid::Uuid;

pub use setup::{CreateSetupToken, NewSetupToken, create_token, redeem};
pub use view::{CreateKey, EditKey, Key, KeyFilter, KeyState, NewKey, RotateKey};

use self::secret::NewSecret;
use super::caller::{Caller, Reach};
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::{Control, field, teams};
use crate::domain::principal::RateLimits;
use crate::storage::keys::{self, Filter, KeyRow};
use crate::storage::{Connection, users};

/// What changes with a key.
const TABLES: &[&str] = &["api_keys"];
/// Keys of one user that are not revoked, at the most.
const MAX_KEYS_OF_USER: i64 = 100;
/// How long a rotated key stays valid where the order does not say.
const OVERLAP: u32 = 24 * 60 * 60;
const MAX_OVERLAP: u32 = 30 * 24 * 60 * 60;

/// A page of the keys that the caller may see.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: KeyFilter,
    paging: Paging,
) -> Result<Page<Key>, ControlError> {
    let user_id = match (caller.reach()?, asked.user_id) {
        (Reach::All, user) => user,
        (Reach::Own(own), None) => Some(own),
        (Reach::Own(own), Some(user)) if user == own => Some(own),
        (Reach::Own(_), Some(_)) => return Err(ControlError::ForbiddenField("user_id")),
    };
    let filter = Filter {
        user_id,
        team_id: asked.team_id,
        live: asked.live,
        search: field::search(asked.search)?,
        order: paging.order()?,
    };
    let (size, rows) = (paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| keys::list(c, &filter, rows).await);
    let now = Utc::now();
    let found = found.await?.into_iter().map(|named| Key::of(named, now)).collect();
    Ok(Page::of(found, size, |key| paging.place(key.id, &key.name)))
}

/// One key.
///
/// # Errors
/// [`ControlError`]
pub async fn get(control: &Control, caller: &Caller, id: Uuid) -> Result<Key, ControlError> {
    let reach = caller.reach()?;
    let found = control.read(async move |c: &mut Connection| keys::get(c, id).await).await?;
    let key = found.map(|named| Key::of(named, Utc::now()));
    key.filter(|key| reach.covers(key.user_id)).ok_or(ControlError::NotFound("key"))
}

/// Makes a key.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: CreateKey,
) -> Result<NewKey, ControlError> {
    let user_id = owner(caller, &order)?;
    let now = Utc::now();
    let made = NewSecret::make()?;
    let models = order.models.map(|models| field::models("models", &models)).transpose()?;
    let [requests_per_minute, tokens_per_minute, concurrent_streams] = field::limits(order.limits)?;
    let expires_at = order.expires_at.map(|at| field::expiry("expires_at", at, now)).transpose()?;
    let row = KeyRow {
        id: Uuid::now_v7(),
        name: field::name("name", &order.name)?,
        key_hash: made.hash.as_bytes().to_vec(),
        user_id,
        team_id: order.team_id,
        requests_per_minute,
        expires_at,
        revoked_at: None,
        created_at: now,
        prefix: Some(made.prefix),
        models,
        tokens_per_minute,
        concurrent_streams,
        replaces: None,
    };
    let written = control.write(caller, async move |c: &mut Connection| {
        owner_may_have_one_more(c, row.user_id).await?;
        teams::must_exist(c, "team_id", row.team_id).await?;
        keys::insert(c, &row).await?;
        let key = read(c, row.id).await?;
        let change = Change::new("key.create", TABLES).of(key.id, &key.name).after(&key);
        Ok((key, change))
    });
    Ok(NewKey { key: written.await?, secret: made.secret })
}

/// For whom a key is made, once it is clear that the caller may set what the order sets.
fn owner(caller: &Caller, order: &CreateKey) -> Result<Uuid, ControlError> {
    match caller.reach()? {
        Reach::All => order.user_id.or(caller.user_id()).ok_or_else(|| {
            ControlError::invalid("user_id", "is needed, since the admin key is no user")
        }),
        Reach::Own(own) if order.user_id.is_some_and(|user| user != own) => {
            Err(ControlError::ForbiddenField("user_id"))
        }
        Reach::Own(_) if order.team_id.is_some() => Err(ControlError::ForbiddenField("team_id")),
        Reach::Own(_) if order.limits != RateLimits::default() => {
            Err(ControlError::ForbiddenField("limits"))
        }
        Reach::Own(own) => Ok(own),
    }
}

/// Changes a key.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: EditKey,
) -> Result<Key, ControlError> {
    let reach = caller.reach()?;
    if !reach.is_all() {
        for (is_set, name) in [
            (order.team_id.is_some(), "team_id"),
            (order.models.is_some(), "models"),
            (order.limits.is_some(), "limits"),
        ] {
            if is_set {
                return Err(ControlError::ForbiddenField(name));
            }
        }
    }
    let written = control.write(caller, async move |c: &mut Connection| {
        let (mut row, before) = open(c, id, reach).await?;
        if row.revoked_at.is_some() {
            return Err(revoked());
        }
        change(c, &mut row, order, reach).await?;
        keys::update(c, &row).await?;
        let after = read(c, id).await?;
        let change = Change::new("key.edit", TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

async fn change(
    connection: &mut Connection,
    row: &mut KeyRow,
    order: EditKey,
    reach: Reach,
) -> Result<(), ControlError> {
    if let Some(name) = order.name {
        row.name = field::name("name", &name)?;
    }
    if let Some(team_id) = order.team_id {
        teams::must_exist(connection, "team_id", team_id).await?;
        row.team_id = team_id;
    }
    if let Some(models) = order.models {
        row.models = models.map(|models| field::models("models", &models)).transpose()?;
    }
    if let Some(limits) = order.limits {
        [row.requests_per_minute, row.tokens_per_minute, row.concurrent_streams] =
            field::limits(limits)?;
    }
    if let Some(expires_at) = order.expires_at {
        let end = expires_at.map(|at| field::expiry("expires_at", at, Utc::now())).transpose()?;
        // An end that an admin has set is a limit too.
        let is_later = row.expires_at.is_some_and(|set| end.is_none_or(|end| end > set));
        if is_later && !reach.is_all() {
            return Err(ControlError::ForbiddenField("expires_at"));
        }
        row.expires_at = end;
    }
    Ok(())
}

/// Puts a new key in the place of one, which stays valid for a while, so that its users can change
/// over without a pause. The new key has the same rights and the same end.
///
/// # Errors
/// [`ControlError`]
pub async fn rotate(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: RotateKey,
) -> Result<NewKey, ControlError> {
    let reach = caller.reach()?;
    let overlap = order.overlap_seconds.unwrap_or(OVERLAP);
    if overlap > MAX_OVERLAP {
        let takes = format!("takes a number of seconds from 0 to {MAX_OVERLAP}");
        return Err(ControlError::invalid("overlap_seconds", takes));
    }
    let NewSecret { secret, hash, prefix } = NewSecret::make()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let (mut old, before) = open(c, id, reach).await?;
        if before.state != KeyState::Live {
            return Err(revoked());
        }
        owner_may_have_one_more(c, old.user_id).await?;
        let now = Utc::now();
        let new = KeyRow {
            id: Uuid::now_v7(),
            key_hash: hash.as_bytes().to_vec(),
            created_at: now,
            prefix: Some(prefix),
            replaces: Some(id),
            ..old.clone()
        };
        if overlap == 0 {
            old.revoked_at = Some(now);
        } else {
            let end = now + TimeDelta::seconds(overlap.into());
            old.expires_at = Some(old.expires_at.map_or(end, |set| set.min(end)));
        }
        keys::update(c, &old).await?;
        keys::insert(c, &new).await?;
        let key = read(c, new.id).await?;
        let change = Change::new("key.rotate", TABLES).of(id, &key.name);
        Ok((key.clone(), change.before(&before).after(&key)))
    });
    Ok(NewKey { key: written.await?, secret })
}

/// Revokes a key on every instance, for good.
///
/// # Errors
/// [`ControlError`]
pub async fn revoke(control: &Control, caller: &Caller, id: Uuid) -> Result<Key, ControlError> {
    let reach = caller.reach()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let (mut row, before) = open(c, id, reach).await?;
        row.revoked_at = row.revoked_at.or(Some(Utc::now()));
        keys::update(c, &row).await?;
        let after = read(c, id).await?;
        let change = Change::new("key.revoke", TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// Takes a key away; its usage stays.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    let reach = caller.reach()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let (_, before) = open(c, id, reach).await?;
        keys::delete(c, id).await?;
        Ok(((), Change::new("key.delete", TABLES).of(id, &before.name).before(&before)))
    });
    written.await
}

/// A key that a command is about to change, kept as it is until then.
async fn open(
    connection: &mut Connection,
    id: Uuid,
    reach: Reach,
) -> Result<(KeyRow, Key), ControlError> {
    keys::lock(connection, id).await?;
    let named = keys::get(connection, id).await?;
    let named = named.filter(|(row, ..)| reach.covers(row.user_id));
    let named = named.ok_or(ControlError::NotFound("key"))?;
    Ok((named.0.clone(), Key::of(named, Utc::now())))
}

async fn read(connection: &mut Connection, id: Uuid) -> Result<Key, ControlError> {
    let named = keys::get(connection, id).await?.ok_or(ControlError::NotFound("key"))?;
    Ok(Key::of(named, Utc::now()))
}

async fn owner_may_have_one_more(
    connection: &mut Connection,
    user_id: Uuid,
) -> Result<(), ControlError> {
    let owner = users::get(connection, user_id).await?;
    match owner {
        None => Err(ControlError::invalid("user_id", "there is no such user")),
        Some((user, _)) if !user.active => {
            Err(ControlError::conflict("user_inactive", "The owner is not active."))
        }
        Some(_) if keys::count(connection, user_id).await? >= MAX_KEYS_OF_USER => {
            let message = format!("A user has at most {MAX_KEYS_OF_USER} keys: revoke one first.");
            Err(ControlError::conflict("too_many_keys", message))
        }
        Some(_) => Ok(()),
    }
}

fn revoked() -> ControlError {
    ControlError::conflict("key_ended", "This key is revoked or expired: make a new one.")
}
