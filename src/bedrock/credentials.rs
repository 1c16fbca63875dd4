//! Where the gateway's own AWS credentials come from, and how long they last.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::error::CredentialsError as ProviderError;
use aws_smithy_runtime_api::client::identity::Identity;
use secrecy::SecretString;
use thiserror::Error;
use tokio::sync::OnceCell;

/// What STS is called with: the usual chain, whose own credentials are fetched anew for each call.
static STS: OnceCell<SdkConfig> = OnceCell::const_new();
/// How long the usual chain may take: it asks one place after the other.
const CHAIN_DEADLINE: Duration = Duration::from_secs(15);
/// How long a role may take to be assumed. Requests wait for it before they go elsewhere.
const STS_DEADLINE: Duration = Duration::from_secs(5);

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
pub enum CredentialError {
    /// The usual chain has none.
    #[error(
        "no AWS credentials: {0}. Set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and \
         AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run where a role is attached"
    )]
    Chain(String),
    /// The role cannot be assumed.
    #[error("the role cannot be assumed: {0}")]
    Role(String),
    /// The stored API key cannot be read.
    #[error("the stored API key cannot be read: {0}")]
    Sealed(String),
}

/// A role that the usual chain's credentials assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its ARN.
    pub arn: String,
    /// What its trust policy may ask for.
    pub external_id: Option<String>,
    /// The region whose STS is asked.
    pub region: String,
    /// Whether sessions are tagged with who is asking.
    pub tagged: bool,
}

/// Who is asking, as session tags for cost allocation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tags {
    /// The user's name.
    pub user: String,
    /// The team's name.
    pub team: Option<String>,
}

/// The place that credentials come from.
#[derive(Clone)]
pub enum CredentialSource {
    /// A Bedrock API key from the environment.
    ApiKey(Arc<SecretString>),
    /// Keys that stay as they are.
    Fixed(Identity),
    /// The usual chain: environment, profile, SSO, web identity, container, instance.
    Chain,
    /// A role that the usual chain's credentials assume.
    Role(Role),
    /// A stored API key that cannot be read; says why.
    Sealed(String),
}

impl CredentialSource {
    /// Keys that stay as they are: an access key's id, and its secret.
    #[must_use]
    pub fn fixed(id: &str, secret: &str) -> Self {
        Self::Fixed(Credentials::new(id, secret, None, None, "fixed").into())
    }

    /// Whether a credential is fetched for each who is asking.
    #[must_use]
    pub fn is_tagged(&self) -> bool {
        matches!(self, Self::Role(Role { tagged: true, .. }))
    }

    /// Fetches a credential, afresh each time; tagged with who is asking, where the source does that.
    ///
    /// # Errors
    /// [`CredentialError`] where the source has none.
    pub async fn load(&self, tags: Option<&Tags>) -> Result<Loaded, CredentialError> {
        let lasting = |credential| Ok(Loaded { credential, expires_at: None });
        match self {
            Self::ApiKey(key) => lasting(Credential::Bearer(Arc::clone(key))),
            Self::Fixed(identity) => lasting(Credential::SigV4(identity.clone())),
            Self::Chain => {
                let late = |_| {
                    let waited = CHAIN_DEADLINE.as_secs();
                    Err(CredentialError::Chain(format!("none came within {waited} s")))
                };
                tokio::time::timeout(CHAIN_DEADLINE, chain()).await.unwrap_or_else(late)
            }
            Self::Role(role) => {
                let late = |_| {
                    let waited = STS_DEADLINE.as_secs();
                    Err(CredentialError::Role(format!("STS did not answer within {waited} s")))
                };
                tokio::time::timeout(STS_DEADLINE, role.assume(tags)).await.unwrap_or_else(late)
            }
            Self::Sealed(reason) => Err(CredentialError::Sealed(reason.clone())),
        }
    }
}

async fn chain() -> Result<Loaded, CredentialError> {
    let config = Box::pin(aws_config::defaults(BehaviorVersion::latest()).load()).await;
    let provider = config
        .credentials_provider()
        .ok_or_else(|| CredentialError::Chain("the provider chain is empty".to_owned()))?;
    loaded(Box::pin(provider.provide_credentials()).await).map_err(CredentialError::Chain)
}

fn loaded(provided: Result<Credentials, ProviderError>) -> Result<Loaded, String> {
    let credentials = provided.map_err(|error| {
        // The outermost says only that there are none.
        let mut reason = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(deeper) = cause {
            reason = deeper.to_string();
            cause = deeper.source();
        }
        reason
    })?;
    let expires_at = credentials.expiry();
    Ok(Loaded { credential: Credential::SigV4(credentials.into()), expires_at })
}

impl Role {
    async fn assume(&self, tags: Option<&Tags>) -> Result<Loaded, CredentialError> {
        let config = STS.get_or_init(|| async {
            Box::pin(aws_config::defaults(BehaviorVersion::latest()).load()).await
        });
        let tags = tags.filter(|_| self.tagged);
        let name = tags.map_or_else(|| "ccag".to_owned(), |tags| session_name(&tags.user));
        let mut role = AssumeRoleProvider::builder(&self.arn)
            .configure(config.await)
            .region(Region::new(self.region.clone()))
            .session_name(name);
        if let Some(id) = &self.external_id {
            role = role.external_id(id);
        }
        if let Some(tags) = tags {
            role = role.tags(tags.pairs());
        }
        let provider = Box::pin(role.build()).await;
        loaded(Box::pin(provider.provide_credentials()).await).map_err(CredentialError::Role)
    }
}

impl Tags {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let team = self.team.as_deref().map(|team| ("ccag:team", tag_value(team)));
        [("ccag:user", tag_value(&self.user))].into_iter().chain(team).collect()
    }
}

/// A text as a session tag takes it; other characters become `_`.
fn tag_value(text: &str) -> String {
    let fit = |c: char| if c.is_alphanumeric() || " _.:/=+-@".contains(c) { c } else { '_' };
    text.chars().take(256).map(fit).collect()
}

/// A name for a role session: 2 to 64 characters of a small set.
fn session_name(user: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() || "_+=,.@-".contains(c) { c } else { '_' };
    let user: String = user.chars().take(59).map(fit).collect();
    format!("ccag-{user}")
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

    #[test]
    fn names_become_tags_and_session_names_that_sts_takes() {
        let tags = Tags { user: "ann <ann@example.com>".to_owned(), team: Some("Zürich".into()) };
        let pairs = tags.pairs();
        assert_eq!(pairs[0], ("ccag:user", "ann _ann@example.com_".to_owned()));
        assert_eq!(pairs[1], ("ccag:team", "Zürich".to_owned()));
        assert_eq!(session_name("ann zürich"), "ccag-ann_z_rich");
        assert!(session_name(&"x".repeat(100)).len() <= 64);
    }
}
