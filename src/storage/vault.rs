//! Secrets at rest: what the gateway must be able to read again (keys of other services, client
//! secrets) is sealed with AES-256-GCM before it becomes a column.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use thiserror::Error;

/// The first byte of what is sealed: how it is sealed.
const VERSION: u8 = 1;

/// The keys that follow from the deployment's secret; cheap to clone, never shown.
#[derive(Clone)]
pub struct Vault(std::sync::Arc<Keys>);

struct Keys {
    seal: RandomizedNonceKey,
    tokens: SecretBox<[u8; 32]>,
}

/// What was sealed cannot be opened: with another key, for another purpose, or it was altered.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("a stored secret cannot be opened; was SECRETS_KEY changed?")]
pub struct VaultError;

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl Vault {
    /// A vault whose key is derived from a secret with enough randomness.
    ///
    /// # Errors
    /// Where the system's cryptography fails.
    pub fn new(secret: &SecretString) -> Result<Self, VaultError> {
        let secret = Salt::new(HKDF_SHA256, b"ccag").extract(secret.expose_secret().as_bytes());
        let derive = |purpose: &[u8]| {
            let mut key = [0; 32];
            let purpose = [purpose];
            let derived = secret.expand(&purpose, HKDF_SHA256);
            derived.and_then(|derived| derived.fill(&mut key)).map_err(|_| VaultError)?;
            Ok(key)
        };
        let seal = RandomizedNonceKey::new(&AES_256_GCM, &derive(b"secrets at rest")?);
        let tokens = SecretBox::new(Box::new(derive(b"access tokens")?));
        Ok(Self(std::sync::Arc::new(Keys { seal: seal.map_err(|_| VaultError)?, tokens })))
    }

    /// The key that access tokens are signed with.
    #[must_use]
    pub fn token_key(&self) -> &[u8; 32] {
        self.0.tokens.expose_secret()
    }

    /// Seals a secret for a purpose, such as the table and the id of the row that keeps it; it
    /// opens for no other.
    ///
    /// # Errors
    /// Where the system's cryptography fails.
    pub fn seal(&self, purpose: &str, secret: &SecretString) -> Result<Vec<u8>, VaultError> {
        let mut text = secret.expose_secret().as_bytes().to_vec();
        let nonce = self.0.seal.seal_in_place_append_tag(Aad::from(purpose.as_bytes()), &mut text);
        let nonce = nonce.map_err(|_| VaultError)?;
        Ok([&[VERSION], nonce.as_ref().as_slice(), &text].concat())
    }

    /// Opens what was sealed for this purpose.
    ///
    /// # Errors
    /// [`VaultError`]
    pub fn open(&self, purpose: &str, sealed: &[u8]) -> Result<SecretString, VaultError> {
        let rest = sealed.strip_prefix(&[VERSION]).ok_or(VaultError)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(VaultError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| VaultError)?;
        let mut text = text.to_vec();
        let opened = self.0.seal.open_in_place(nonce, Aad::from(purpose.as_bytes()), &mut text);
        let opened = std::str::from_utf8(opened.map_err(|_| VaultError)?);
        Ok(SecretString::from(opened.map_err(|_| VaultError)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(secret: &str) -> Vault {
        Vault::new(&SecretString::from(secret)).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_and_for_its_purpose_only() {
        let secret = SecretString::from("tvly-hunter2");
        let sealed = vault("one").seal("search/1", &secret).unwrap();
        assert!(!sealed.windows(7).any(|window| window == b"hunter2"));
        assert_eq!(vault("one").open("search/1", &sealed).unwrap().expose_secret(), "tvly-hunter2");
        assert!(vault("two").open("search/1", &sealed).is_err());
        assert!(vault("one").open("search/2", &sealed).is_err());
        assert_ne!(sealed, vault("one").seal("search/1", &secret).unwrap());
    }

    #[test]
    fn what_is_altered_or_no_secret_does_not_open() {
        let sealed = vault("one").seal("p", &SecretString::from("x")).unwrap();
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(vault("one").open("p", &altered).is_err(), "byte {at}");
            assert!(vault("one").open("p", &sealed[..at]).is_err(), "cut at {at}");
        }
        assert!(!format!("{:?}", vault("hunter2")).contains("hunter2"));
    }
}
