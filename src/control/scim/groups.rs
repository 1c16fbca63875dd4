//! Groups that a provider provisions; their members are users of the same provider.

use std::collections::{BTreeSet, HashSet};

use chrono::Utc;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::users::Edit;
use super::{Resource, standing, taken, text};
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::field;
use crate::domain::scim::{self, Attributes, Fault, FaultKind, GROUP};
use crate::storage::Connection;
use crate::storage::scim::Window;
use crate::storage::scim::groups::{self as rows, GroupRow, Member};

/// Members that one answer has at the most.
const MAX_MEMBERS: usize = 200_000;
/// Ids of members that one entry of the audit log names at the most.
const MAX_NAMED: usize = 500;

/// What changes with a group: what a user may do can follow from it.
const TABLES: &[&str] = &["users"];

/// A group as the audit log has it.
#[derive(Debug, Serialize)]
struct View<'g> {
    id: Uuid,
    display_name: &'g str,
    external_id: Option<&'g str>,
    members: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left: Vec<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    joined: Vec<Uuid>,
}

impl<'g> View<'g> {
    fn of(row: &'g GroupRow, members: usize) -> Self {
        Self {
            id: row.id,
            display_name: &row.display_name,
            external_id: row.external_id.as_deref(),
            members,
            left: Vec::new(),
            joined: Vec::new(),
        }
    }
}

/// What a resource says, by where it is kept.
struct Said {
    display_name: String,
    external_id: Option<String>,
    members: BTreeSet<Uuid>,
}

impl Said {
    fn of(mut attributes: Attributes) -> Result<Self, ControlError> {
        let invalid = |detail: String| Fault::new(FaultKind::InvalidValue, detail);
        let display_name = text(&mut attributes, "displayName").unwrap_or_default();
        let display_name = field::name("displayName", &display_name)
            .map_err(|error| invalid(error.to_string()))?;
        let external_id = text(&mut attributes, "externalId");
        let members = attributes.remove("members").unwrap_or_default();
        let ids = members.as_array().into_iter().flatten().map(|member| {
            let id = member.get("value").and_then(Value::as_str).unwrap_or_default();
            Uuid::parse_str(id).map_err(|_| invalid(format!("There is no user {id:?}.")))
        });
        Ok(Self { display_name, external_id, members: ids.collect::<Result<_, _>>()? })
    }
}

fn attributes_of<'m>(
    row: &GroupRow,
    members: impl Iterator<Item = &'m Member>,
    base: &str,
) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert("displayName".to_owned(), row.display_name.as_str().into());
    let external_id = row.external_id.as_deref();
    attributes.extend(external_id.map(|id| ("externalId".to_owned(), id.into())));
    let members: Vec<Value> = members
        .map(|(_, user)| {
            let location = format!("{base}/Users/{user}");
            json!({ "value": user, "$ref": location, "type": "User" })
        })
        .collect();
    if !members.is_empty() {
        attributes.insert("members".to_owned(), members.into());
    }
    attributes
}

async fn members(c: &mut Connection, groups: &[Uuid]) -> Result<Vec<Member>, ControlError> {
    let members = rows::members(c, groups, MAX_MEMBERS as i64 + 1).await?;
    if members.len() > MAX_MEMBERS {
        let detail = "There are too many members: ask for fewer groups, or without members.";
        return Err(Fault::new(FaultKind::TooMany, detail).into());
    }
    Ok(members)
}

async fn resources(
    c: &mut Connection,
    found: Vec<GroupRow>,
    with_members: bool,
    base: &str,
) -> Result<Vec<Resource>, ControlError> {
    let ids: Vec<Uuid> = found.iter().map(|row| row.id).collect();
    let members = if with_members { members(c, &ids).await? } else { Vec::new() };
    let resource = |row: &GroupRow| {
        let begin = members.partition_point(|(group, _)| *group < row.id);
        let own = members.iter().skip(begin).take_while(|(group, _)| *group == row.id);
        let attributes = attributes_of(row, own, base);
        Resource::of(&GROUP, row.id, attributes, (row.created_at, row.updated_at), base)
    };
    Ok(found.iter().map(resource).collect())
}

/// A group of the provider with its members.
struct Whole {
    row: GroupRow,
    members: Vec<Member>,
    resource: Resource,
}

async fn whole(
    c: &mut Connection,
    provider: Uuid,
    id: Uuid,
    base: &str,
) -> Result<Whole, ControlError> {
    let row = rows::get(c, provider, id).await?.ok_or(ControlError::NotFound("group"))?;
    let members = members(c, &[id]).await?;
    let attributes = attributes_of(&row, members.iter(), base);
    let times = (row.created_at, row.updated_at);
    let resource = Resource::of(&GROUP, id, attributes, times, base);
    Ok(Whole { row, members, resource })
}

/// The groups of the provider within a window.
pub(super) async fn page(
    c: &mut Connection,
    provider: Uuid,
    window: &Window,
    with_members: bool,
    base: &str,
) -> Result<Vec<Resource>, ControlError> {
    let found = rows::list(c, provider, window).await?;
    resources(c, found, with_members, base).await
}

