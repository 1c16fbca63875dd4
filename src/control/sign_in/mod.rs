//! Signing in to the portal: by password, with the admin key, or by an identity provider. All end in a
//! session.

mod attempts;
pub mod device;
pub mod oidc;
pub(super) mod password;
pub mod poll;
pub mod refresh;
pub mod tokens;
mod user_code;

use std::net::IpAddr;
use std::sync::Arc;

use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use self::attempts::Scope;
use super::Control;
use super::caller::{Caller, Who};
use super::change::Change;
use super::error::ControlError;
use super::sessions::{self, By, SessionSecret};
use crate::domain::key::KeyHash;
use crate::domain::principal::{CredentialKind, Role};
use crate::storage::Connection;
use crate::storage::passwords::{self, PasswordRow};
use crate::storage::users::{self, UserRow};

/// The password that the admin has where none is configured.
const DEFAULT_PASSWORD: &str = "admin";
/// What a known browser's cookie is sealed for.
const BROWSER: &str = "known browser";

/// What the environment says of signing in.
#[derive(Debug, Clone, Default)]
pub struct Access {
    /// The bearer token with the admin role.
    pub admin_key: Option<Arc<SecretString>>,
    /// Whether passwords are taken, whatever the settings say.
    pub password_enable: Option<bool>,
    /// Whether the listener can be reached from this machine only.
    pub is_local: bool,
}

/// Where an attempt to sign in comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// The cookie of a browser that has signed in before.
    pub known_browser: Option<String>,
    /// Whether a proxy has passed it on.
    pub is_forwarded: bool,
}

/// What a browser gets that has signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// The session's secret.
    pub session: SessionSecret,
    /// The cookie by which the browser is known at the next sign-in; base64url is for the caller.
    pub known_browser: Option<Vec<u8>>,
    /// Whether nothing works before the password is changed.
    pub must_change_password: bool,
}

/// Whether passwords are taken now.
#[must_use]
pub fn takes_passwords(control: &Control) -> bool {
    control.access.password_enable.unwrap_or(control.settings.load().password_sign_in)
}

/// Whether an active user still has the default password; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn has_default_password(
    control: &Control,
    caller: &Caller,
) -> Result<bool, ControlError> {
    caller.admin()?;
    control.read(async |c: &mut Connection| passwords::any_default(c).await).await
}

/// Signs in whoever knows the admin key.
///
/// # Errors
/// [`ControlError`]
pub async fn by_admin_key(
    control: &Control,
    sent: &SecretString,
    origin: Origin,
) -> Result<SignedIn, ControlError> {
    let Some(admin_key) = control.access.admin_key.as_deref() else {
        let message = "No admin key is configured: set ADMIN_API_KEY.";
        return Err(ControlError::Unauthenticated(message.into()));
    };
    let scopes = vec![Scope::address(origin.address)];
    attempts::count(control, &scopes).await?;
    let (sent, wanted) = (sent.expose_secret().trim(), admin_key.expose_secret());
    if !KeyHash::same(sent.as_bytes(), wanted.as_bytes()) {
        let message = "This is not the admin key of this gateway.";
        return Err(ControlError::Unauthenticated(message.into()));
    }
    attempts::forget(control, scopes).await?;
    let caller = Caller { who: Who::AdminKey, address: origin.address };
    let (session, _) = begin(control, caller, None, By::AdminKey, origin.user_agent).await?;
    Ok(SignedIn { session, known_browser: None, must_change_password: false })
}

/// Signs in a user by name and password.
///
/// # Errors
/// [`ControlError`]
pub async fn by_password(
    control: &Control,
    name: &str,
    password: SecretString,
    origin: Origin,
) -> Result<SignedIn, ControlError> {
    if !takes_passwords(control) {
        return Err(ControlError::Forbidden("Signing in by password is switched off.".into()));
    }
    let name = name.trim().to_owned();
    let known = known_browser(control, origin.known_browser.as_deref());
    let found = find(control, name.clone()).await?;
    let of_user = |(user, _): &(UserRow, PasswordRow)| user.id;
    let scopes = match known.filter(|(_, user)| found.as_ref().map(of_user) == Some(*user)) {
        Some((browser, _)) => vec![Scope::browser(browser)],
        None => vec![Scope::address(origin.address), Scope::account(&name)],
    };
    attempts::count(control, &scopes).await?;
    let is_long = password.expose_secret().len() > password::MAX_PASSWORD;
    let hash = found.as_ref().map(|(_, row)| row.hash.clone());
    let is_right = !is_long && control.hasher.verify(password, hash).await?;
    let Some((user, row)) = found.filter(|(user, _)| is_right && user.active) else {
        let message = "The user name or the password is not right.";
        return Err(ControlError::Unauthenticated(message.into()));
    };
    if row.is_default && !is_here(control, &origin) {
        let message = "The default password works only on this machine: set ADMIN_PASSWORD.";
        return Err(ControlError::Forbidden(message.into()));
    }
    attempts::forget(control, scopes).await?;
    let caller = of_session(&user, origin.address);
    let (session, known_browser) =
        begin(control, caller, Some(user), By::Password, origin.user_agent).await?;
    Ok(SignedIn { session, known_browser, must_change_password: row.is_default })
}

