//! Users that a provider provisions. A user of another provider, or of none, is not there for it.

use chrono::Utc;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Resource, standing, taken, text};
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::users::another_admin_is_left;
use crate::control::{Control, field, users};
use crate::domain::scim::{self, Attributes, Fault, FaultKind, USER};
use crate::storage::scim::users::{self as rows, ScimUserRow, WithActive};
use crate::storage::scim::{Window, groups};
use crate::storage::users::UserRow;
use crate::storage::{Connection, StorageError, users as people};

/// What a resource says, by where it is kept.
struct Said {
    user_name: String,
    external_id: Option<String>,
    active: Option<bool>,
    email: Option<String>,
    /// All that has no column; and `active`, to tell that the provider has said it.
    attributes: Attributes,
}

impl Said {
    fn of(mut attributes: Attributes) -> Result<Self, ControlError> {
        let misfit = |error: ControlError| {
            ControlError::Scim(Fault::new(FaultKind::InvalidValue, error.to_string()))
        };
        let user_name = text(&mut attributes, "userName").unwrap_or_default();
        let user_name = field::name("userName", &user_name).map_err(misfit)?;
        let external_id = text(&mut attributes, "externalId");
        let active = attributes.get("active").and_then(Value::as_bool);
        let email = email(&attributes).or_else(|| field::email("email", &user_name).ok());
        Ok(Self { user_name, external_id, active, email, attributes })
    }
}

/// The first choice among the e-mail addresses.
fn email(attributes: &Attributes) -> Option<String> {
    let emails = attributes.get("emails")?.as_array()?;
    let is_primary = |email: &&Value| email.get("primary") == Some(&Value::Bool(true));
    let chosen = emails.iter().find(is_primary).or_else(|| emails.first())?;
    field::email("email", chosen.get("value")?.as_str()?).ok()
}

/// What the provider has said of a user, and whether the user is active.
fn attributes_of((row, active): WithActive) -> Attributes {
    let mut attributes = match row.attributes {
        Value::Object(attributes) => attributes,
        _ => Attributes::new(),
    };
    attributes.insert("userName".to_owned(), row.user_name.into());
    if let Some(said) = attributes.get_mut("active") {
        *said = active.into();
    }
    attributes.extend(row.external_id.map(|id| ("externalId".to_owned(), id.into())));
    attributes
}

async fn resources(
    c: &mut Connection,
    found: Vec<WithActive>,
    base: &str,
) -> Result<Vec<Resource>, StorageError> {
    let ids: Vec<Uuid> = found.iter().map(|(row, _)| row.user_id).collect();
    let mut memberships = groups::of_users(c, &ids).await?.into_iter().peekable();
    let mut resources = Vec::with_capacity(found.len());
    for found in found {
        let (id, times) = (found.0.user_id, (found.0.created_at, found.0.updated_at));
        let mut attributes = attributes_of(found);
        let mut of_user = Vec::new();
        while let Some((_, group, display)) = memberships.next_if(|(user, ..)| *user == id) {
            let location = format!("{base}/Groups/{group}");
            of_user.push(json!({ "value": group, "$ref": location, "display": display }));
        }
        if !of_user.is_empty() {
            attributes.insert("groups".to_owned(), of_user.into());
        }
        resources.push(Resource::of(&USER, id, attributes, times, base));
    }
    Ok(resources)
}

async fn resource(
    c: &mut Connection,
    found: Option<WithActive>,
    base: &str,
) -> Result<Resource, ControlError> {
    let found = found.ok_or(ControlError::NotFound("user"))?;
    resources(c, vec![found], base).await?.pop().ok_or(ControlError::NotFound("user"))
}

/// The users of the provider within a window.
pub(super) async fn page(
    c: &mut Connection,
    provider: Uuid,
    window: &Window,
    base: &str,
) -> Result<Vec<Resource>, ControlError> {
    let found = rows::list(c, provider, window).await?;
    Ok(resources(c, found, base).await?)
}

/// One user of the provider.
pub(super) async fn one(
    c: &mut Connection,
    provider: Uuid,
    id: Uuid,
    base: &str,
) -> Result<Resource, ControlError> {
    let found = rows::get(c, provider, id).await?;
    resource(c, found, base).await
}

