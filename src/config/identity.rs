//! `ADMIN_USERNAME`, `ADMIN_PASSWORD`, `ADMIN_PASSWORD_ENABLE`, `ADMIN_API_KEY`, `BOOTSTRAP_API_KEY`: who is
//! there from the start.
//! `SECRETS_KEY`: what seals their secrets.

use std::sync::Arc;

use secrecy::SecretString;

use super::environment::Environment;

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
        }
    }
}
