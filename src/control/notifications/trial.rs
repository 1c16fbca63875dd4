//! From a draft to a destination that is told, and back: it is tried before it becomes active.

use chrono::Utc;
use serde_json::json;
use uuid::Uuid;

use super::destinations::{ACTIVE, DRAFT, TABLES, change, row};
use super::view::{Destination, DestinationTest};
use crate::actors::notifier::{self, Letter, Try, Webhook};
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::domain::notification::{Event, EventType, Kind, Severity, Target};
use crate::storage::Connection;
use crate::storage::notifications::deliveries;
use crate::storage::notifications::destinations::{self, DestinationRow};

/// Sends a test notification to a destination, at once and by this instance.
///
/// # Errors
/// [`ControlError`]; a test that fails is none.
pub async fn test(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<DestinationTest, ControlError> {
    caller.admin()?;
    let row = row(control, id).await?;
    let event = Event {
        key: format!("test:{id}"),
        event_type: EventType::Test,
        severity: Severity::Info,
        user: None,
        team: None,
        detail: json!({ "destination": row.name, "asked_by": caller.identity().name }),
        timestamp: Utc::now(),
    };
    let letter = Letter { id: Uuid::now_v7(), payload: event.payload() };
    let order = Try { destination: reached(control, &row)?, letter };
    let tried = control.notifier.name.ask(order).await.map_err(|_| ControlError::Unavailable)?;
    let test = DestinationTest {
        delivered: tried.answer.is_ok(),
        receipt: tried.answer.as_ref().ok().cloned(),
        error: tried.answer.err(),
        duration_ms: u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX),
    };
    let (error, tested) = (test.error.clone(), (row.target, row.sealed));
    change(control, caller, id, "destination.test", move |row| {
        if (&row.target, &row.sealed) != (&tested.0, &tested.1) {
            let message = "The destination was changed while it was tried.";
            return Err(ControlError::conflict("changed", message));
        }
        (row.tested_at, row.test_error) = (Some(Utc::now()), error);
        Ok(())
    })
    .await?;
    Ok(test)
}

fn reached(control: &Control, row: &DestinationRow) -> Result<notifier::Destination, ControlError> {
    let kind = Kind::named(&row.kind).ok_or(ControlError::Fault)?;
    match &row.sealed {
        Some(sealed) => {
            let webhook = Webhook::open(control.vault(), row.id, sealed)?;
            Ok(notifier::Destination::Webhook(webhook.ok_or(ControlError::Fault)?))
        }
        None => {
            let target = Target::parse(kind, &row.target).ok_or(ControlError::Fault)?;
            Ok(notifier::Destination::unsigned(target))
        }
    }
}

/// Makes a destination active whose last test was good; it takes the place of the one that it
/// replaces, with all that is yet to be delivered there.
///
/// # Errors
/// [`ControlError`]
pub async fn activate(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<Destination, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let found = destinations::get(c, id).await?;
        let mut row = found.ok_or(ControlError::NotFound("destination"))?;
        if row.tested_at.is_none() || row.test_error.is_some() {
            let message = "Try the destination first: only one that has the test becomes active.";
            return Err(ControlError::conflict("not_tested", message));
        }
        let before = Destination::of(&row);
        if let Some(replaced) = row.replaces.take() {
            deliveries::move_pending(c, replaced, id).await?;
            destinations::delete(c, replaced).await?;
        }
        (row.state, row.updated_at) = (ACTIVE.to_owned(), Utc::now());
        destinations::update(c, &row).await.map_err(ControlError::name_taken("destination"))?;
        let after = Destination::of(&row);
        let change = Change::new("destination.activate", TABLES).of(id, &after.name);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}

/// Makes a destination a draft again: it is told nothing more.
///
/// # Errors
/// [`ControlError`]
pub async fn deactivate(
    control: &Control,
    caller: &Caller,
    id: Uuid,
) -> Result<Destination, ControlError> {
    change(control, caller, id, "destination.deactivate", |row| {
        row.state = DRAFT.to_owned();
        Ok(())
    })
    .await
}
