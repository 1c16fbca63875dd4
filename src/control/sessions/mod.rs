//! Browser sessions: begun by a sign-in, found by the cookie's secret, listed and ended.

mod secret;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

pub use secret::SessionSecret;

use super::Control;
use super::caller::{Caller, Reach, Who};
use super::change::Change;
use super::error::ControlError;
use super::page::{Page, Paging};
use crate::domain::principal::{CredentialKind, Role};
use crate::storage::Connection;
use crate::storage::sessions::{self, Filter, Found, SessionRow};
use crate::storage::users::UserRow;

/// How often the time of a session's last use is written, in seconds.
const TOUCHED: i64 = 60;
/// Longest name of a browser that is kept, in characters.
const MAX_AGENT: usize = 300;

/// A browser that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Session {
    /// The id.
    pub id: Uuid,
    /// The user; null for whoever has the admin key.
    pub user_id: Option<Uuid>,
    /// The user's name.
    pub user_name: Option<String>,
    /// How it was begun: `admin_key`, `password` or `oidc`.
    pub signed_in_by: String,
    /// The identity provider, where it was one.
    pub provider_id: Option<Uuid>,
    /// The address it was begun from.
    pub address: Option<String>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to a minute.
    pub last_seen_at: DateTime<Utc>,
}

impl Session {
    fn of((row, user_name): (SessionRow, Option<String>)) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            user_name,
            signed_in_by: row.signed_in_by,
            provider_id: row.provider_id,
            address: row.address,
            user_agent: row.user_agent,
            created_at: row.created_at,
            last_seen_at: row.last_seen_at,
        }
    }
}

/// How a session is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    /// With the admin key.
    AdminKey,
    /// With a password.
    Password,
    /// By this identity provider.
    Provider(Uuid),
}

impl By {
    fn name(self) -> &'static str {
        match self {
            Self::AdminKey => "admin_key",
            Self::Password => "password",
            Self::Provider(_) => "oidc",
        }
    }

    fn provider_id(self) -> Option<Uuid> {
        match self {
            Self::Provider(id) => Some(id),
            Self::AdminKey | Self::Password => None,
        }
    }
}

/// Which sessions a list has. A member sees their own.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SessionFilter {
    /// Those of this user.
    pub user_id: Option<Uuid>,
}

/// The start of a session, written within the transaction of a sign-in.
pub(super) async fn begin(
    connection: &mut Connection,
    user: Option<&UserRow>,
    by: By,
    caller: &Caller,
    user_agent: Option<&str>,
) -> Result<(SessionSecret, Change), ControlError> {
    let (secret, now) = (SessionSecret::make()?, Utc::now());
    let row = SessionRow {
        id: Uuid::now_v7(),
        secret_hash: secret.hash(),
        user_id: user.map(|user| user.id),
        signed_in_by: by.name().to_owned(),
        address: caller.address.map(|address| address.to_string()),
        user_agent: user_agent.map(|agent| agent.chars().take(MAX_AGENT).collect()),
        created_at: now,
        last_seen_at: now,
        provider_id: by.provider_id(),
    };
    sessions::insert(connection, &row).await?;
    let name = user.map_or("admin key", |user| user.name.as_str());
    let change = Change::new("session.begin", &[]).of(row.id, name);
    let view = Session::of((row, user.map(|user| user.name.clone())));
    Ok((secret, change.after(&view)))
}

/// Who is signed in with this secret, and whether it is somebody with a password; `None` where nobody
/// is any more.
///
/// # Errors
/// [`ControlError`]
pub async fn find(
    control: &Control,
    secret: &SessionSecret,
) -> Result<Option<(Who, bool)>, ControlError> {
    let hash = secret.hash();
    let found =
        control.read(async move |c: &mut Connection| sessions::find(c, &hash).await).await?;
    let Some(found) = found.filter(|found| lasts(control, &found.0)) else { return Ok(None) };
    if found.0.last_seen_at < Utc::now() - TimeDelta::seconds(TOUCHED) {
        let id = found.0.id;
        control.read(async move |c: &mut Connection| sessions::touch(c, id).await).await?;
    }
    let has_password = found.2.is_some();
    Ok(who(found).map(|who| (who, has_password)))
}

