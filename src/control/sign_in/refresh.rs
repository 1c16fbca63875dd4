//! The next tokens of a client that is signed in. A refresh token is good once; one that comes again long
//! after is in two hands, so that its session ends.

use chrono::{TimeDelta, Utc};
use uuid::Uuid;

use super::device::hash;
use super::tokens::{Fresh, Tokens, end, secret, tokens};
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::storage::client_sessions as stored;
use crate::storage::users::{self, Named};
use crate::storage::{Connection, refresh_tokens};

/// Two sessions of one client may use the same token at once; so long after, it is no accident.
const REUSE: TimeDelta = TimeDelta::seconds(60);

/// The next tokens of a session; `None` where the refresh token is good for nothing any more.
///
/// # Errors
/// [`ControlError`]
pub async fn refresh(
    control: &Control,
    token: &str,
    issuer: &str,
) -> Result<Option<Tokens>, ControlError> {
    let (used, refresh_token) = (hash(token), secret()?);
    let next = hash(&refresh_token);
    let turned = control.database.transaction(async move |c: &mut Connection| {
        let Some((session, used_at)) = refresh_tokens::session(c, &used).await? else {
            return Ok::<_, ControlError>(Turned::Nobody);
        };
        if used_at.is_some_and(|at| at + REUSE < Utc::now()) {
            return Ok(Turned::InTwoHands(session));
        }
        let Some((row, user)) = stored::lock(c, session).await? else { return Ok(Turned::Nobody) };
        if row.expires_at <= Utc::now() || !user.active || stored::is_cut_off(c, &row).await? {
            return Ok(Turned::Nobody);
        }
        refresh_tokens::note_use(c, &used).await?;
        refresh_tokens::add(c, session, next).await?;
        stored::touch(c, session).await?;
        let user = users::get(c, user.id).await?.ok_or(ControlError::NotFound("user"))?;
        Ok(Turned::Over(session, Box::new(user)))
    });
    match turned.await? {
        Turned::Nobody => Ok(None),
        Turned::InTwoHands(session) => {
            tracing::warn!(%session, "A refresh token came again long after its use; its session ends.");
            end(control, &Caller::system(), session).await?;
            Ok(None)
        }
        Turned::Over(session, user) => {
            tokens(control, Fresh { session, user: *user, refresh_token }, issuer).map(Some)
        }
    }
}

/// What becomes of a refresh token.
enum Turned {
    Over(Uuid, Box<Named>),
    InTwoHands(Uuid),
    Nobody,
}
