//! The tokens of clients that are signed in: a short-lived access token, and a refresh token of our own.

use base64_simd::URL_SAFE_NO_PAD;
use chrono::Utc;
use secrecy::SecretString;
use uuid::Uuid;

use super::device::hash;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::control::{Control, client_sessions, random};
use crate::oauth::access_token::{AUDIENCE, AccessClaims};
use crate::storage::users::Named;
use crate::storage::{Connection, refresh_tokens};

/// What a client gets that is signed in.
#[derive(Debug)]
pub struct Tokens {
    /// For API requests.
    pub access_token: SecretString,
    /// For the next access token.
    pub refresh_token: SecretString,
    /// How long the access token is good, in seconds.
    pub expires_in: i64,
    /// The user's e-mail address, where it is known.
    pub email: Option<String>,
}

/// A session and its user, with what is to be sent.
pub(super) struct Fresh {
    pub(super) session: Uuid,
    pub(super) user: Named,
    pub(super) refresh_token: String,
}

/// Ends the session of a token, an access token or a refresh token; unknown ones are ended already.
///
/// # Errors
/// [`ControlError`]
pub async fn revoke(control: &Control, token: &str) -> Result<(), ControlError> {
    let session = match control.people.signer().verify_expired(token) {
        Some(claims) => Some(claims.sid),
        None => {
            let hashed = hash(token);
            let found = control
                .read(async move |c: &mut Connection| refresh_tokens::session(c, &hashed).await);
            found.await?.map(|(session, _)| session)
        }
    };
    match session {
        Some(session) => end(control, &Caller::system(), session).await,
        None => Ok(()),
    }
}

/// Ends a session that may have ended before.
pub(super) async fn end(
    control: &Control,
    caller: &Caller,
    session: Uuid,
) -> Result<(), ControlError> {
    match client_sessions::end_of(control, caller, session, |_| true).await {
        Err(ControlError::NotFound(_)) => Ok(()),
        other => other,
    }
}

/// A new refresh token.
pub(super) fn secret() -> Result<String, ControlError> {
    Ok(format!("ccag-rt-{}", URL_SAFE_NO_PAD.encode_to_string(random()?)))
}

/// What is sent to the client of a session.
pub(super) fn tokens(
    control: &Control,
    fresh: Fresh,
    issuer: &str,
) -> Result<Tokens, ControlError> {
    let (user, team) = fresh.user;
    let expires_in = i64::from(control.settings.load().access_token_seconds);
    let iat = Utc::now().timestamp();
    let claims = AccessClaims {
        iss: issuer.to_owned(),
        sub: user.id,
        aud: AUDIENCE.to_owned(),
        sid: fresh.session,
        email: user.email.clone(),
        name: user.name,
        groups: team.into_iter().collect(),
        iat,
        exp: iat + expires_in,
    };
    let access_token = control.people.signer().sign(&claims).ok_or(ControlError::Fault)?;
    Ok(Tokens {
        access_token: SecretString::from(access_token),
        refresh_token: fresh.refresh_token.into(),
        expires_in,
        email: user.email,
    })
}
