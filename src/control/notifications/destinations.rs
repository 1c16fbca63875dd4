//! Destinations: drafted, changed, taken away. An active one leads where it does and is replaced by a
//! draft, so that nothing goes untold meanwhile.

use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::view::{
    Destination, DestinationWithSecret, DraftDestination, EditDestination, NotificationCategory,
};
use crate::actors::notifier::Webhook;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::page::Page;
use crate::control::{Control, field, random};
use crate::domain::notification::{Category, Kind, Target};
use crate::storage::Connection;
use crate::storage::notifications::destinations::{self, DestinationRow, MAX_DESTINATIONS};

pub(super) const DRAFT: &str = "draft";
pub(super) const ACTIVE: &str = "active";
/// Nobody keeps destinations in memory.
pub(super) const TABLES: &[&str] = &[];

/// All destinations, newest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(control: &Control, caller: &Caller) -> Result<Page<Destination>, ControlError> {
    caller.admin()?;
    let rows = control.read(async |c: &mut Connection| destinations::all(c).await).await?;
    Ok(Page::whole(rows.iter().map(Destination::of).collect()))
}

/// One destination; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn get(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<Destination, ControlError> {
    caller.admin()?;
    row(control, id).await.map(|row| Destination::of(&row))
}

pub(super) async fn row(control: &Control, id: Uuid) -> Result<DestinationRow, ControlError> {
    let found = control.read(async move |c: &mut Connection| destinations::get(c, id).await).await;
    found?.ok_or(ControlError::NotFound("destination"))
}

/// Drafts a destination; its secret, where it is a webhook, is returned this once.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: DraftDestination,
) -> Result<DestinationWithSecret, ControlError> {
    caller.admin()?;
    let (id, now) = (Uuid::now_v7(), Utc::now());
    let target = target(order.kind.kind(), &order.target)?;
    let secret = match target {
        Target::Webhook(_) => Some(Webhook::secret_of(&random()?)),
        _ => None,
    };
    let sealed = match &target {
        Target::Webhook(url) => {
            Some(Webhook::new(url.clone(), secret.clone()).seal(control.vault(), id)?)
        }
        _ => None,
    };
    let row = DestinationRow {
        id,
        name: field::name("name", &order.name)?,
        kind: target.kind().name().to_owned(),
        target: target.to_string(),
        sealed,
        categories: categories(&order.categories)?,
        state: DRAFT.to_owned(),
        replaces: order.replaces,
        tested_at: None,
        test_error: None,
        created_at: now,
        updated_at: now,
    };
    let written = control.write(caller, async move |c: &mut Connection| {
        if destinations::all(c).await?.len() as i64 >= MAX_DESTINATIONS {
            let message = format!("There are {MAX_DESTINATIONS} destinations, which is the most.");
            return Err(ControlError::conflict("too_many", message));
        }
        if let Some(replaced) = row.replaces {
            let replaced = destinations::get(c, replaced).await?;
            if replaced.is_none_or(|replaced| replaced.state != ACTIVE) {
                return Err(ControlError::invalid("replaces", "takes an active destination's id"));
            }
        }
        destinations::create(c, &row).await.map_err(ControlError::name_taken("destination"))?;
        let destination = Destination::of(&row);
        let change = Change::new("destination.create", TABLES).of(id, &destination.name);
        Ok((destination.clone(), change.after(&destination)))
    });
    Ok(DestinationWithSecret { destination: written.await?, secret })
}

/// The target that an order names.
fn target(kind: Kind, text: &SecretString) -> Result<Target, ControlError> {
    let target = Target::parse(kind, text.expose_secret());
    target.ok_or_else(|| ControlError::invalid("target", kind.takes()))
}

fn categories(chosen: &[NotificationCategory]) -> Result<Vec<String>, ControlError> {
    let is_chosen = |category: &Category| chosen.iter().any(|c| c.category() == *category);
    let names: Vec<String> =
        Category::ALL.iter().filter(|c| is_chosen(c)).map(|c| c.name().to_owned()).collect();
    if names.is_empty() {
        return Err(ControlError::invalid("categories", "takes at least one category"));
    }
    Ok(names)
}

/// Changes a destination: an active one only in name and categories.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: EditDestination,
) -> Result<Destination, ControlError> {
    let name = order.name.as_deref().map(|name| field::name("name", name)).transpose()?;
    let categories = order.categories.as_deref().map(categories).transpose()?;
    let vault = control.vault().clone();
    change(control, caller, id, "destination.edit", move |row| {
        if let Some(text) = &order.target {
            if row.state != DRAFT {
                let message = "An active destination leads where it does: draft another that \
                    replaces it, try that and make it active.";
                return Err(ControlError::conflict("not_a_draft", message));
            }
            let kind = Kind::named(&row.kind).ok_or(ControlError::Fault)?;
            let target = target(kind, text)?;
            if let (Target::Webhook(url), Some(sealed)) = (&target, &row.sealed) {
                let known = Webhook::open(&vault, id, sealed)?.ok_or(ControlError::Fault)?;
                row.sealed = Some(known.at(url.clone()).seal(&vault, id)?);
            }
            row.target = target.to_string();
            (row.tested_at, row.test_error) = (None, None);
        }
        row.name = name.unwrap_or_else(|| row.name.clone());
        row.categories = categories.unwrap_or_else(|| row.categories.clone());
        Ok(())
    })
    .await
}

/// Gives a webhook a new secret, which is returned this once; the one before signs along for a day.
///
/// # Errors
/// [`ControlError`]
pub async fn rotate(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<DestinationWithSecret, ControlError> {
    let secret = Webhook::secret_of(&random()?);
    let (vault, new) = (control.vault().clone(), secret.clone());
    let changed = change(control, caller, id, "destination.rotate", move |row| {
        let Some(sealed) = &row.sealed else {
            let message = "Only a webhook has a secret.";
            return Err(ControlError::conflict("no_secret", message));
        };
        let known = Webhook::open(&vault, id, sealed)?.ok_or(ControlError::Fault)?;
        row.sealed = Some(known.with_secret(new, Utc::now()).seal(&vault, id)?);
        Ok(())
    });
    Ok(DestinationWithSecret { destination: changed.await?, secret: Some(secret) })
}

/// Takes a destination away; its deliveries stay in the log.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let found = destinations::get(c, id).await?;
        let before = Destination::of(&found.ok_or(ControlError::NotFound("destination"))?);
        destinations::delete(c, id).await?;
        let change = Change::new("destination.delete", TABLES).of(id, &before.name);
        Ok(((), change.before(&before)))
    });
    written.await
}

/// Changes one row, for admins.
pub(super) async fn change(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    action: &'static str,
    work: impl FnOnce(&mut DestinationRow) -> Result<(), ControlError> + Send + 'static,
) -> Result<Destination, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let found = destinations::get(c, id).await?;
        let mut row = found.ok_or(ControlError::NotFound("destination"))?;
        let before = Destination::of(&row);
        work(&mut row)?;
        row.updated_at = Utc::now();
        destinations::update(c, &row).await.map_err(ControlError::name_taken("destination"))?;
        let after = Destination::of(&row);
        let change = Change::new(action, TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}