/// Whether an attempt comes from the machine that the gateway runs on.
fn is_here(control: &Control, origin: &Origin) -> bool {
    let is_loopback = origin.address.is_some_and(|address| address.to_canonical().is_loopback());
    control.access.is_local && is_loopback && !origin.is_forwarded
}

async fn find(
    control: &Control,
    name: String,
) -> Result<Option<(UserRow, PasswordRow)>, ControlError> {
    if name.len() > 400 || name.contains('\0') {
        return Ok(None);
    }
    let found = control.read(async move |c: &mut Connection| {
        let Some(user) = users::by_name(c, &name).await? else { return Ok(None) };
        Ok(passwords::get(c, user.id).await?.map(|row| (user, row)))
    });
    found.await
}

fn of_session(user: &UserRow, address: Option<IpAddr>) -> Caller {
    let who = Who::User {
        id: user.id,
        name: user.name.clone(),
        role: Role::of(&user.role),
        team_id: user.team_id,
        credential: CredentialKind::Session,
        session_id: None,
        must_change_password: false,
    };
    Caller { who, address }
}

/// Begins a session; the second value is the cookie by which a user's browser is known later.
async fn begin(
    control: &Control,
    caller: Caller,
    user: Option<UserRow>,
    by: By,
    user_agent: Option<String>,
) -> Result<(SessionSecret, Option<Vec<u8>>), ControlError> {
    let has_password = user.as_ref().filter(|_| by == By::Password);
    let known = has_password.map(|user| {
        let text = format!("{} {}", Uuid::new_v4(), user.id);
        control.vault.seal(BROWSER, &text.into())
    });
    let known = known.transpose()?;
    let begun_by = caller.clone();
    let written = control.write(&caller, async move |c: &mut Connection| {
        sessions::begin(c, user.as_ref(), by, &begun_by, user_agent.as_deref()).await
    });
    Ok((written.await?, known))
}

/// The browser and the user that a cookie is for.
fn known_browser(control: &Control, cookie: Option<&str>) -> Option<(Uuid, Uuid)> {
    let sealed = base64_simd::URL_SAFE_NO_PAD.decode_to_vec(cookie?).ok()?;
    let opened = control.vault.open(BROWSER, &sealed).ok()?;
    let (browser, user) = opened.expose_secret().split_once(' ')?;
    Some((browser.parse().ok()?, user.parse().ok()?))
}

/// Changes the caller's own password, and ends all other sessions of the caller.
///
/// # Errors
/// [`ControlError`]
pub async fn change_password(
    control: &Control,
    caller: &Caller,
    current: SecretString,
    new: SecretString,
) -> Result<(), ControlError> {
    let Who::User { id, name, credential: CredentialKind::Session, session_id, .. } = &caller.who
    else {
        let message = "Only a user who is signed in has a password to change.";
        return Err(ControlError::Forbidden(message.into()));
    };
    let (id, session_id) = (*id, *session_id);
    password::fit(name, &new)?;
    let scopes = vec![Scope::change(id)];
    attempts::count(control, &scopes).await?;
    let stored = control.read(async move |c: &mut Connection| passwords::get(c, id).await).await?;
    let stored = stored.ok_or(ControlError::NotFound("password"))?;
    let is_same = current.expose_secret() == new.expose_secret();
    if !control.hasher.verify(current, Some(stored.hash.clone())).await? {
        return Err(ControlError::invalid("current_password", "is not the current password"));
    }
    if is_same {
        return Err(ControlError::invalid("new_password", "takes another than the current one"));
    }
    attempts::forget(control, scopes).await?;
    let hash = control.hasher.hash(new).await?;
    let row = PasswordRow { hash, is_default: false, changed_at: Utc::now(), ..stored };
    let name = name.clone();
    let written = control.write(caller, async move |c: &mut Connection| {
        passwords::put(c, &row).await?;
        crate::storage::sessions::end_others(c, id, session_id).await?;
        Ok(((), Change::new("password.change", &[]).of(id, &name)))
    });
    written.await
}

/// Gives the admin the password of the environment, or the default one where there is none; one that
/// was changed in the portal stays until the environment has another.
///
/// # Errors
/// [`ControlError`]
pub async fn configure_password(
    control: &Control,
    admin: Uuid,
    configured: Option<&SecretString>,
) -> Result<(), ControlError> {
    let stored =
        control.read(async move |c: &mut Connection| passwords::get(c, admin).await).await?;
    let known = stored.as_ref().and_then(|row| row.configured_hash.clone());
    let (password, is_default) = match (configured, &stored) {
        (None, Some(_)) => return Ok(()),
        (None, None) => (SecretString::from(DEFAULT_PASSWORD), true),
        (Some(password), _) => {
            if known.is_some() && control.hasher.verify(password.clone(), known).await? {
                return Ok(());
            }
            (password.clone(), false)
        }
    };
    let hash = control.hasher.hash(password).await?;
    let configured_hash = (!is_default).then(|| hash.clone());
    let row =
        PasswordRow { user_id: admin, hash, configured_hash, is_default, changed_at: Utc::now() };
    let system = Caller::system();
    let written = control.write(&system, async move |c: &mut Connection| {
        passwords::put(c, &row).await?;
        Ok(((), Change::new("password.configure", &[]).of(admin, "admin")))
    });
    written.await
}
