//! Verdicts on what an endpoint's profile takes: listed, decided by an admin, taken back.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use super::{Control, field};
use crate::domain::capability::Feature;
use crate::storage::Connection;
use crate::storage::verdicts::{self, VerdictRow};

const TABLES: &[&str] = &["verdicts"];

/// What a verdict is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerdictKind {
    /// A feature of the capability table, by its id.
    Feature,
    /// A beta that no feature knows: it passes.
    Beta,
    /// A top-level field that no feature knows: it is left out.
    Field,
}

impl VerdictKind {
    fn name(self) -> &'static str {
        match self {
            Self::Feature => "feature",
            Self::Beta => "beta",
            Self::Field => "field",
        }
    }
}

/// A decision on what an endpoint's profile takes, beyond the capability table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verdict {
    /// The id.
    pub id: Uuid,
    /// The endpoint's name.
    pub endpoint: String,
    /// The inference profile's id or ARN.
    pub profile: String,
    /// What it is about: `feature`, `beta` or `field`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whether it goes to Bedrock.
    pub taken: bool,
    /// `learned` from a refusal, or an admin's `override`, which wins.
    pub source: String,
    /// Why.
    pub reason: String,
    /// When it ends by itself; null for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was decided.
    pub updated_at: DateTime<Utc>,
}

impl Verdict {
    fn of(row: VerdictRow) -> Self {
        let VerdictRow {
            id,
            endpoint,
            profile,
            kind,
            name,
            taken,
            source,
            reason,
            expires_at,
            updated_at,
        } = row;
        Self { id, endpoint, profile, kind, name, taken, source, reason, expires_at, updated_at }
    }
}

/// The order to decide on something.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecideVerdict {
    /// The endpoint's name.
    #[schema(min_length = 1, max_length = 200)]
    pub endpoint: String,
    /// The inference profile's id or ARN.
    #[schema(min_length = 1, max_length = 2048)]
    pub profile: String,
    /// What it is about.
    pub kind: VerdictKind,
    /// A feature's id, a beta's or a field's name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// Whether it is to go to Bedrock. A beta can only be let through, a field only left out.
    pub taken: bool,
    /// Why.
    #[schema(min_length = 1, max_length = 100)]
    pub reason: String,
}

/// A page of the verdicts, newest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    paging: Paging,
) -> Result<Page<Verdict>, ControlError> {
    caller.admin()?;
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| verdicts::list(c, before, rows).await);
    let found = found.await?.into_iter().map(Verdict::of).collect();
    Ok(Page::of(found, size, |verdict| verdict.id.to_string()))
}

/// Decides on something for good, over what is learned.
///
/// # Errors
/// [`ControlError`]
pub async fn decide(
    control: &Control,
    caller: &Caller,
    order: DecideVerdict,
) -> Result<Verdict, ControlError> {
    caller.admin()?;
    let row = VerdictRow {
        id: Uuid::now_v7(),
        endpoint: field::name("endpoint", &order.endpoint)?,
        profile: field::profile("profile", &order.profile)?,
        kind: order.kind.name().to_owned(),
        name: thing(&order)?,
        taken: order.taken,
        source: "override".to_owned(),
        reason: field::name("reason", &order.reason)?,
        expires_at: None,
        updated_at: Utc::now(),
    };
    let written = control.write(caller, async move |c: &mut Connection| {
        verdicts::put(c, &row).await?;
        let (id, name) = (row.id, row.name.clone());
        let verdict = Verdict::of(row);
        let change = Change::new("verdict.decide", TABLES).of(id, &name).after(&verdict);
        Ok((verdict, change))
    });
    written.await
}

/// What the order is about, where that makes sense.
fn thing(order: &DecideVerdict) -> Result<String, ControlError> {
    let name = order.name.trim();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let fits = (1..=200).contains(&name.len()) && name.bytes().all(plain);
    if !fits {
        return Err(ControlError::invalid("name", "takes letters, digits, hyphens and dots"));
    }
    match order.kind {
        VerdictKind::Feature if Feature::by_id(name).is_none() => {
            let ids: Vec<_> = Feature::ALL.iter().map(|feature| feature.id()).collect();
            Err(ControlError::invalid("name", format!("takes one of {}", ids.join(", "))))
        }
        VerdictKind::Beta if !order.taken => {
            Err(ControlError::invalid("taken", "takes true for a beta that no feature knows"))
        }
        VerdictKind::Field if order.taken => {
            Err(ControlError::invalid("taken", "takes false for a field that no feature knows"))
        }
        _ => Ok(name.to_owned()),
    }
}

/// Takes a verdict back: the capability table holds again.
///
/// # Errors
/// [`ControlError`]
pub async fn delete(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let row = verdicts::get(c, id).await?.ok_or(ControlError::NotFound("verdict"))?;
        verdicts::delete(c, id).await?;
        let before = Verdict::of(row);
        let change = Change::new("verdict.delete", TABLES).of(id, &before.name);
        Ok(((), change.before(&before)))
    });
    written.await
}
