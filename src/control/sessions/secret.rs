//! The secret of a session: what its cookie holds, and what follows from it.

use aws_lc_rs::{digest, hmac};
use base64_simd::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::control::error::ControlError;
use crate::control::random;

/// 256 random bits in base64url.
#[derive(Debug, Clone)]
pub struct SessionSecret(SecretString);

impl SessionSecret {
    /// The secret that a cookie holds.
    #[must_use]
    pub fn of(cookie: &str) -> Self {
        Self(cookie.into())
    }

    /// # Errors
    /// Where the system gives no randomness.
    pub(super) fn make() -> Result<Self, ControlError> {
        Ok(Self(URL_SAFE_NO_PAD.encode_to_string(random()?).into()))
    }

    /// What the cookie is to hold.
    #[must_use]
    pub fn cookie(&self) -> &str {
        self.0.expose_secret()
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        digest::digest(&digest::SHA256, self.cookie().as_bytes()).as_ref().to_vec()
    }

    /// What each form of the session carries, so that no other site's form passes for one.
    #[must_use]
    pub fn form_token(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.cookie().as_bytes());
        URL_SAFE_NO_PAD.encode_to_string(hmac::sign(&key, b"form"))
    }

    /// Whether a form's token is this session's.
    #[must_use]
    pub fn owns(&self, token: &str) -> bool {
        self.form_token().as_bytes().ct_eq(token.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forms_token_is_its_sessions_own_and_no_secret() {
        let (one, two) = (SessionSecret::make().unwrap(), SessionSecret::make().unwrap());
        assert!(one.owns(&one.form_token()) && !one.owns(&two.form_token()));
        assert!(!one.owns("") && !one.owns(one.cookie()));
        assert_ne!(SessionSecret::of(&one.form_token()).hash(), one.hash());
        assert_eq!(one.cookie().len(), 43);
        assert!(!format!("{one:?}").contains(one.cookie()));
    }
}
