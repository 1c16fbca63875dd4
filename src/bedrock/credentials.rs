//! Where the gateway's own AWS credentials come from, and how long they last.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_runtime_api::client::identity::Identity;
use secrecy::SecretString;
use thiserror::Error;

/// What a request to Bedrock is authorised with.
#[derive(Clone)]
pub enum Credential {
    /// A Bedrock API key, sent as it is.
    Bearer(Arc<SecretString>),
    /// AWS credentials, with which each request is signed.
    SigV4(Identity),
}

/// A credential with its time to live.
#[derive(Clone)]
pub struct Loaded {
    /// The credential.
    pub credential: Credential,
    /// When it stops working; `None` where it does not expire.
    pub expires_at: Option<SystemTime>,
}

impl Loaded {
    /// How long to wait before fetching the next one: well ahead of the expiry, moved by `jitter`
    /// (0 to 1) so that instances do not ask all at once. `None` where it does not expire.
    #[must_use]
    pub fn refresh_in(&self, now: SystemTime, jitter: f64) -> Option<Duration> {
        let left = self.expires_at?.duration_since(now).unwrap_or_default();
        let ahead = Duration::from_secs(15 * 60).min(left / 2).mul_f64(0.8 + 0.2 * jitter);
        Some(left.saturating_sub(ahead).max(Duration::from_secs(1)))
    }
}

/// There are no credentials to be had; the message says what was tried.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error(
    "no AWS credentials: {0}. Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and \
     AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached"
)]
pub struct CredentialError(String);

/// The place that credentials come from.
#[derive(Clone)]
pub enum CredentialSource {
    /// A Bedrock API key from the environment.
    ApiKey(Arc<SecretString>),
    /// The usual chain: environment, profile, SSO, web identity, container, instance.
    Chain,
}

impl CredentialSource {
    /// Fetches a credential, afresh each time.
    ///
    /// # Errors
    /// [`CredentialError`] where the source has none.
    pub async fn load(&self) -> Result<Loaded, CredentialError> {
        match self {
            Self::ApiKey(key) => {
                let credential = Credential::Bearer(Arc::clone(key));
                Ok(Loaded { credential, expires_at: None })
            }
            Self::Chain => chain().await,
        }
    }
}

async fn chain() -> Result<Loaded, CredentialError> {
    let config = Box::pin(aws_config::defaults(BehaviorVersion::latest()).load()).await;
    let provider = config
        .credentials_provider()
        .ok_or_else(|| CredentialError("the provider chain is empty".to_owned()))?;
    let credentials = Box::pin(provider.provide_credentials()).await.map_err(|error| {
        let reason =
            std::error::Error::source(&error).map_or(error.to_string(), ToString::to_string);
        CredentialError(reason)
    })?;
    let expires_at = credentials.expiry();
    Ok(Loaded { credential: Credential::SigV4(credentials.into()), expires_at })
}

/// The region of the usual chain: environment, profile, instance metadata.
pub async fn region() -> Option<String> {
    let config = Box::pin(aws_config::defaults(BehaviorVersion::latest()).load()).await;
    config.region().map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refresh_comes_well_ahead_of_the_expiry() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let loaded = |left: Option<u64>| Loaded {
            credential: Credential::Bearer(Arc::new("k".into())),
            expires_at: left.map(|left| now + Duration::from_secs(left)),
        };
        assert_eq!(loaded(None).refresh_in(now, 0.5), None);
        assert_eq!(loaded(Some(0)).refresh_in(now, 0.5), Some(Duration::from_secs(1)));
        for jitter in [0.0, 0.5, 1.0] {
            let hour = loaded(Some(3600)).refresh_in(now, jitter).unwrap();
            assert!((2700..=2880).contains(&hour.as_secs()), "{hour:?}");
            let short = loaded(Some(60)).refresh_in(now, jitter).unwrap();
            assert!((30..=36).contains(&short.as_secs()), "{short:?}");
        }
    }
}
