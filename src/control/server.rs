//! How the database does, for the status page.

use std::time::{Duration, Instant};

use super::Control;
use super::caller::Caller;
use super::error::ControlError;
use crate::storage::Connection;
use crate::storage::server;
pub use crate::storage::server::Server;

/// What the database says of itself, and how long that took; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn ask(control: &Control, caller: &Caller) -> Result<(Server, Duration), ControlError> {
    caller.admin()?;
    let began = Instant::now();
    let server = control.read(async |c: &mut Connection| server::ask(c).await).await?;
    Ok((server, began.elapsed()))
}
