//! The audit log: who changed what, searched, exported, and checked for tampering.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::caller::Caller;
use super::error::ControlError;
use super::page::{Page, Paging, unknown_cursor};
use super::{Control, field};
use crate::domain::hex;
use crate::storage::Connection;
use crate::storage::audit::{self, AuditRow, Filter};

/// Entries that an export reads at once.
const EXPORTED: u32 = 1000;

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its number in the log.
    pub id: i64,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// Who made it: `system`, `admin_key`, `user` or `scim`.
    pub actor_kind: String,
    /// The user or identity provider, where it was one.
    pub actor_id: Option<Uuid>,
    /// The actor's name at that time.
    pub actor_name: String,
    /// By what kind of credential the actor was known.
    pub credential: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
    /// What was done, as `noun.verb`.
    pub action: String,
    /// What it was done to.
    pub subject_id: Option<String>,
    /// The name of that, at that time.
    pub subject_name: String,
    /// How it was; null where it did not exist.
    pub before: Option<Value>,
    /// How it was afterwards; null where it was gone.
    pub after: Option<Value>,
    /// SHA-256 over this entry and the hash of the one before it, in hexadecimal.
    pub hash: String,
}

impl AuditEntry {
    fn of(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: row.at,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            credential: row.credential,
            address: row.address,
            action: row.action,
            subject_id: row.subject_id,
            subject_name: row.subject_name,
            before: row.before,
            after: row.after,
            hash: hex::encode(&row.hash),
        }
    }
}

/// Which entries a list has.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AuditFilter {
    /// Changes by this user or identity provider.
    pub actor_id: Option<Uuid>,
    /// Changes of this kind: an action such as `key.create`, or a noun such as `key`.
    #[param(max_length = 200)]
    pub action: Option<String>,
    /// Changes to the thing with this id.
    #[param(max_length = 200)]
    pub subject_id: Option<String>,
    /// Changes since then.
    pub from: Option<DateTime<Utc>>,
    /// Changes before then.
    pub to: Option<DateTime<Utc>>,
    /// Changes where an actor's or a subject's name has this text in it.
    #[param(max_length = 200)]
    pub search: Option<String>,
}

/// Whether the log is as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Integrity {
    /// How many entries there are.
    pub entries: i64,
    /// The first entry that was altered, or that follows one which was taken out; null where all
    /// hold.
    pub broken_at: Option<i64>,
}

/// A page of the log, newest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: AuditFilter,
    paging: Paging,
) -> Result<Page<AuditEntry>, ControlError> {
    caller.admin()?;
    let cursor = paging.cursor.as_deref();
    let before = cursor.map(|cursor| cursor.parse().map_err(|_| unknown_cursor())).transpose()?;
    let (size, rows) = (paging.size()?, paging.rows()?);
    let found = read(control, filter(asked)?, before, rows).await?;
    Ok(Page::of(found, size, |entry| entry.id.to_string()))
}

/// The next part of an export: entries older than `before`, newest first; an empty part is the end.
///
/// # Errors
/// [`ControlError`]
pub async fn export(
    control: &Control,
    caller: &Caller,
    asked: AuditFilter,
    before: Option<i64>,
) -> Result<Vec<AuditEntry>, ControlError> {
    caller.admin()?;
    read(control, filter(asked)?, before, EXPORTED.into()).await
}

/// Checks each entry's hash and the chain between them.
///
/// # Errors
/// [`ControlError`]
pub async fn verify(control: &Control, caller: &Caller) -> Result<Integrity, ControlError> {
    caller.admin()?;
    let (entries, broken_at) =
        control.read(async |c: &mut Connection| audit::verify(c).await).await?;
    if let Some(id) = broken_at {
        tracing::error!(audit_id = id, "The audit log was altered.");
    }
    Ok(Integrity { entries, broken_at })
}

async fn read(
    control: &Control,
    filter: Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<AuditEntry>, ControlError> {
    let found =
        control.read(async move |c: &mut Connection| audit::list(c, &filter, before, limit).await);
    Ok(found.await?.into_iter().map(AuditEntry::of).collect())
}

fn filter(asked: AuditFilter) -> Result<Filter, ControlError> {
    for (name, text) in [("action", &asked.action), ("subject_id", &asked.subject_id)] {
        if text.as_ref().is_some_and(|text| text.len() > 200 || text.contains('\0')) {
            return Err(ControlError::invalid(name, "takes at most 200 bytes of text"));
        }
    }
    Ok(Filter {
        actor_id: asked.actor_id,
        action: asked.action.filter(|action| !action.is_empty()),
        subject_id: asked.subject_id.filter(|id| !id.is_empty()),
        from: asked.from,
        to: asked.to,
        search: field::search(asked.search)?,
    })
}