/// Makes a user of the provider.
///
/// # Errors
/// [`ControlError`]
pub async fn create(
    control: &Control,
    caller: &Caller,
    body: Value,
    base: String,
) -> Result<Resource, ControlError> {
    let provider_id = caller.provider()?;
    let mut attributes = scim::read(&body, &USER)?;
    attributes.entry("active").or_insert(Value::Bool(true));
    let said = Said::of(attributes)?;
    let provider_name = caller.identity().name;
    let written = control.write(caller, async move |c: &mut Connection| {
        let now = Utc::now();
        let window = Window { name: Some(said.user_name.clone()), limit: 1, ..Window::default() };
        if !rows::list(c, provider_id, &window).await?.is_empty() {
            return Err(taken(StorageError::Duplicate("user_name".to_owned())));
        }
        let rules = standing::rules(c, provider_id).await?;
        let user = UserRow {
            id: Uuid::now_v7(),
            name: free_name(c, &said.user_name, &provider_name).await?,
            role: rules.default_role.name().to_owned(),
            team_id: rules.default_team_id,
            created_at: now,
            email: said.email,
            active: said.active.unwrap_or(true),
            requests_per_minute: None,
            tokens_per_minute: None,
            concurrent_streams: None,
        };
        people::insert(c, &user).await.map_err(taken)?;
        let row = ScimUserRow {
            user_id: user.id,
            provider_id,
            user_name: said.user_name,
            external_id: said.external_id,
            attributes: Value::Object(said.attributes),
            created_at: now,
            updated_at: now,
        };
        rows::insert(c, &row).await.map_err(taken)?;
        let made = one(c, provider_id, user.id, &base).await?;
        let view = users::read(c, user.id).await?;
        let change = Change::new("user.create", &["users"]).of(user.id, &view.name).after(&view);
        Ok((made, change))
    });
    written.await
}

/// The name at the provider, or with the provider's name behind it where somebody else has it: an
/// account that is there already is never taken over.
async fn free_name(
    c: &mut Connection,
    user_name: &str,
    provider: &str,
) -> Result<String, ControlError> {
    if people::by_name(c, user_name).await?.is_none() {
        return Ok(user_name.to_owned());
    }
    Ok(format!("{user_name} ({provider})"))
}

/// How a user is changed.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Everything is put in the place of what is there.
    Replace(Value),
    /// Only what the operations name.
    Patch(Value),
}

impl Edit {
    pub(super) fn apply(
        &self,
        now: &Attributes,
        kind: &'static scim::ResourceType,
    ) -> Result<Attributes, Fault> {
        match self {
            Self::Replace(body) => scim::read(body, kind),
            Self::Patch(body) => scim::patch(now, body, kind),
        }
    }
}

/// Changes a user of the provider. One that is made inactive loses keys, sessions and running
/// requests at once. What changes nothing is not written.
///
/// # Errors
/// [`ControlError`]; `Stale` where the user is no longer as `if_match` says.
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    edit: Edit,
    if_match: Option<String>,
    base: String,
) -> Result<Resource, ControlError> {
    let provider_id = caller.provider()?;
    let written = control.write_if(caller, async move |c: &mut Connection| {
        rows::lock(c, id).await?;
        let found = rows::get(c, provider_id, id).await?;
        let now = resource(c, found.clone(), &base).await?;
        now.is_current(if_match.as_deref())?;
        let found = found.ok_or(ControlError::NotFound("user"))?;
        let (row, attributes) = (found.0.clone(), attributes_of(found));
        let mut after = edit.apply(&attributes, &USER)?;
        if let (Edit::Replace(_), Some(active)) = (&edit, attributes.get("active")) {
            after.entry("active").or_insert_with(|| active.clone());
        }
        if after == attributes {
            return Ok((now, None));
        }
        let before = users::read(c, id).await?;
        store(c, row, Said::of(after)?).await?;
        let after = users::read(c, id).await?;
        let changed = one(c, provider_id, id, &base).await?;
        let change = Change::new("user.edit", &["users"]).of(id, &after.name);
        Ok((changed, Some(change.before(&before).after(&after))))
    });
    written.await
}

async fn store(c: &mut Connection, row: ScimUserRow, said: Said) -> Result<(), ControlError> {
    let admins = people::lock_admins(c).await?;
    let (mut user, _) = people::get(c, row.user_id).await?.ok_or(ControlError::NotFound("user"))?;
    user.active = said.active.unwrap_or(user.active);
    if !user.active {
        another_admin_is_left(&admins, user.id)?;
    }
    // A name that an admin has given stays.
    let is_renamed = user.name == row.user_name && user.name != said.user_name;
    if is_renamed && people::by_name(c, &said.user_name).await?.is_none() {
        user.name.clone_from(&said.user_name);
    }
    user.email = said.email;
    people::update(c, &user).await.map_err(taken)?;
    let row = ScimUserRow {
        user_name: said.user_name,
        external_id: said.external_id,
        attributes: Value::Object(said.attributes),
        updated_at: Utc::now(),
        ..row
    };
    rows::update(c, &row).await.map_err(taken)
}

/// Takes a user away, with its keys and sessions; its usage stays.
pub(super) async fn remove(c: &mut Connection, id: Uuid) -> Result<Change, ControlError> {
    another_admin_is_left(&people::lock_admins(c).await?, id)?;
    let before = users::read(c, id).await?;
    people::delete(c, id).await?;
    let change = Change::new("user.delete", &["users", "api_keys"]).of(id, &before.name);
    Ok(change.before(&before))
}
