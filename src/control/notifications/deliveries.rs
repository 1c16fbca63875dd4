//! The log: how each notification fared with each of its destinations.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::page::{Page, Paging};
use crate::storage::Connection;
use crate::storage::notifications::deliveries;
pub use crate::storage::notifications::log::Troubles;
use crate::storage::notifications::log::{self, DeliveryRow};

/// One notification on its way to one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Delivery {
    /// The id.
    pub id: Uuid,
    /// What is told.
    pub notification_id: Uuid,
    /// Its category.
    pub category: String,
    /// What happened.
    pub r#type: String,
    /// How urgent it is.
    pub severity: String,
    /// To whom; the nil id is the destination of the environment.
    pub destination_id: Uuid,
    /// The destination's name at that time.
    pub destination: String,
    /// The destination's kind.
    pub kind: String,
    /// `pending`, `delivered`, or `parked` after too many failures.
    pub state: String,
    /// Attempts so far.
    pub attempts: i32,
    /// When it is tried next, while it is pending.
    pub due_at: DateTime<Utc>,
    /// What the destination said: a status, or the id that AWS gave.
    pub receipt: Option<String>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How long the last attempt took, in milliseconds.
    pub duration_ms: Option<i32>,
    /// When it was told off to the destination.
    pub created_at: DateTime<Utc>,
    /// When it was delivered or parked.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Delivery {
    fn of(row: DeliveryRow) -> Self {
        Self {
            id: row.id,
            notification_id: row.notification_id,
            category: row.category,
            r#type: row.event_type,
            severity: row.severity,
            destination_id: row.destination_id,
            destination: row.destination,
            kind: row.kind,
            state: row.state,
            attempts: row.attempts,
            due_at: row.due_at,
            receipt: row.receipt,
            error: row.error,
            duration_ms: row.duration_ms,
            created_at: row.created_at,
            ended_at: row.ended_at,
        }
    }
}

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is yet to be delivered.
    Pending,
    /// The destination has it.
    Delivered,
    /// It was given up.
    Parked,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Parked];

    /// The word that rows and JSON use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Parked => "parked",
        }
    }
}

/// Which deliveries a list has.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryFilter {
    /// Those in this state.
    #[param(inline)]
    pub state: Option<DeliveryState>,
    /// Those to this destination.
    pub destination_id: Option<Uuid>,
    /// Those of this notification.
    pub notification_id: Option<Uuid>,
}

/// A page of the delivery log, latest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn deliveries(
    control: &Control,
    caller: &Caller,
    asked: DeliveryFilter,
    paging: Paging,
) -> Result<Page<Delivery>, ControlError> {
    caller.admin()?;
    let filter = log::Filter {
        state: asked.state.map(DeliveryState::name),
        destination_id: asked.destination_id,
        notification_id: asked.notification_id,
    };
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found =
        control.read(async move |c: &mut Connection| log::list(c, &filter, before, rows).await);
    let found = found.await?.into_iter().map(Delivery::of).collect();
    Ok(Page::of(found, size, |delivery| delivery.id.to_string()))
}

/// Deliveries that were given up in the last week, and those that have failed and are tried again; for
/// admins.
///
/// # Errors
/// [`ControlError`]
pub async fn troubles(control: &Control, caller: &Caller) -> Result<Troubles, ControlError> {
    caller.admin()?;
    let since = Utc::now() - TimeDelta::days(7);
    control.read(async move |c: &mut Connection| log::troubles(c, since).await).await
}

/// Has a parked delivery tried again.
///
/// # Errors
/// [`ControlError`]
pub async fn retry(control: &Control, caller: &Caller, id: Uuid) -> Result<Delivery, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let row = log::get(c, id).await?.ok_or(ControlError::NotFound("delivery"))?;
        if !deliveries::retry(c, id).await? {
            let message = "Only a parked delivery can be tried again.";
            return Err(ControlError::conflict("not_parked", message));
        }
        let before = Delivery::of(row);
        let after = log::get(c, id).await?.map(Delivery::of).ok_or(ControlError::Fault)?;
        let change = Change::new("delivery.retry", &[]).of(id, &before.destination);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}
