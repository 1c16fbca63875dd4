//! What an order makes of a provider's row, field by field.

use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use uuid::Uuid;

use super::orders::OrderOidc;
use super::shape::{domains_of, fits, is_group, list, word};
use crate::actors::identity::purpose;
use crate::control::error::ControlError;
use crate::control::teams;
use crate::domain::provider::GroupRules;
use crate::oauth::metadata::is_safe;
use crate::storage::Connection;
use crate::storage::oidc::OidcRow;
use crate::storage::providers::ProviderRow;
use crate::storage::vault::Vault;

/// The row of a new provider.
pub(super) fn blank(id: Uuid, order: &mut OrderOidc) -> Result<OidcRow, ControlError> {
    let needed = |field: &'static str, value: Option<String>| {
        value.ok_or_else(|| ControlError::invalid(field, "is needed"))
    };
    let issuer = needed("oidc.issuer", order.issuer.take())?;
    if issuer.len() > 500 || !is_safe(&issuer) || issuer.contains(['?', '#']) {
        let takes = "takes an https:// address without a query, as the provider's tokens have it";
        return Err(ControlError::invalid("oidc.issuer", takes));
    }
    Ok(OidcRow {
        provider_id: id,
        issuer,
        client_id: needed("oidc.client_id", order.client_id.clone())?,
        client_secret: None,
        audiences: Vec::new(),
        scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
        jwks_url: None,
        user_claim: "sub".to_owned(),
        groups_claim: "groups".to_owned(),
        admin_groups: Vec::new(),
        team_groups: json!({}),
        allowed_domains: Vec::new(),
        link_by_email: false,
        auto_provision: true,
        default_role: "member".to_owned(),
        default_team_id: None,
        configured_by: "admin".to_owned(),
    })
}

/// Changes a row by an order.
///
/// # Errors
/// Where a field does not fit, or is not to be changed.
pub(super) async fn apply(
    connection: &mut Connection,
    vault: &Vault,
    row: &mut OidcRow,
    order: OrderOidc,
) -> Result<(), ControlError> {
    if order.issuer.as_ref().is_some_and(|issuer| *issuer != row.issuer) {
        let message =
            "An issuer does not change, since identities belong to it: add another provider.";
        return Err(ControlError::conflict("issuer_is_fixed", message));
    }
    if row.configured_by == "environment" && is_about_connection(&order) {
        return Err(of_environment());
    }
    connection_of(vault, row, &order)?;
    admission_of(row, &order)?;
    if let Some(groups) = order.team_groups {
        let names: Vec<String> = groups.keys().cloned().collect();
        list("oidc.team_groups", &names, is_group)?;
        for team in groups.values() {
            teams::must_exist(connection, "oidc.team_groups", Some(*team)).await?;
        }
        row.team_groups = json!(groups);
    }
    if let Some(team) = order.default_team_id {
        teams::must_exist(connection, "oidc.default_team_id", team).await?;
        row.default_team_id = team;
    }
    if row.link_by_email && row.allowed_domains.is_empty() {
        let takes =
            "takes true only with allowed_domains: else any provider could pass for any user";
        return Err(ControlError::invalid("oidc.link_by_email", takes));
    }
    Ok(())
}

/// Changes what the groups of a provider that only provisions make of people.
///
/// # Errors
/// Where a field does not fit, or where the provider signs people in too.
pub(super) async fn provisioning(
    connection: &mut Connection,
    row: &mut ProviderRow,
    rules: GroupRules,
    signs_in: bool,
) -> Result<(), ControlError> {
    if signs_in {
        let message = "This provider signs people in: its groups are mapped by oidc.admin_groups and oidc.team_groups.";
        return Err(ControlError::conflict("mapped_by_oidc", message));
    }
    list("provisioning.admin_groups", &rules.admin_groups, is_group)?;
    let names: Vec<String> = rules.team_groups.keys().cloned().collect();
    list("provisioning.team_groups", &names, is_group)?;
    for team in rules.team_groups.values() {
        teams::must_exist(connection, "provisioning.team_groups", Some(*team)).await?;
    }
    teams::must_exist(connection, "provisioning.default_team_id", rules.default_team_id).await?;
    row.provisioning = Some(json!(rules));
    Ok(())
}

