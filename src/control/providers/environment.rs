//! The provider that the environment configures (`OIDC_ISSUER` and its like). What the environment says,
//! holds from the next start; all else of it is the admins' to change.

use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::orders::OrderOidc;
use super::view::IdentityProvider;
use super::{TABLES, order};
use crate::actors::identity::purpose;
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::change::Change;
use crate::control::error::ControlError;
use crate::storage::Connection;
use crate::storage::oidc::{self, OidcRow};
use crate::storage::providers::{self, ProviderRow};
use crate::storage::vault::Vault;

/// What the environment says of a provider.
#[derive(Debug, Clone)]
pub struct OfEnvironment {
    /// `OIDC_NAME`
    pub name: String,
    /// `OIDC_ISSUER`
    pub issuer: String,
    /// `OIDC_CLIENT_ID`, else the first of `OIDC_AUDIENCE`
    pub client_id: String,
    /// `OIDC_CLIENT_SECRET`
    pub client_secret: Option<SecretString>,
    /// The others of `OIDC_AUDIENCE`
    pub audiences: Vec<String>,
    /// `OIDC_SCOPES`
    pub scopes: Option<Vec<String>>,
    /// `OIDC_JWKS_URL`
    pub jwks_url: Option<String>,
    /// `OIDC_USER_CLAIM`
    pub user_claim: Option<String>,
    /// `OIDC_ALLOWED_DOMAINS`
    pub allowed_domains: Option<Vec<String>>,
}

/// Makes the provider of the environment what the environment says, and switches off one that the
/// environment names no more.
///
/// # Errors
/// [`ControlError`]; `Invalid` where the environment says what no provider may be.
pub async fn configure(control: &Control, said: Option<OfEnvironment>) -> Result<(), ControlError> {
    let stored = control.read(async |c: &mut Connection| oidc::of_environment(c).await).await?;
    let (vault, issuer) = (&control.vault, said.as_ref().map(|said| said.issuer.clone()));
    for (provider, oidc) in &stored {
        if provider.enabled && Some(&oidc.issuer) != issuer.as_ref() {
            switch_off(control, provider.id).await?;
        }
    }
    let Some(said) = said else { return Ok(()) };
    let present = stored.iter().find(|(_, oidc)| Some(&oidc.issuer) == issuer.as_ref());
    if present
        .is_some_and(|(provider, oidc)| provider.enabled && agrees(vault, provider, oidc, &said))
    {
        return Ok(());
    }
    match put(control, said.clone()).await {
        // Another instance that starts at the same time has made it.
        Err(ControlError::Conflict { .. }) => put(control, said).await,
        other => other,
    }
}

fn agrees(vault: &Vault, provider: &ProviderRow, row: &OidcRow, said: &OfEnvironment) -> bool {
    let stored = row.client_secret.as_deref();
    let opened = stored.map(|sealed| vault.open(&purpose(row.provider_id), sealed));
    let secret = match (&opened, &said.client_secret) {
        (Some(Ok(stored)), Some(said)) => stored.expose_secret() == said.expose_secret(),
        (None, None) => true,
        _ => false,
    };
    let mut wanted = row.clone();
    wanted.scopes = said.scopes.clone().unwrap_or(wanted.scopes);
    secret
        && provider.name == said.name
        && row.client_id == said.client_id
        && row.audiences == said.audiences
        && row.jwks_url == said.jwks_url
        && row.scopes == wanted.scopes
        && said.user_claim.as_ref().is_none_or(|claim| row.user_claim == *claim)
        && said.allowed_domains.as_ref().is_none_or(|domains| row.allowed_domains == *domains)
}

async fn put(control: &Control, said: OfEnvironment) -> Result<(), ControlError> {
    let vault = control.vault.clone();
    let system = Caller::system();
    let written = control.write(&system, async move |c: &mut Connection| {
        oidc::lock(c).await?;
        let stored = oidc::of_environment(c).await?;
        let present = stored.into_iter().find(|(_, oidc)| oidc.issuer == said.issuer);
        let before = present.clone().map(|(row, oidc)| IdentityProvider::of((row, Some(oidc))));
        let is_new = present.is_none();
        let mut order = OrderOidc {
            issuer: Some(said.issuer.clone()),
            client_id: Some(said.client_id),
            client_secret: Some(said.client_secret),
            audiences: Some(said.audiences),
            scopes: said.scopes,
            jwks_url: Some(said.jwks_url),
            user_claim: said.user_claim,
            allowed_domains: said.allowed_domains,
            ..OrderOidc::default()
        };
        let now = Utc::now();
        let (mut row, mut oidc_row) = match present {
            Some(present) => present,
            None => {
                let id = Uuid::now_v7();
                let row = ProviderRow {
                    id,
                    name: String::new(),
                    kind: "oidc".to_owned(),
                    enabled: true,
                    created_at: now,
                    updated_at: now,
                    provisioning: None,
                };
                (row, order::blank(id, &mut order)?)
            }
        };
        (row.name, row.enabled, row.updated_at) = (said.name, true, now);
        // As an admin's order; only then it is the environment's again.
        "admin".clone_into(&mut oidc_row.configured_by);
        order::apply(c, &vault, &mut oidc_row, order).await?;
        "environment".clone_into(&mut oidc_row.configured_by);
        if is_new {
            providers::create(c, &row).await.map_err(super::taken)?;
            oidc::insert(c, &oidc_row).await.map_err(super::taken)?;
        } else {
            oidc::update(c, &row, Some(&oidc_row)).await.map_err(super::taken)?;
        }
        let after = super::read(c, row.id).await?;
        let change = Change::new("identity_provider.configure", TABLES).of(row.id, &row.name);
        let change = change.after(&after);
        Ok(((), if let Some(before) = before { change.before(&before) } else { change }))
    });
    written.await
}

async fn switch_off(control: &Control, id: Uuid) -> Result<(), ControlError> {
    let system = Caller::system();
    let written = control.write(&system, async move |c: &mut Connection| {
        let (mut row, oidc_row) =
            oidc::get(c, id).await?.ok_or(ControlError::NotFound("identity provider"))?;
        let before = IdentityProvider::of((row.clone(), oidc_row.clone()));
        (row.enabled, row.updated_at) = (false, Utc::now());
        oidc::update(c, &row, oidc_row.as_ref()).await?;
        let after = super::read(c, id).await?;
        let change = Change::new("identity_provider.configure", TABLES).of(id, &row.name);
        Ok(((), change.before(&before).after(&after)))
    });
    written.await
}
