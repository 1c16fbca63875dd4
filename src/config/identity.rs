//! `ADMIN_USERNAME`, `ADMIN_PASSWORD`, `ADMIN_PASSWORD_ENABLE`, `ADMIN_API_KEY`, `BOOTSTRAP_API_KEY`: who is
//! there from the start.
//! `SECRETS_KEY`: what seals their secrets.
//! `OIDC_ISSUER`, `OIDC_NAME`, `OIDC_CLIENT_ID`, `OIDC_CLIENT_SECRET`, `OIDC_AUDIENCE`, `OIDC_SCOPES`,
//! `OIDC_JWKS_URL`, `OIDC_USER_CLAIM`, `OIDC_ALLOWED_DOMAINS`, `ADMIN_USERS`: who signs people in.

use std::sync::Arc;

use secrecy::SecretString;

use super::environment::Environment;
use crate::control::providers::OfEnvironment;
use crate::oauth::metadata::is_safe;

/// Who is there from the start.
#[derive(Debug, Clone)]
pub struct IdentityConfig {
    /// The admin user, who owns the first API key.
    pub admin_username: String,
    /// The admin user's password.
    pub admin_password: Option<Arc<SecretString>>,
    /// Whether passwords are taken, whatever the settings say.
    pub password_enable: Option<bool>,
    /// A bearer token with the admin role.
    pub admin_api_key: Option<Arc<SecretString>>,
    /// What secrets at rest are sealed with.
    pub secrets_key: Option<Arc<SecretString>>,
    /// An API key that exists from the start.
    pub bootstrap_api_key: Option<Arc<SecretString>>,
    /// The identity provider.
    pub oidc: Option<OfEnvironment>,
    /// Subjects and verified addresses that are admins by that provider.
    pub admin_users: Vec<String>,
}

impl IdentityConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        Self {
            admin_username: environment.text("ADMIN_USERNAME").unwrap_or("admin".to_owned()),
            admin_password: environment.password("ADMIN_PASSWORD", 8).map(Arc::new),
            password_enable: environment.flag("ADMIN_PASSWORD_ENABLE"),
            admin_api_key: environment.secret("ADMIN_API_KEY", 32).map(Arc::new),
            secrets_key: environment.secret("SECRETS_KEY", 32).map(Arc::new),
            bootstrap_api_key: environment.secret("BOOTSTRAP_API_KEY", 32).map(Arc::new),
            oidc: oidc(environment),
            admin_users: environment.list("ADMIN_USERS").unwrap_or_default(),
        }
    }
}

fn oidc(environment: &mut Environment<'_>) -> Option<OfEnvironment> {
    let takes = "an https:// address (http:// on this machine only)";
    let safe = |text: &str| is_safe(text).then(|| text.to_owned());
    // As it is: tokens have it with or without a slash at its end, and the two are not the same.
    let issuer = environment.parsed("OIDC_ISSUER", takes, safe)?;
    let jwks_url = environment.parsed("OIDC_JWKS_URL", takes, safe);
    let mut audiences = environment.list("OIDC_AUDIENCE").unwrap_or_default();
    let client_id = environment.text("OIDC_CLIENT_ID").or_else(|| audiences.first().cloned());
    let Some(client_id) = client_id else {
        environment.problem(
            "OIDC_ISSUER is set, but OIDC_CLIENT_ID is not: without it, any token of the issuer would do.",
        );
        return None;
    };
    audiences.retain(|audience| *audience != client_id);
    Some(OfEnvironment {
        name: environment.text("OIDC_NAME").unwrap_or("SSO".to_owned()),
        issuer,
        client_id,
        client_secret: environment.password("OIDC_CLIENT_SECRET", 1),
        audiences,
        scopes: environment.list("OIDC_SCOPES"),
        jwks_url,
        user_claim: environment.text("OIDC_USER_CLAIM"),
        allowed_domains: environment.list("OIDC_ALLOWED_DOMAINS"),
    })
}
