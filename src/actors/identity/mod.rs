//! Owns who people are: the providers with their signing keys, the identities, the signed-in clients and
//! the active users, published as a snapshot that requests read. Whoever is made inactive loses running
//! requests too.

mod asking;
mod directory;
mod exchange;
mod owner;
mod sign_in;
mod trial;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use moka::sync::Cache;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use directory::{Configured, purpose};
pub use exchange::{Exchange, SignInFailed};
pub use owner::IdentityOwner;
pub use trial::{Step, Try};

use self::asking::ReadKeys;
use self::directory::Directory;
use self::owner::Freshen;
use self::wire::Wires;
use super::others::Others;
use super::tree::{Name, Tombstone, Unavailable};
use crate::domain::principal::Principal;
use crate::domain::provider::{Claims, Provider};
use crate::oauth::access_token::{AccessClaims, Signer};
use crate::oauth::id_token::{Purpose, Unproven, claimed_issuer};
use crate::storage::Database;
use crate::storage::oidc::OidcRow;
use crate::storage::providers::ProviderRow;
use crate::storage::vault::Vault;

/// Verified ID tokens that are remembered, and how long: a signature costs more than a look.
const KEPT: u64 = 10_000;
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);
/// A session that the snapshot does not know is looked for only while its token is younger, in seconds:
/// afterwards the snapshot would know it.
const NEW: i64 = 60;

/// Who shows a token.
pub enum Shown {
    /// Somebody who is known, and until when the token is good.
    Somebody(Arc<Principal>, DateTime<Utc>),
    /// Somebody whom a provider has proven, and who is not known.
    Stranger(Arc<Configured>, Box<Claims>),
    /// Nobody: with the reason, where it is an ID token.
    Nobody(Option<Unproven>),
}

/// How the rest of the gateway reaches it.
#[derive(Clone)]
pub struct Identity {
    /// The owner.
    pub name: Name<IdentityOwner>,
    published: Arc<ArcSwap<Directory>>,
    wires: Arc<ArcSwap<Wires>>,
    proven: Cache<[u8; 32], (Uuid, Arc<Claims>)>,
    signer: Signer,
    vault: Vault,
    admin_users: Arc<[String]>,
}

impl Identity {
    /// An identity that knows nobody until its owner has read; `admin_users` are the subjects and verified
    /// addresses that are admins by the provider of the environment.
    #[must_use]
    pub fn new(vault: Vault, admin_users: &[String]) -> Self {
        let id: [u8; 32] = Sha256::digest(vault.token_key()).into();
        let mut short = [0; 8];
        short.copy_from_slice(id.split_at(8).0);
        Self {
            name: Name::new("identity"),
            published: Arc::default(),
            wires: Arc::default(),
            proven: Cache::builder().max_capacity(KEPT).time_to_live(KEPT_FOR).build(),
            signer: Signer::new(vault.token_key(), short),
            vault,
            admin_users: admin_users.into(),
        }
    }

    /// Whether a credential looks like a token, so that it can be no API key.
    #[must_use]
    pub fn is_token(credential: &[u8]) -> bool {
        let dots = credential.iter().filter(|byte| **byte == b'.').count();
        credential.starts_with(b"eyJ") && dots == 2
    }

    /// Who shows this token.
    ///
    /// # Errors
    /// [`Unavailable`] where that cannot be told now.
    pub async fn shown(&self, token: &str) -> Result<Shown, Unavailable> {
        match self.signer.verify(token) {
            Some(claims) => self.by_session(&claims).await,
            None => self.by_id_token(token).await,
        }
    }

    async fn by_session(&self, claims: &AccessClaims) -> Result<Shown, Unavailable> {
        let until = DateTime::from_timestamp(claims.exp, 0).unwrap_or_default();
        let known = || self.published.load().by_session(claims.sid);
        if let Some(principal) = known() {
            return Ok(Shown::Somebody(principal, until));
        }
        if claims.iat < Utc::now().timestamp() - NEW {
            return Ok(Shown::Nobody(None));
        }
        self.freshen().await?;
        Ok(known().map_or(Shown::Nobody(None), |principal| Shown::Somebody(principal, until)))
    }