fn lasts(control: &Control, row: &SessionRow) -> bool {
    let (seen_since, began_since) = bounds(control);
    row.last_seen_at > seen_since && row.created_at > began_since
}

/// Since when a session must have been used and begun to be valid.
fn bounds(control: &Control) -> (DateTime<Utc>, DateTime<Utc>) {
    let (settings, now) = (control.settings.load(), Utc::now());
    let ago = |seconds: u32| now - TimeDelta::seconds(seconds.into());
    (ago(settings.session_idle_seconds), ago(settings.session_absolute_seconds))
}

fn who((row, user, has_default_password): Found) -> Option<Who> {
    match user {
        None => Some(Who::AdminKey),
        Some(user) if !user.active => None,
        Some(user) => Some(Who::User {
            id: user.id,
            name: user.name,
            role: Role::of(&user.role),
            team_id: user.team_id,
            credential: CredentialKind::Session,
            session_id: Some(row.id),
            must_change_password: row.signed_in_by == "password"
                && has_default_password == Some(true),
        }),
    }
}

/// A page of the sessions that the caller may see, newest first.
///
/// # Errors
/// [`ControlError`]
pub async fn list(
    control: &Control,
    caller: &Caller,
    asked: SessionFilter,
    paging: Paging,
) -> Result<Page<Session>, ControlError> {
    let user_id = match (caller.reach()?, asked.user_id) {
        (Reach::All, user) => user,
        (Reach::Own(own), user) if user.is_none_or(|user| user == own) => Some(own),
        (Reach::Own(_), _) => return Err(ControlError::ForbiddenField("user_id")),
    };
    let (seen_since, began_since) = bounds(control);
    let filter = Filter {
        user_id,
        seen_since: Some(seen_since),
        began_since: Some(began_since),
        before: paging.before()?,
    };
    let (size, rows) = (paging.size()?, paging.rows()?);
    let found =
        control.read(async move |c: &mut Connection| sessions::list(c, &filter, rows).await);
    let found = found.await?.into_iter().map(Session::of).collect();
    Ok(Page::of(found, size, |session| session.id.to_string()))
}

/// Ends a session on every instance.
///
/// # Errors
/// [`ControlError`]
pub async fn end(control: &Control, caller: &Caller, id: Uuid) -> Result<(), ControlError> {
    let reach = caller.reach()?;
    let written = control.write(caller, async move |c: &mut Connection| {
        let found = sessions::get(c, id).await?;
        let found = found.filter(|(row, _)| match (reach, row.user_id) {
            (Reach::All, _) => true,
            (Reach::Own(own), user) => user == Some(own),
        });
        let before = Session::of(found.ok_or(ControlError::NotFound("session"))?);
        Ok(((), ended(c, &before).await?))
    });
    written.await
}

async fn ended(connection: &mut Connection, before: &Session) -> Result<Change, ControlError> {
    sessions::end(connection, before.id).await?;
    let name = before.user_name.as_deref().unwrap_or("admin key");
    Ok(Change::new("session.end", &[]).of(before.id, name).before(before))
}

/// Ends the session of this secret, where there is one: what signing out does.
///
/// # Errors
/// [`ControlError`]
pub async fn sign_out(
    control: &Control,
    caller: &Caller,
    secret: &SessionSecret,
) -> Result<(), ControlError> {
    let hash = secret.hash();
    let written = control.write(caller, async move |c: &mut Connection| {
        let (row, user, _) =
            sessions::find(c, &hash).await?.ok_or(ControlError::NotFound("session"))?;
        let name = user.map_or("admin key".to_owned(), |user| user.name);
        let before = Session::of((row, Some(name)));
        Ok(((), ended(c, &before).await?))
    });
    match written.await {
        Err(ControlError::NotFound(_)) => Ok(()),
        other => other,
    }
}
