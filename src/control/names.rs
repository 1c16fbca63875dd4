//! What users, teams and keys are called, for pages that have only their ids.

use std::collections::HashMap;

use uuid::Uuid;

use super::Control;
use super::caller::Caller;
use super::error::ControlError;
use crate::storage::{Connection, names};

/// The names of those that exist; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn of(
    control: &Control,
    caller: &Caller,
    ids: Vec<Uuid>,
) -> Result<HashMap<Uuid, String>, ControlError> {
    caller.admin()?;
    control.read(async move |c: &mut Connection| names::of(c, ids).await).await
}
