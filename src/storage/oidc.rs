//! The table `oidc_providers`: identity providers together with what signs people in by them.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection as _};
use serde_json::Value;
use uuid::Uuid;

use super::database::Connection;
use super::error::StorageError;
use super::providers::ProviderRow;
use super::schema::{identity_providers, oidc_providers};
use crate::domain::principal::Role;
use crate::domain::provider::GroupRules;

/// What an OpenID provider needs, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = oidc_providers, primary_key(provider_id), treat_none_as_null = true)]
#[diesel(check_for_backend(Pg))]
#[expect(missing_docs, reason = "the columns")]
pub struct OidcRow {
    pub provider_id: Uuid,
    pub issuer: String,
    pub client_id: String,
    pub client_secret: Option<Vec<u8>>,
    pub audiences: Vec<String>,
    pub scopes: Vec<String>,
    pub jwks_url: Option<String>,
    pub user_claim: String,
    pub groups_claim: String,
    pub admin_groups: Vec<String>,
    pub team_groups: Value,
    pub allowed_domains: Vec<String>,
    pub link_by_email: bool,
    pub auto_provision: bool,
    pub default_role: String,
    pub default_team_id: Option<Uuid>,
    pub configured_by: String,
}

/// A provider, with what signs people in where it does.
pub type Whole = (ProviderRow, Option<OidcRow>);

/// What the groups of a provider make of people.
#[must_use]
pub fn group_rules((provider, oidc): &Whole) -> GroupRules {
    let provisioning = provider.provisioning.clone();
    let provisioning = || provisioning.and_then(|rules| serde_json::from_value(rules).ok());
    oidc.as_ref().map(OidcRow::group_rules).or_else(provisioning).unwrap_or_default()
}

impl OidcRow {
    /// What its groups make of people.
    #[must_use]
    pub fn group_rules(&self) -> GroupRules {
        GroupRules {
            admin_groups: self.admin_groups.clone(),
            team_groups: serde_json::from_value(self.team_groups.clone()).unwrap_or_default(),
            default_role: Role::of(&self.default_role),
            default_team_id: self.default_team_id,
        }
    }
}

/// At most `limit` providers, newest first.
///
/// # Errors
/// [`StorageError`]
pub async fn list(
    connection: &mut Connection,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Whole>, StorageError> {
    let mut query = whole().order(identity_providers::id.desc()).limit(limit).into_boxed();
    if let Some(before) = before {
        query = query.filter(identity_providers::id.lt(before));
    }
    Ok(query.load(connection).await?)
}

/// One provider.
///
/// # Errors
/// [`StorageError`]
pub async fn get(connection: &mut Connection, id: Uuid) -> Result<Option<Whole>, StorageError> {
    Ok(whole().filter(identity_providers::id.eq(id)).first(connection).await.optional()?)
}

/// The providers that sign people in now, oldest first.
///
/// # Errors
/// [`StorageError`]
pub async fn enabled(
    connection: &mut Connection,
) -> Result<Vec<(ProviderRow, OidcRow)>, StorageError> {
    let query = identity_providers::table
        .inner_join(oidc_providers::table)
        .filter(identity_providers::enabled)
        .order(identity_providers::id)
        .select((ProviderRow::as_select(), OidcRow::as_select()));
    Ok(query.load(connection).await?)
}

/// The providers that the environment has configured, now or before.
///
/// # Errors
/// [`StorageError`]
pub async fn of_environment(
    connection: &mut Connection,
) -> Result<Vec<(ProviderRow, OidcRow)>, StorageError> {
    let query = identity_providers::table
        .inner_join(oidc_providers::table)
        .filter(oidc_providers::configured_by.eq("environment"))
        .select((ProviderRow::as_select(), OidcRow::as_select()));
    Ok(query.load(connection).await?)
}

#[diesel::dsl::auto_type]
fn whole() -> _ {
    let provider: diesel::dsl::AsSelect<ProviderRow, Pg> = ProviderRow::as_select();
    let oidc: diesel::dsl::AsSelect<Option<OidcRow>, Pg> = Option::<OidcRow>::as_select();
    identity_providers::table.left_join(oidc_providers::table).select((provider, oidc))
}

/// Keeps others from changing providers until the transaction ends.
///
/// # Errors
/// [`StorageError`]
pub async fn lock(connection: &mut Connection) -> Result<(), StorageError> {
    Ok(connection.batch_execute("lock table oidc_providers in share row exclusive mode").await?)
}

/// Writes what signs people in by a new provider.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where there is one of this issuer and client.
pub async fn insert(connection: &mut Connection, oidc: &OidcRow) -> Result<(), StorageError> {
    diesel::insert_into(oidc_providers::table).values(oidc).execute(connection).await?;
    Ok(())
}

/// Writes all columns of a provider that exists.
///
/// # Errors
/// [`StorageError`]; `Duplicate` where the name, or the issuer and the client, are taken.
pub async fn update(
    connection: &mut Connection,
    provider: &ProviderRow,
    oidc: Option<&OidcRow>,
) -> Result<(), StorageError> {
    let target = identity_providers::table.find(provider.id);
    diesel::update(target).set(provider).execute(connection).await?;
    if let Some(oidc) = oidc {
        let target = oidc_providers::table.find(oidc.provider_id);
        diesel::update(target).set(oidc).execute(connection).await?;
    }
    Ok(())
}

/// Takes a provider away, with the identities and sessions that it stands for; users stay.
///
/// # Errors
/// [`StorageError`]
pub async fn delete(connection: &mut Connection, id: Uuid) -> Result<(), StorageError> {
    diesel::delete(identity_providers::table.find(id)).execute(connection).await?;
    Ok(())
}
