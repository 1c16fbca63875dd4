//! Trying a provider, as an admin asks it: what signs people in, and whether it provisions.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::actors::identity::{Step, Try};
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::storage::scim::{groups, tokens, users};
use crate::storage::{Connection, oidc};

/// Without a word from the provider for so long, provisioning counts as stuck.
const QUIET: TimeDelta = TimeDelta::hours(24);

/// How a provider did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProviderTest {
    /// Whether all went well.
    pub ok: bool,
    /// What was tried.
    pub steps: Vec<Step>,
    /// What must be registered at the provider as the place that browsers are sent back to; null where it signs
    /// nobody in.
    pub redirect_uri: Option<String>,
}

/// What a provider has provisioned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Provisioned {
    /// Users.
    pub users: i64,
    /// Groups.
    pub groups: i64,
    /// When it was last heard of, within a minute; null for never.
    pub last_sync_at: Option<DateTime<Utc>>,
}

/// What these providers have provisioned, by their ids; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn provisioned(
    control: &Control,
    caller: &Caller,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, Provisioned>, ControlError> {
    caller.admin()?;
    let counted = control.read(async move |c: &mut Connection| {
        let (users, groups) = (users::counts(c, &ids).await?, groups::counts(c, &ids).await?);
        let used = tokens::last_used(c, &ids).await?;
        let of = |id: &Uuid| Provisioned {
            users: users.get(id).copied().unwrap_or_default(),
            groups: groups.get(id).copied().unwrap_or_default(),
            last_sync_at: used.get(id).copied().flatten(),
        };
        Ok(ids.iter().map(|id| (*id, of(id))).collect())
    });
    counted.await
}

/// Tries a provider as it is configured, whether it is switched on or not; for admins.
///
/// # Errors
/// [`ControlError`]; a provider that does not do well is none.
pub async fn test(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    redirect_uri: Option<String>,
) -> Result<ProviderTest, ControlError> {
    caller.admin()?;
    let whole = control.read(async move |c: &mut Connection| oidc::get(c, id).await).await?;
    let (row, oidc) = whole.ok_or(ControlError::NotFound("identity provider"))?;
    let provisioned = provisioned(control, caller, vec![id]).await?.remove(&id).unwrap_or_default();
    let signs_in = oidc.is_some();
    let mut steps = match oidc {
        Some(oidc) => {
            let known = Arc::new(control.people.configured(row, oidc));
            let order = Try { known, redirect_uri: redirect_uri.clone() };
            control.people.name.ask(order).await.map_err(|_| ControlError::Unavailable)?
        }
        None => Vec::new(),
    };
    if !signs_in || provisioned.last_sync_at.is_some() {
        steps.push(heard_of(&provisioned, Utc::now()));
    }
    let ok = steps.iter().all(|step| step.ok);
    Ok(ProviderTest { ok, steps, redirect_uri: redirect_uri.filter(|_| signs_in) })
}

fn heard_of(provisioned: &Provisioned, now: DateTime<Utc>) -> Step {
    let Provisioned { users, groups, last_sync_at } = provisioned;
    let (ok, found) = match last_sync_at {
        None => (
            false,
            "it has never called: give it a SCIM token, and the address /scim/v2".to_owned(),
        ),
        Some(at) => {
            let said = format!(
                "{users} users and {groups} groups, last heard of {}",
                at.format("%F %R UTC")
            );
            (now - *at < QUIET, said)
        }
    };
    Step { name: "provisioning", ok, found }
}
