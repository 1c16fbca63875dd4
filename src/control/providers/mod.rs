//! Identity providers: make, list, change, take away; and the one that the environment configures.

mod environment;
mod order;
mod orders;
mod shape;
mod trial;
mod view;

use chrono::Utc;
use uuid::Uuid;

pub use environment::{OfEnvironment, configure};
pub use orders::{CreateIdentityProvider, EditIdentityProvider, OrderOidc};
pub use trial::{ProviderTest, Provisioned, provisioned, test};
pub use view::{IdentityProvider, Oidc};

use super::Control;
use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::field;
use super::page::{Page, Paging};
use super::scim::standing;
use crate::storage::providers::{self, ProviderRow};
use crate::storage::{Connection, StorageError, oidc};

/// What changes with a provider.
const TABLES: &[&str] = &["identity_providers"];

/// A page of the providers, newest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    paging: Paging,
) -> Result<Page<IdentityProvider>, ControlError> {
    caller.admin()?;
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| oidc::list(c, before, rows).await);
    let found = found.await?.into_iter().map(IdentityProvider::of).collect();
    Ok(Page::of(found, size, |provider| provider.id.to_string()))
}

/// One provider; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn get(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<IdentityProvider, ControlError> {
    caller.admin()?;
    let found = control.read(async move |c: &mut Connection| oidc::get(c, id).await).await?;
    found.map(IdentityProvider::of).ok_or(ControlError::NotFound("identity provider"))
}

/// Makes a provider.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    order: CreateIdentityProvider,
) -> Result<IdentityProvider, ControlError> {
    caller.admin()?;
    let now = Utc::now();
    let mut row = ProviderRow {
        id: Uuid::now_v7(),
        name: field::name("name", &order.name)?,
        kind: if order.oidc.is_some() { "oidc" } else { "scim" }.to_owned(),
        enabled: order.enabled.unwrap_or(true),
        created_at: now,
        updated_at: now,
        provisioning: None,
    };
    let vault = control.vault.clone();
    let written = control.write(caller, async move |c: &mut Connection| {
        if let Some(rules) = order.provisioning {
            order::provisioning(c, &mut row, rules, order.oidc.is_some()).await?;
        }
        providers::create(c, &row).await.map_err(taken)?;
        if let Some(mut order) = order.oidc {
            let mut oidc_row = order::blank(row.id, &mut order)?;
            order::apply(c, &vault, &mut oidc_row, order).await?;
            oidc::insert(c, &oidc_row).await.map_err(taken)?;
        }
        let made = read(c, row.id).await?;
        let change = Change::new("identity_provider.create", TABLES).of(made.id, &made.name);
        Ok((made.clone(), change.after(&made)))
    });
    written.await
}

/// Changes a provider. Sessions that began with one that is switched off are over; new rules of groups hold at
/// once for those whom it provisions.
///
/// # Errors
/// [`ControlError`]
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    order: EditIdentityProvider,
) -> Result<IdentityProvider, ControlError> {
    caller.admin()?;
    let (vault, admin_users) = (control.vault.clone(), control.people.admin_users());
    let written = control.write(caller, async move |c: &mut Connection| {
        oidc::lock(c).await?;
        let whole = oidc::get(c, id).await?.ok_or(ControlError::NotFound("identity provider"))?;
        let (before, rules) = (IdentityProvider::of(whole.clone()), oidc::group_rules(&whole));
        let (mut row, mut oidc_row) = whole;
        if let Some(name) = order.name {
            row.name = field::name("name", &name)?;
        }
        row.enabled = order.enabled.unwrap_or(row.enabled);
        row.updated_at = Utc::now();
        match (&mut oidc_row, order.oidc) {
            (Some(oidc_row), Some(order)) => order::apply(c, &vault, oidc_row, order).await?,
            (None, Some(mut order)) => {
                let mut fresh = order::blank(id, &mut order)?;
                order::take_over(&mut row, &mut fresh);
                order::apply(c, &vault, &mut fresh, order).await?;
                oidc::insert(c, &fresh).await.map_err(taken)?;
                "oidc".clone_into(&mut row.kind);
                oidc_row = Some(fresh);
            }
            (_, None) => {}
        }
        if let Some(rules) = order.provisioning {
            order::provisioning(c, &mut row, rules, oidc_row.is_some()).await?;
        }
        oidc::update(c, &row, oidc_row.as_ref()).await.map_err(taken)?;
        let are_new = oidc::group_rules(&(row, oidc_row)) != rules;
        let mapped = if are_new { standing::anew(c, id, &admin_users).await? } else { Vec::new() };
        let after = read(c, id).await?;
        let change = Change::new("identity_provider.edit", TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after).and(mapped)))
    });
    written.await
}

/// Takes a provider away, with the identities and sessions that it stands for; its users stay.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let before = read(c, id).await?;
        if before.oidc.as_ref().is_some_and(|oidc| oidc.configured_by == "environment") {
            return Err(order::of_environment());
        }
        oidc::delete(c, id).await?;
        let change = Change::new("identity_provider.delete", TABLES).of(id, &before.name);
        Ok(((), change.before(&before)))
    });
    written.await
}

async fn read(connection: &mut Connection, id: Uuid) -> Result<IdentityProvider, ControlError> {
    let found = oidc::get(connection, id).await?;
    found.map(IdentityProvider::of).ok_or(ControlError::NotFound("identity provider"))
}

fn taken(error: StorageError) -> ControlError {
    match error {
        StorageError::Duplicate(constraint) if constraint.contains("issuer") => {
            let message = "There is an identity provider of this issuer and client already.";
            ControlError::conflict("exists", message)
        }
        error => ControlError::name_taken("identity provider")(error),
    }
}
