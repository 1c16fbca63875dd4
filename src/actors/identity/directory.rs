//! The snapshot that tokens are checked against: providers, and who is behind identities and sessions.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use uuid::Uuid;

use crate::domain::principal::{CredentialKind, Principal};
use crate::domain::provider::Provider;
use crate::domain::surface::Surface;
use crate::storage::identities::Directory as Rows;
use crate::storage::oidc::OidcRow;
use crate::storage::providers::ProviderRow;
use crate::storage::vault::Vault;

/// A provider, and what it knows the gateway by.
#[derive(Debug)]
pub struct Configured {
    /// The provider.
    pub provider: Provider,
    pub(super) secret: Option<SecretString>,
}

/// The snapshot.
#[derive(Default)]
pub struct Directory {
    /// The providers that sign people in, oldest first.
    pub(super) providers: Vec<Arc<Configured>>,
    identities: HashMap<Uuid, HashMap<String, Arc<Principal>>>,
    sessions: HashMap<Uuid, (Arc<Principal>, DateTime<Utc>)>,
    active: HashSet<Uuid>,
}

impl Directory {
    /// The snapshot of what was read.
    pub(super) fn new(rows: Rows, vault: &Vault, admin_users: &[String]) -> Self {
        let configured =
            |(provider, oidc)| Arc::new(configured(provider, oidc, vault, admin_users));
        let people: HashMap<Uuid, Arc<Principal>> =
            rows.people.into_iter().map(|one| (one.user_id, Arc::new(one))).collect();
        let mut identities: HashMap<Uuid, HashMap<String, Arc<Principal>>> = HashMap::new();
        for (provider, subject, user) in rows.identities {
            if let Some(principal) = people.get(&user) {
                identities.entry(provider).or_default().insert(subject, Arc::clone(principal));
            }
        }
        let sessions = rows.sessions.into_iter().filter_map(|session| {
            let credential = match Surface::of(&session.surface) {
                Surface::Cli => CredentialKind::CliToken,
                _ => CredentialKind::AccessToken,
            };
            let principal = Principal::clone(people.get(&session.user_id)?);
            let client_session_id = Some(session.id);
            let principal = Principal { credential, client_session_id, ..principal };
            Some((session.id, (Arc::new(principal), session.expires_at)))
        });
        Self {
            sessions: sessions.collect(),
            providers: rows.providers.into_iter().map(configured).collect(),
            identities,
            active: people.into_keys().collect(),
        }
    }

    /// The provider of this id.
    pub(super) fn provider(&self, id: Uuid) -> Option<Arc<Configured>> {
        self.providers.iter().find(|known| known.provider.id == id).cloned()
    }

    /// Whoever the provider calls by this subject.
    pub(super) fn by_identity(&self, provider: Uuid, subject: &str) -> Option<Arc<Principal>> {
        self.identities.get(&provider)?.get(subject).cloned()
    }

    /// The user of a client session.
    pub(super) fn by_session(&self, id: Uuid) -> Option<Arc<Principal>> {
        self.sessions.get(&id).map(|(principal, _)| Arc::clone(principal))
    }

    /// The users who were active in this snapshot and are no more in the next, and the sessions that were ended
    /// before their time.
    pub(super) fn gone(&self, next: &Self, now: DateTime<Utc>) -> HashSet<Uuid> {
        let ended = self
            .sessions
            .iter()
            .filter(|(id, (_, expires_at))| !next.sessions.contains_key(*id) && *expires_at > now);
        let users = self.active.difference(&next.active);
        users.chain(ended.map(|(id, _)| id)).copied().collect()
    }
}

/// What the secret of a provider's client is sealed for.
#[must_use]
pub fn purpose(provider_id: Uuid) -> String {
    format!("oidc_providers/{provider_id}")
}

pub(super) fn configured(
    row: ProviderRow,
    oidc: OidcRow,
    vault: &Vault,
    admin_users: &[String],
) -> Configured {
    let opened = oidc.client_secret.as_deref().map(|sealed| vault.open(&purpose(row.id), sealed));
    let secret = opened.and_then(|opened| {
        opened.map_err(|error| tracing::error!(provider = row.name, %error, "A provider's client secret cannot be used.")).ok()
    });
    // What the environment names, it names of the provider that it configures.
    let is_of_environment = oidc.configured_by == "environment";
    let groups = oidc.group_rules();
    let provider = Provider {
        id: row.id,
        name: row.name,
        issuer: oidc.issuer,
        client_id: oidc.client_id,
        audiences: oidc.audiences,
        scopes: oidc.scopes,
        jwks_url: oidc.jwks_url,
        user_claim: oidc.user_claim,
        groups_claim: oidc.groups_claim,
        groups,
        allowed_domains: oidc.allowed_domains,
        link_by_email: oidc.link_by_email,
        auto_provision: oidc.auto_provision,
        admin_users: if is_of_environment { admin_users.to_vec() } else { Vec::new() },
    };
    Configured { provider, secret }
}
