//! Letting people in whom an identity provider has proven: who they are here, what their groups make of
//! them, and new users where the provider may make some.

use std::sync::Arc;

use chrono::Utc;
use serde::Serialize;
use uuid::Uuid;

use super::User;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::scim::standing;
use crate::control::{Control, field};
use crate::domain::principal::Role;
use crate::domain::provider::{Claims, NotAdmitted, Provider};
use crate::storage::identities::{self, IdentityRow};
use crate::storage::users::{self, UserRow};
use crate::storage::{Connection, scim, teams};

const ADMITTED: &[&str] = &["users", "identities"];

/// A user as the audit log tells of an admission.
#[derive(Serialize)]
struct Admitted {
    #[serde(flatten)]
    user: User,
    provider: String,
    subject: String,
}

impl From<NotAdmitted> for ControlError {
    fn from(refusal: NotAdmitted) -> Self {
        Self::Forbidden(refusal.to_string().into())
    }
}

/// The active user behind what a provider has proven.
///
/// # Errors
/// [`ControlError::Forbidden`] where somebody is not admitted.
pub(in crate::control) async fn admit(
    control: &Control,
    provider: &Provider,
    claims: &Claims,
) -> Result<UserRow, ControlError> {
    provider.admits(claims)?;
    let shared = Arc::new((provider.clone(), claims.clone()));
    let known = Arc::clone(&shared);
    let found = control.ask(async move |c: &mut Connection| {
        let (provider, claims) = &*known;
        let Some(user) = identities::user(c, provider.id, &claims.subject).await? else {
            return Ok(None);
        };
        identities::note(c, &identity(provider, claims, user.id)).await?;
        let groups = standing::groups_of(c, provider.id, user.id).await?;
        Ok(Some((user, groups)))
    });
    if let Some((user, provisioned)) = found.await? {
        if !user.active {
            return Err(NotAdmitted::Inactive.into());
        }
        if mapped(provider, claims, provisioned, &user) == user_shape(&user) {
            return Ok(user);
        }
    }
    let system = Caller::system();
    let written = control.write(&system, async move |c: &mut Connection| {
        let (provider, claims) = &*shared;
        admit_anew(c, provider, claims).await
    });
    written.await
}

/// What a provider decides of a user: the role and the team. Groups that it provisions go before those in a token.
fn mapped(
    provider: &Provider,
    claims: &Claims,
    provisioned: Option<Vec<String>>,
    user: &UserRow,
) -> (Role, Option<Uuid>) {
    let groups = provisioned.as_ref().unwrap_or(&claims.groups);
    let mapping = provider.groups.mapping(groups);
    let (role, team_id) = user_shape(user);
    let by_groups = mapping.role.unwrap_or(role);
    let role = if provider.is_admin_user(claims) { Role::Admin } else { by_groups };
    (role, mapping.team_id.unwrap_or(team_id))
}

fn user_shape(user: &UserRow) -> (Role, Option<Uuid>) {
    (Role::of(&user.role), user.team_id)
}

async fn admit_anew(
    connection: &mut Connection,
    provider: &Provider,
    claims: &Claims,
) -> Result<(UserRow, Change), ControlError> {
    identities::lock(connection, provider.id, &claims.subject).await?;
    let admins = users::lock_admins(connection).await?;
    let (action, found) = find(connection, provider, claims).await?;
    let is_new = found.is_none();
    let before = match &found {
        Some(user) => users::get(connection, user.id).await?.map(User::of),
        None => None,
    };
    let mut user = match found {
        Some(user) => user,
        None if provider.provisions(claims) => new_user(connection, provider, claims).await?,
        None => return Err(NotAdmitted::Unknown.into()),
    };
    if !user.active {
        return Err(NotAdmitted::Inactive.into());
    }
    let provisioned = standing::groups_of(connection, provider.id, user.id).await?;
    let (role, team_id) = mapped(provider, claims, provisioned, &user);
    let is_last_admin = admins == [user.id];
    if role == Role::Admin || !is_last_admin {
        role.name().clone_into(&mut user.role);
    }
    user.team_id = existing_team(connection, team_id).await?;
    user.email = user.email.or_else(|| claims.email.clone());
    if is_new {
        users::insert(connection, &user).await.map_err(ControlError::name_taken("user"))?;
    } else {
        users::update(connection, &user).await?;
    }
    identities::note(connection, &identity(provider, claims, user.id)).await?;
    let admitted = Admitted {
        user: super::read(connection, user.id).await?,
        provider: provider.name.clone(),
        subject: claims.subject.clone(),
    };
    let change = Change::new(action, ADMITTED).of(user.id, &user.name).after(&admitted);
    Ok((user, if let Some(before) = before { change.before(&before) } else { change }))
}

/// The user who is there already, and what the audit log calls it.
async fn find(
    connection: &mut Connection,
    provider: &Provider,
    claims: &Claims,
) -> Result<(&'static str, Option<UserRow>), ControlError> {
    if let Some(user) = identities::user(connection, provider.id, &claims.subject).await? {
        return Ok(("user.map", Some(user)));
    }
    let email = claims.email.as_deref();
    let provisioned =
        scim::users::for_sign_in(connection, provider.id, &claims.subject, email).await?;
    if let Some(id) = provisioned
        && let Some(user) = identities::unlinked(connection, provider.id, id).await?
    {
        return Ok(("user.link", Some(user)));
    }
    let email = email.filter(|_| provider.links());
    if let Some(email) = email
        && let Some(user) = identities::unlinked_user(connection, provider.id, email).await?
    {
        return Ok(("user.link", Some(user)));
    }
    Ok(("user.provision", None))
}

async fn new_user(
    connection: &mut Connection,
    provider: &Provider,
    claims: &Claims,
) -> Result<UserRow, ControlError> {
    let id = Uuid::now_v7();
    let name = free_name(connection, provider, &claims.user_name(), id).await?;
    Ok(UserRow {
        id,
        name,
        role: provider.groups.default_role.name().to_owned(),
        team_id: provider.groups.default_team_id,
        created_at: Utc::now(),
        email: claims.email.as_deref().and_then(|email| field::email("email", email).ok()),
        active: true,
        requests_per_minute: None,
        tokens_per_minute: None,
        concurrent_streams: None,
    })
}

/// A name that nobody has: where the wanted one is taken, with the provider's behind it.
async fn free_name(
    connection: &mut Connection,
    provider: &Provider,
    wanted: &str,
    id: Uuid,
) -> Result<String, ControlError> {
    let with_provider = format!("{wanted} ({})", provider.name);
    for name in [wanted, &with_provider] {
        let fits = name.chars().count() <= 100;
        if fits && users::by_name(connection, name).await?.is_none() {
            return Ok(name.to_owned());
        }
    }
    let number = id.simple().to_string();
    Ok(format!("{wanted} {}", number.split_at(20).1))
}

async fn existing_team(
    connection: &mut Connection,
    team_id: Option<Uuid>,
) -> Result<Option<Uuid>, ControlError> {
    let Some(id) = team_id else { return Ok(None) };
    Ok(teams::get(connection, id).await?.map(|_| id))
}

fn identity(provider: &Provider, claims: &Claims, user_id: Uuid) -> IdentityRow {
    let now = Utc::now();
    IdentityRow {
        provider_id: provider.id,
        subject: claims.subject.clone(),
        user_id,
        email: claims.email.clone(),
        created_at: now,
        last_sign_in_at: now,
    }
}
