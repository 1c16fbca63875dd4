//! Sign-in of clients by a code that somebody confirms in a browser (RFC 8628): the start, and the decision.

use base64_simd::URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::attempts::{self, Scope};
use super::{Origin, user_code};
use crate::control::caller::{Caller, Who};
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::{Control, random};
use crate::domain::principal::CredentialKind;
use crate::domain::surface::Surface;
use crate::storage::device::{self, DeviceRow};
use crate::storage::{Connection, StorageError, sessions};

/// How long a code is good, in seconds.
pub const LIFETIME: i64 = 10 * 60;
/// How often its client may ask, in seconds.
pub const INTERVAL: i64 = 5;
const MAX_SURFACE: usize = 50;
const MAX_AGENT: usize = 300;

/// A sign-in that has begun.
#[derive(Debug)]
pub struct Started {
    /// What the client asks with.
    pub device_code: SecretString,
    /// What somebody compares and confirms.
    pub user_code: String,
}

/// A sign-in that somebody is to decide about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The code, as the client shows it.
    pub user_code: String,
    /// What kind of client it is.
    pub surface: Surface,
    /// The address that it began from.
    pub address: Option<String>,
    /// What it calls itself.
    pub user_agent: Option<String>,
}

/// Begins a sign-in for a client of the kind `surface`.
///
/// # Errors
/// [`ControlError`]
pub async fn start(
    control: &Control,
    surface: &str,
    origin: Origin,
) -> Result<Started, ControlError> {
    attempts::count(control, &[Scope::device(origin.address)]).await?;
    let device_code = URL_SAFE_NO_PAD.encode_to_string(random()?);
    let now = Utc::now();
    let mut row = DeviceRow {
        id: Uuid::now_v7(),
        device_code_hash: hash(&device_code),
        user_code: user_code::make()?,
        surface: surface.chars().filter(|c| !c.is_control()).take(MAX_SURFACE).collect(),
        address: origin.address.map(|address| address.to_string()),
        user_agent: origin.user_agent.map(|agent| agent.chars().take(MAX_AGENT).collect()),
        created_at: now,
        expires_at: now + TimeDelta::seconds(LIFETIME),
        polled_at: None,
        approved: None,
        user_id: None,
        provider_id: None,
    };
    loop {
        let made = row.clone();
        let insert = control.database.run(async move |mut c| device::insert(&mut c, &made).await);
        match insert.await {
            Err(StorageError::Duplicate(_)) => row.user_code = user_code::make()?,
            Err(error) => return Err(error.into()),
            Ok(()) => break,
        }
    }
    Ok(Started { device_code: device_code.into(), user_code: row.user_code })
}

/// The sign-in with this code, for whoever is to decide about it.
///
/// # Errors
/// [`ControlError`]; `NotFound` where no sign-in waits with this code.
pub async fn waiting(
    control: &Control,
    caller: &Caller,
    code: &str,
) -> Result<Waiting, ControlError> {
    let (user, _) = decider(caller)?;
    let scopes = vec![Scope::confirm(user)];
    attempts::count(control, &scopes).await?;
    let code = user_code::canonical(code);
    let found = control.read(async move |c: &mut Connection| device::waiting(c, &code).await);
    let row = found.await?.ok_or(ControlError::NotFound("code"))?;
    attempts::forget(control, scopes).await?;
    Ok(seen(row))
}

/// Lets a client in as the caller, or turns it away.
///
/// # Errors
/// [`ControlError`]; `NotFound` where no sign-in waits with this code.
pub async fn decide(
    control: &Control,
    caller: &Caller,
    code: &str,
    approved: bool,
) -> Result<Waiting, ControlError> {
    let (user, session) = decider(caller)?;
    let scopes = vec![Scope::confirm(user)];
    attempts::count(control, &scopes).await?;
    let code = user_code::canonical(code);
    let written = control.write(caller, async move |c: &mut Connection| {
        let row = device::waiting(c, &code).await?.ok_or(ControlError::NotFound("code"))?;
        let (session, _) =
            sessions::get(c, session).await?.ok_or(ControlError::NotFound("session"))?;
        device::decide(c, row.id, approved, user, session.provider_id).await?;
        let action = if approved { "device.approve" } else { "device.deny" };
        let change = Change::new(action, &[]).of(row.id, Surface::of(&row.surface).name());
        Ok((seen(row), change))
    });
    let decided = written.await?;
    attempts::forget(control, scopes).await?;
    Ok(decided)
}

fn seen(row: DeviceRow) -> Waiting {
    Waiting {
        user_code: row.user_code,
        surface: Surface::of(&row.surface),
        address: row.address,
        user_agent: row.user_agent,
    }
}

/// Whoever decides: a user with a browser, and the browser's session.
fn decider(caller: &Caller) -> Result<(Uuid, Uuid), ControlError> {
    caller.reach()?;
    match &caller.who {
        Who::User {
            id, credential: CredentialKind::Session, session_id: Some(session), ..
        } => Ok((*id, *session)),
        _ => {
            let message =
                "A client signs in as a user, and the admin key is none: sign in as a user.";
            Err(ControlError::Forbidden(message.into()))
        }
    }
}

/// What is stored of a secret.
pub(super) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}