    async fn by_id_token(&self, token: &str) -> Result<Shown, Unavailable> {
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some((provider, claims)) = self.proven.get(&hash)
            && claims.expires_at > Utc::now()
            && let Some(provider) = self.provider(provider)
        {
            return Ok(self.proven_by(provider, &claims));
        }
        let issuer = claimed_issuer(token);
        let directory = self.published.load_full();
        let of_issuer = |known: &&Arc<Configured>| Some(&known.provider.issuer) == issuer.as_ref();
        let mut refused = None;
        for known in directory.providers.iter().filter(of_issuer) {
            match self.verify(&known.provider, token, Purpose::Bearer).await? {
                Ok(claims) => {
                    let claims = Arc::new(claims);
                    self.proven.insert(hash, (known.provider.id, Arc::clone(&claims)));
                    return Ok(self.proven_by(Arc::clone(known), &claims));
                }
                Err(error) => refused = Some(error),
            }
        }
        Ok(Shown::Nobody(refused))
    }

    fn proven_by(&self, known: Arc<Configured>, claims: &Claims) -> Shown {
        match self.published.load().by_identity(known.provider.id, &claims.subject) {
            Some(principal) if known.provider.admits(claims).is_ok() => {
                Shown::Somebody(principal, claims.expires_at)
            }
            _ => Shown::Stranger(known, Box::new(claims.clone())),
        }
    }

    /// What a token of a provider proves; where its key is not known, the provider is asked for its keys
    /// first, within bounds.
    ///
    /// # Errors
    /// [`Unavailable`] where the provider's keys are not known.
    pub async fn verify(
        &self,
        provider: &Provider,
        token: &str,
        purpose: Purpose<'_>,
    ) -> Result<Result<Claims, Unproven>, Unavailable> {
        let verdict = self.verify_by_known(provider, token, purpose);
        if !matches!(verdict, None | Some(Err(Unproven::UnknownKey))) {
            return verdict.ok_or(Unavailable("identity"));
        }
        self.name.ask(ReadKeys(provider.id)).await?;
        let again = self.verify_by_known(provider, token, purpose);
        again.ok_or(Unavailable("identity"))
    }

    fn verify_by_known(
        &self,
        provider: &Provider,
        token: &str,
        purpose: Purpose<'_>,
    ) -> Option<Result<Claims, Unproven>> {
        let wires = self.wires.load();
        let keys = wires.get(&provider.id).filter(|wire| wire.is_of(provider))?.keys()?;
        Some(keys.verify(token, provider, purpose))
    }

    /// Has what is stored been read anew, for what has just been written elsewhere.
    ///
    /// # Errors
    /// [`Unavailable`] where it cannot be read.
    pub async fn freshen(&self) -> Result<(), Unavailable> {
        if self.name.ask_again(Freshen).await? { Ok(()) } else { Err(Unavailable("identity")) }
    }

    /// The principal of somebody whom a provider calls by this subject, once it is known.
    #[must_use]
    pub fn known(&self, provider_id: Uuid, subject: &str) -> Option<Arc<Principal>> {
        self.published.load().by_identity(provider_id, subject)
    }

    /// The providers that sign people in, as (id, name), oldest first.
    #[must_use]
    pub fn providers(&self) -> Vec<(Uuid, String)> {
        let directory = self.published.load();
        let named = directory.providers.iter();
        named.map(|known| (known.provider.id, known.provider.name.clone())).collect()
    }

    /// The provider of this id, where it signs people in.
    #[must_use]
    pub fn provider(&self, id: Uuid) -> Option<Arc<Configured>> {
        self.published.load().provider(id)
    }

    /// The subjects and verified addresses that `ADMIN_USERS` makes admins.
    #[must_use]
    pub fn admin_users(&self) -> Arc<[String]> {
        Arc::clone(&self.admin_users)
    }

    /// A provider as it is stored, whether it is switched on or not.
    #[must_use]
    pub fn configured(&self, provider: ProviderRow, oidc: OidcRow) -> Configured {
        directory::configured(provider, oidc, &self.vault, &self.admin_users)
    }

    /// Signs access tokens.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The owner, built anew after each crash; the snapshot and the keys stay.
    #[must_use]
    pub fn owner(&self, database: Database, others: Others, tombstone: Tombstone) -> IdentityOwner {
        IdentityOwner::new(self.clone(), database, others, tombstone)
    }
}
