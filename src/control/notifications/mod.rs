//! Notifications: where they go (drafted, tried, then active), what was told, and how each delivery
//! went.

mod deliveries;
mod destinations;
mod told;
mod trial;
mod view;

pub use deliveries::{
    Delivery, DeliveryFilter, DeliveryState, Troubles, deliveries, retry, troubles,
};
pub use destinations::{create, delete, edit, get, list, rotate};
pub use told::{Notification, NotificationFilter, told};
pub use trial::{activate, deactivate, test};
pub use view::{
    Destination, DestinationKind, DestinationTest, DestinationWithSecret, DraftDestination,
    EditDestination, NotificationCategory,
};

use super::Control;
use super::caller::Caller;
use super::error::ControlError;

/// Whether a destination of the environment (`BUDGET_NOTIFICATION_URL`) counts while none is active;
/// its kind. For admins.
///
/// # Errors
/// [`ControlError`]
pub fn fallback(control: &Control, caller: &Caller) -> Result<Option<&'static str>, ControlError> {
    caller.admin()?;
    Ok(control.notifier.fallback().map(|kind| kind.name()))
}
