//! Notifications: where they go (drafted, tried, then active), what was told, and how each delivery
//! went.

mod destinations;
mod view;

use uuid::Uuid;

pub use destinations::{activate, create, deactivate, delete, edit, get, list, rotate, test};
pub use view::{
    Delivery, DeliveryFilter, DeliveryState, Destination, DestinationKind, DestinationTest,
    DestinationWithSecret, DraftDestination, EditDestination, Notification, NotificationCategory,
    NotificationFilter,
};

use super::Control;
use super::caller::Caller;
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use crate::storage::Connection;
use crate::storage::notifications::{self, deliveries};

/// Whether a destination of the environment (`BUDGET_NOTIFICATION_URL`) counts while none is active;
/// its kind. For admins.
///
/// # Errors
/// [`ControlError`]
pub fn fallback(control: &Control, caller: &Caller) -> Result<Option<&'static str>, ControlError> {
    caller.admin()?;
    Ok(control.notifier.fallback().map(|kind| kind.name()))
}

/// A page of the notifications, latest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn told(
    control: &Control,
    caller: &Caller,
    asked: NotificationFilter,
    paging: Paging,
) -> Result<Page<Notification>, ControlError> {
    caller.admin()?;
    let category = asked.category.map(|category| category.category().name());
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control
        .read(async move |c: &mut Connection| notifications::list(c, category, before, rows).await);
    let found = found.await?.into_iter().map(Notification::of).collect();
    Ok(Page::of(found, size, |told| told.id.to_string()))
}

/// A page of the delivery log, latest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn log(
    control: &Control,
    caller: &Caller,
    asked: DeliveryFilter,
    paging: Paging,
) -> Result<Page<Delivery>, ControlError> {
    caller.admin()?;
    let filter = deliveries::Filter {
        state: asked.state.map(DeliveryState::name),
        destination_id: asked.destination_id,
        notification_id: asked.notification_id,
    };
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control
        .read(async move |c: &mut Connection| deliveries::list(c, &filter, before, rows).await);
    let found = found.await?.into_iter().map(Delivery::of).collect();
    Ok(Page::of(found, size, |delivery| delivery.id.to_string()))
}

/// Has a parked delivery tried again.
///
/// # Errors
/// [`ControlError`]
pub async fn retry(control: &Control, caller: &Caller, id: Uuid) -> Result<Delivery, ControlError> {
    caller.admin()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let row = deliveries::get(c, id).await?.ok_or(ControlError::NotFound("delivery"))?;
        if !deliveries::retry(c, id).await? {
            let message = "Only a parked delivery can be tried again.";
            return Err(ControlError::conflict("not_parked", message));
        }
        let before = Delivery::of(row);
        let after = deliveries::get(c, id).await?.map(Delivery::of).ok_or(ControlError::Fault)?;
        let change = Change::new("delivery.retry", &[]).of(id, &before.destination);
        Ok((after.clone(), change.before(&before).after(&after)))
    });
    written.await
}
