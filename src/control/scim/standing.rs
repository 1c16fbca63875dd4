//! What provisioned groups make of people: role and team, by the rules of their provider. Groups that a provider
//! provisions count in the place of those that its tokens name, so that whoever leaves one loses at once what it gave.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::control::users::{self, User};
use crate::domain::principal::Role;
use crate::domain::provider::{GroupRules, Mapping};
use crate::storage::scim::{groups, users as provisioned};
use crate::storage::users::{self as people, UserRow};
use crate::storage::{Connection, identities, oidc, teams};

const TABLES: &[&str] = &["users"];

/// The rules of a provider.
pub(super) async fn rules(c: &mut Connection, provider: Uuid) -> Result<GroupRules, ControlError> {
    Ok(oidc::get(c, provider).await?.as_ref().map(oidc::group_rules).unwrap_or_default())
}

/// The names of the groups that somebody is in; `None` where the provider provisions no groups, or not this user.
///
/// # Errors
/// [`ControlError`]
pub(in crate::control) async fn groups_of(
    c: &mut Connection,
    provider: Uuid,
    user: Uuid,
) -> Result<Option<Vec<String>>, ControlError> {
    let is_provisioned = provisioned::get(c, provider, user).await?.is_some();
    if !is_provisioned || groups::count(c, provider).await? == 0 {
        return Ok(None);
    }
    let memberships = groups::of_users(c, &[user]).await?;
    Ok(Some(memberships.into_iter().map(|(_, _, name)| name).collect()))
}

/// Applies the rules to all whom a provider provisions, where it provisions groups.
///
/// # Errors
/// [`ControlError`]
pub(in crate::control) async fn anew(
    c: &mut Connection,
    provider: Uuid,
    admin_users: &[String],
) -> Result<Vec<Change>, ControlError> {
    if groups::count(c, provider).await? == 0 {
        return Ok(Vec::new());
    }
    let all = provisioned::ids(c, provider).await?;
    apply(c, provider, admin_users, &all).await
}

/// Applies the rules to these users of the provider, and returns what changed. The last active admin stays one.
///
/// # Errors
/// [`ControlError`]
pub(super) async fn apply(
    c: &mut Connection,
    provider: Uuid,
    admin_users: &[String],
    affected: &[Uuid],
) -> Result<Vec<Change>, ControlError> {
    let rules = rules(c, provider).await?;
    if affected.is_empty() || !rules.decide() {
        return Ok(Vec::new());
    }
    let mut admins: HashSet<Uuid> = people::lock_admins(c).await?.into_iter().collect();
    let named = named(c, provider, admin_users).await?;
    let mut names: HashMap<Uuid, Vec<String>> = HashMap::new();
    for (user, _, name) in groups::of_users(c, affected).await? {
        names.entry(user).or_default().push(name);
    }
    let found = people::all_of(c, affected).await?.into_iter().map(|(user, team)| {
        let mut mapping = rules.mapping(names.get(&user.id).map(Vec::as_slice).unwrap_or_default());
        if named.contains(&user.id) {
            mapping.role = Some(Role::Admin);
        }
        (user, team, mapping)
    });
    let mut found: Vec<_> = found.collect();
    // Admins are made first, so that one may follow another.
    found.sort_by_key(|(.., mapping)| mapping.role != Some(Role::Admin));
    let mut changes = Vec::new();
    for (user, team, mapping) in found {
        let before = User::of((user.clone(), team));
        let Some(after) = mapped(c, user, mapping, &mut admins).await? else { continue };
        people::update(c, &after).await?;
        let now = users::read(c, after.id).await?;
        let change = Change::new("user.map", TABLES).of(after.id, &after.name);
        changes.push(change.before(&before).after(&now));
    }
    Ok(changes)
}

/// The user as the groups have it; `None` where that is as it was.
async fn mapped(
    c: &mut Connection,
    user: UserRow,
    mapping: Mapping,
    admins: &mut HashSet<Uuid>,
) -> Result<Option<UserRow>, ControlError> {
    let mut after = user.clone();
    if let Some(role) = mapping.role {
        let is_last = admins.len() == 1 && admins.contains(&user.id);
        if role == Role::Admin || !is_last {
            role.name().clone_into(&mut after.role);
        }
        match role {
            Role::Admin if user.active => _ = admins.insert(user.id),
            Role::Member if !is_last => _ = admins.remove(&user.id),
            Role::Admin | Role::Member => {}
        }
    }
    if let Some(team) = mapping.team_id {
        let known = match team {
            Some(id) => teams::name(c, id).await?.map(|_| id),
            None => None,
        };
        after.team_id = known;
    }
    let is_same = (&after.role, after.team_id) == (&user.role, user.team_id);
    Ok((!is_same).then_some(after))
}

/// Those whom `ADMIN_USERS` names, of the provider of the environment.
async fn named(
    c: &mut Connection,
    provider: Uuid,
    admin_users: &[String],
) -> Result<HashSet<Uuid>, ControlError> {
    let whole = oidc::get(c, provider).await?;
    let is_of_environment =
        whole.and_then(|(_, oidc)| oidc).is_some_and(|oidc| oidc.configured_by == "environment");
    if !is_of_environment || admin_users.is_empty() {
        return Ok(HashSet::new());
    }
    let known = identities::of_provider(c, provider, admin_users).await?;
    Ok(known.into_iter().collect())
}