/// One group of the provider.
pub(super) async fn one(
    c: &mut Connection,
    provider: Uuid,
    id: Uuid,
    base: &str,
) -> Result<Resource, ControlError> {
    Ok(whole(c, provider, id, base).await?.resource)
}

/// Refuses members that are no users of the provider.
async fn must_be_users(
    c: &mut Connection,
    provider: Uuid,
    members: &BTreeSet<Uuid>,
) -> Result<(), ControlError> {
    let asked: Vec<Uuid> = members.iter().copied().collect();
    let known: HashSet<Uuid> = rows::users_of(c, provider, &asked).await?.into_iter().collect();
    match asked.iter().find(|id| !known.contains(id)) {
        Some(id) => {
            let detail = format!("There is no user {id} to be a member.");
            Err(Fault::new(FaultKind::InvalidValue, detail).into())
        }
        None => Ok(()),
    }
}

/// Makes a group of the provider.
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
    let said = Said::of(scim::read(&body, &GROUP)?)?;
    let admin_users = control.people.admin_users();
    let written = control.write(caller, async move |c: &mut Connection| {
        must_be_users(c, provider_id, &said.members).await?;
        let now = Utc::now();
        let row = GroupRow {
            id: Uuid::now_v7(),
            provider_id,
            display_name: said.display_name,
            external_id: said.external_id,
            created_at: now,
            updated_at: now,
        };
        rows::insert(c, &row).await.map_err(taken)?;
        let members: Vec<Uuid> = said.members.into_iter().collect();
        rows::change_members(c, row.id, &[], &members).await?;
        let mapped = standing::apply(c, provider_id, &admin_users, &members).await?;
        let made = whole(c, provider_id, row.id, &base).await?;
        let view = View::of(&made.row, members.len());
        let change = Change::new("group.create", TABLES).of(row.id, &row.display_name);
        let change = change.after(&view);
        Ok((made.resource, change.and(mapped)))
    });
    written.await
}

/// Changes a group of the provider. What changes nothing is not written.
///
/// # Errors
/// [`ControlError`]; `Stale` where the group is no longer as `if_match` says.
pub async fn edit(
    control: &Control,
    caller: &Caller,
    id: Uuid,
    edit: Edit,
    if_match: Option<String>,
    base: String,
) -> Result<Resource, ControlError> {
    let (provider_id, admin_users) = (caller.provider()?, control.people.admin_users());
    let written = control.write_if(caller, async move |c: &mut Connection| {
        rows::lock(c, id).await?;
        let Whole { row, members, resource } = whole(c, provider_id, id, &base).await?;
        resource.is_current(if_match.as_deref())?;
        let attributes = attributes_of(&row, members.iter(), &base);
        let said = Said::of(edit.apply(&attributes, &GROUP)?)?;
        let before: BTreeSet<Uuid> = members.iter().map(|(_, user)| *user).collect();
        let left: Vec<Uuid> = before.difference(&said.members).copied().collect();
        let joined: BTreeSet<Uuid> = said.members.difference(&before).copied().collect();
        let is_same = row.display_name == said.display_name && row.external_id == said.external_id;
        if is_same && left.is_empty() && joined.is_empty() {
            return Ok((resource, None));
        }
        must_be_users(c, provider_id, &joined).await?;
        let after = GroupRow {
            display_name: said.display_name,
            external_id: said.external_id,
            updated_at: Utc::now(),
            ..row.clone()
        };
        rows::update(c, &after).await.map_err(taken)?;
        let joined: Vec<Uuid> = joined.into_iter().collect();
        rows::change_members(c, id, &left, &joined).await?;
        let affected: Vec<Uuid> = if row.display_name == after.display_name {
            left.iter().chain(&joined).copied().collect()
        } else {
            before.union(&said.members).copied().collect()
        };
        let mapped = standing::apply(c, provider_id, &admin_users, &affected).await?;
        let changed = whole(c, provider_id, id, &base).await?;
        let mut view = View::of(&after, said.members.len());
        view.left = left.into_iter().take(MAX_NAMED).collect();
        view.joined = joined.into_iter().take(MAX_NAMED).collect();
        let change = Change::new("group.edit", TABLES).of(id, &after.display_name);
        let change = change.before(&View::of(&row, before.len())).after(&view);
        Ok((changed.resource, Some(change.and(mapped))))
    });
    written.await
}

/// Takes a group away; its members stay.
pub(super) async fn remove(
    c: &mut Connection,
    provider: Uuid,
    id: Uuid,
    admin_users: &[String],
) -> Result<Change, ControlError> {
    let row = rows::get(c, provider, id).await?.ok_or(ControlError::NotFound("group"))?;
    let members = members(c, &[id]).await?;
    rows::delete(c, id).await?;
    let affected: Vec<Uuid> = members.iter().map(|(_, user)| *user).collect();
    let mapped = standing::apply(c, provider, admin_users, &affected).await?;
    let change = Change::new("group.delete", TABLES).of(id, &row.display_name);
    Ok(change.before(&View::of(&row, members.len())).and(mapped))
}
