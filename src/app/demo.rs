//! What `ccag demo` shows beside a simulated Bedrock: people, and their usage of the last 90 days.

use secrecy::SecretString;
use uuid::Uuid;

use super::AppError;
use crate::control::{Control, sign_in};
use crate::storage::{Database, demo};

pub use crate::storage::demo::MEMBER;

/// Makes the people, one of whom signs in with `password`. Their usage follows in the background, so
/// that nobody waits for it.
pub(super) async fn fill(
    control: &Control,
    database: &Database,
    admin: Uuid,
    password: &SecretString,
) -> Result<(), AppError> {
    let member = demo::people(database).await?;
    sign_in::configure_password(control, member, Some(password)).await?;
    let database = database.clone();
    actix::spawn(async move {
        match demo::usage(&database, admin).await {
            Ok(requests) => tracing::info!(requests, "The demo data is there."),
            Err(error) => tracing::error!(%error, "The demo data cannot be written."),
        }
    });
    Ok(())
}
