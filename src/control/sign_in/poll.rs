//! The answer to a client that asks whether its code was confirmed, and what it gets once it was.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::device::{INTERVAL, hash};
use super::of_session;
use super::tokens::{Fresh, Tokens, secret, tokens};
use crate::control::Control;
use crate::control::change::Change;
use crate::control::client_sessions::{ClientSession, TABLES};
use crate::control::error::ControlError;
use crate::storage::client_sessions::{self as stored, ClientSessionRow};
use crate::storage::device::{self, DeviceRow};
use crate::storage::{Connection, refresh_tokens, users};

/// Clocks and networks make a client that keeps to its interval a little early, in seconds.
const EARLY: i64 = 1;

/// The answer to a client that asks whether its code was confirmed.
#[derive(Debug)]
pub enum Polled {
    /// Not yet.
    Pending,
    /// Not yet, and it asks too often.
    SlowDown,
    /// Somebody has turned it away.
    Denied,
    /// There is no such code, or no more.
    Expired,
    /// It is signed in.
    Granted(Tokens),
}

/// Answers a client that asks with its device code; `issuer` is how it names the gateway.
///
/// # Errors
/// [`ControlError`]
pub async fn poll(control: &Control, code: &str, issuer: &str) -> Result<Polled, ControlError> {
    let hashed = hash(code);
    let found = control.read(async move |c: &mut Connection| {
        let row = device::of_code(c, &hashed).await?;
        if let Some(row) = &row {
            device::polled(c, row.id).await?;
        }
        Ok(row)
    });
    let Some(row) = found.await? else { return Ok(Polled::Expired) };
    match row.approved {
        None if is_early(row.polled_at) => Ok(Polled::SlowDown),
        None => Ok(Polled::Pending),
        Some(false) => Ok(Polled::Denied),
        Some(true) => redeem(control, row, issuer).await,
    }
}

fn is_early(polled_at: Option<DateTime<Utc>>) -> bool {
    let next = polled_at.map(|at| at + TimeDelta::seconds(INTERVAL - EARLY));
    next.is_some_and(|next| Utc::now() < next)
}

async fn redeem(control: &Control, row: DeviceRow, issuer: &str) -> Result<Polled, ControlError> {
    let Some(user_id) = row.user_id else { return Ok(Polled::Denied) };
    let found = control.read(async move |c: &mut Connection| users::get(c, user_id).await).await?;
    let Some(user) = found.filter(|(user, _)| user.active) else { return Ok(Polled::Denied) };
    let (code, now) = (row.device_code_hash.clone(), Utc::now());
    let lifetime = control.settings.load().client_session_seconds;
    let session = ClientSessionRow {
        id: Uuid::now_v7(),
        user_id,
        provider_id: row.provider_id,
        surface: row.surface,
        address: row.address.clone(),
        user_agent: row.user_agent,
        created_at: now,
        last_seen_at: now,
        expires_at: now + TimeDelta::seconds(lifetime.into()),
    };
    let refresh_token = secret()?;
    let (hashed, id) = (hash(&refresh_token), session.id);
    let address = row.address.as_deref().and_then(|address| address.parse().ok());
    let caller = of_session(&user.0, address);
    let name = user.0.name.clone();
    let written = control.write(&caller, async move |c: &mut Connection| {
        // Of two that ask at the same time, one gets in.
        let row = device::of_code(c, &code).await?.ok_or(ControlError::NotFound("code"))?;
        device::remove(c, row.id).await?;
        stored::insert(c, &session).await?;
        refresh_tokens::add(c, session.id, hashed).await?;
        let change = Change::new("client_session.begin", TABLES).of(session.id, &name);
        Ok(((), change.after(&ClientSession::of((session, name)))))
    });
    match written.await {
        Err(ControlError::NotFound(_)) => return Ok(Polled::Expired),
        other => other?,
    }
    let fresh = Fresh { session: id, user, refresh_token };
    Ok(Polled::Granted(tokens(control, fresh, issuer)?))
}