/// Has a provider that begins to sign people in go on as it provisioned them.
pub(super) fn take_over(row: &mut ProviderRow, oidc: &mut OidcRow) {
    let rules = row.provisioning.take().and_then(|rules| serde_json::from_value(rules).ok());
    let GroupRules { admin_groups, team_groups, default_role, default_team_id } =
        rules.unwrap_or_default();
    oidc.admin_groups = admin_groups;
    oidc.team_groups = json!(team_groups);
    default_role.name().clone_into(&mut oidc.default_role);
    oidc.default_team_id = default_team_id;
}

/// The refusal to change what the environment says.
pub(super) fn of_environment() -> ControlError {
    let message = "The connection to this provider is configured by OIDC_ISSUER and its like: change them there.";
    ControlError::conflict("configured_by_environment", message)
}

fn is_about_connection(order: &OrderOidc) -> bool {
    order.client_id.is_some()
        || order.client_secret.is_some()
        || order.audiences.is_some()
        || order.scopes.is_some()
        || order.jwks_url.is_some()
        || order.user_claim.is_some()
}

fn connection_of(vault: &Vault, row: &mut OidcRow, order: &OrderOidc) -> Result<(), ControlError> {
    if let Some(id) = &order.client_id {
        row.client_id = word("oidc.client_id", id, 255)?;
    }
    if let Some(secret) = &order.client_secret {
        row.client_secret = secret.as_ref().map(|secret| seal(vault, row, secret)).transpose()?;
    }
    if let Some(audiences) = &order.audiences {
        row.audiences = list("oidc.audiences", audiences, |one| fits(one, 255))?;
    }
    if let Some(scopes) = &order.scopes {
        let mut scopes = list("oidc.scopes", scopes, |one| fits(one, 100))?;
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".to_owned());
        }
        row.scopes = scopes;
    }
    if let Some(url) = &order.jwks_url {
        if url.as_ref().is_some_and(|url| url.len() > 500 || !is_safe(url)) {
            return Err(ControlError::invalid(
                "oidc.jwks_url",
                "takes an https:// address, or null",
            ));
        }
        row.jwks_url.clone_from(url);
    }
    if let Some(claim) = &order.user_claim {
        row.user_claim = word("oidc.user_claim", claim, 100)?;
    }
    Ok(())
}

fn admission_of(row: &mut OidcRow, order: &OrderOidc) -> Result<(), ControlError> {
    if let Some(claim) = &order.groups_claim {
        row.groups_claim = word("oidc.groups_claim", claim, 100)?;
    }
    if let Some(groups) = &order.admin_groups {
        row.admin_groups = list("oidc.admin_groups", groups, is_group)?;
    }
    if let Some(domains) = &order.allowed_domains {
        row.allowed_domains = domains_of("oidc.allowed_domains", domains)?;
    }
    row.link_by_email = order.link_by_email.unwrap_or(row.link_by_email);
    row.auto_provision = order.auto_provision.unwrap_or(row.auto_provision);
    if let Some(role) = order.default_role {
        role.name().clone_into(&mut row.default_role);
    }
    Ok(())
}

/// Seals a client's secret for its row.
pub(super) fn seal(
    vault: &Vault,
    row: &OidcRow,
    secret: &SecretString,
) -> Result<Vec<u8>, ControlError> {
    let text = secret.expose_secret();
    if text.is_empty() || text.len() > 1000 || text.chars().any(char::is_control) {
        let takes = "takes 1 to 1000 bytes without control characters, or null";
        return Err(ControlError::invalid("oidc.client_secret", takes));
    }
    Ok(vault.seal(&purpose(row.provider_id), secret)?)
}
