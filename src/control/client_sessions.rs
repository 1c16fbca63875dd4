//! Clients that are signed in: Claude Code, the command line, the token helper. Listed and ended.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::Control;
use super::caller::{Caller, Reach};
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use crate::storage::Connection;
use crate::storage::client_sessions::{self, ClientSessionRow};

/// What changes with a session.
pub(super) const TABLES: &[&str] = &["client_sessions"];

/// A client that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClientSession {
    /// The id.
    pub id: Uuid,
    /// The user.
    pub user_id: Uuid,
    /// The user's name.
    pub user_name: String,
    /// The identity provider by which its user had signed in, where it was one.
    pub provider_id: Option<Uuid>,
    /// What kind of client it is, such as `claude_code` or `ccag_cli`.
    pub surface: String,
    /// The address it was begun from.
    pub address: Option<String>,
    /// What the client calls itself.
    pub user_agent: Option<String>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it last fetched a token.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
}

impl ClientSession {
    pub(super) fn of((row, user_name): (ClientSessionRow, String)) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            user_name,
            provider_id: row.provider_id,
            surface: row.surface,
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
            expires_at: row.expires_at,
        }
    }
}

/// Which sessions a list has. A member sees their own.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ClientSessionFilter {
    /// Those of this user.
    pub user_id: Option<Uuid>,
}

/// A page of the clients that the caller may see, newest first.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: ClientSessionFilter,
    paging: Paging,
) -> Result<Page<ClientSession>, ControlError> {
    let user_id = match (caller.reach()?, asked.user_id) {
        (Reach::All, user) => user,
        (Reach::Own(own), user) if user.is_none_or(|user| user == own) => Some(own),
        (Reach::Own(_), _) => return Err(ControlError::ForbiddenField("user_id")),
    };
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control.read(async move |c: &mut Connection| {
        client_sessions::list(c, user_id, before, rows).await
    });
    let found = found.await?.into_iter().map(ClientSession::of).collect();
    Ok(Page::of(found, size, |session| session.id.to_string()))
}

/// Signs a client out on every instance.
///
/// # Errors
/// [`ControlError`]
pub async fn end(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    let reach = caller.reach()?;
    end_of(control, caller, id, move |session| reach.covers(session.user_id)).await
}

/// Signs a client out where `may` says so.
pub(super) async fn end_of(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    may: impl FnOnce(&ClientSession) -> bool + Send + 'static,
) -> Result<(), ControlError> {
    let written = control.write(caller, async move |c: &mut Connection| {
        let found = client_sessions::lock(c, id).await?;
        let session = found.map(|(row, user)| ClientSession::of((row, user.name))).filter(may);
        let session = session.ok_or(ControlError::NotFound("client session"))?;
        client_sessions::end(c, id).await?;
        let change = Change::new("client_session.end", TABLES).of(id, &session.user_name);
        Ok(((), change.before(&session)))
    });
    written.await
}
