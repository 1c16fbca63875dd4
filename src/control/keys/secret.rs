//! New API keys: 256 random bits behind a prefix that people and secret scanners recognise.

use secrecy::{ExposeSecret as _, SecretString};

use crate::control::error::ControlError;
use crate::control::random;
use crate::domain::hex;
use crate::domain::key::KeyHash;

const PREFIX: &str = "sk-ccag-";
/// Characters of a key that are stored and shown, to recognise it by.
const SHOWN: usize = PREFIX.len() + 4;

/// A key that was just made: the only time that it is seen whole.
pub(super) struct NewSecret {
    pub(super) secret: SecretString,
    pub(super) hash: KeyHash,
    pub(super) prefix: String,
}

impl NewSecret {
    /// # Errors
    /// Where the system gives no randomness.
    pub(super) fn make() -> Result<Self, ControlError> {
        let secret = SecretString::from(format!("{PREFIX}{}", hex::encode(&random()?)));
        let hash = KeyHash::of(secret.expose_secret().as_bytes()).ok_or(ControlError::Fault)?;
        let prefix = secret.expose_secret().chars().take(SHOWN).collect();
        Ok(Self { secret, hash, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_256_bits_and_show_16() {
        let (one, other) = (NewSecret::make().unwrap(), NewSecret::make().unwrap());
        assert_eq!(one.secret.expose_secret().len(), "sk-ccag-".len() + 64);
        assert_eq!(one.prefix.len(), 12);
        assert!(one.secret.expose_secret().starts_with(&one.prefix));
        assert_ne!(one.hash, other.hash);
    }
}
