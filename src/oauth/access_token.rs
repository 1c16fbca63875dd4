//! The gateway's own access tokens: what a client holds between two refreshes. They are JWTs, since
//! Claude Code reads `sub`, `email`, `groups` and `exp` from them for its telemetry; the gateway itself
//! believes only `sid` and `exp`, and knows all else of the session.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::hex;

/// The audience of the gateway's tokens.
pub const AUDIENCE: &str = "ccag";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// The gateway.
    pub iss: String,
    /// The user.
    pub sub: Uuid,
    /// [`AUDIENCE`]
    pub aud: String,
    /// The client session that the token belongs to.
    pub sid: Uuid,
    /// The user's e-mail address, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The user's name.
    pub name: String,
    /// The name of the user's team, where there is one.
    pub groups: Vec<String>,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// When it expires, in seconds since 1970.
    pub exp: i64,
}

/// Signs and verifies access tokens with a key that all instances share; cheap to clone.
#[derive(Clone)]
pub struct Signer(Arc<Keys>);

struct Keys {
    header: Header,
    sign: EncodingKey,
    verify: DecodingKey,
    validation: Validation,
}

impl Signer {
    /// A signer with this key, which `id` names in public.
    #[must_use]
    pub fn new(key: &[u8; 32], id: [u8; 8]) -> Self {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(format!("ccag-{}", hex::encode(&id)));
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "aud", "sub"]);
        validation.leeway = 0;
        let (sign, verify) = (EncodingKey::from_secret(key), DecodingKey::from_secret(key));
        Self(Arc::new(Keys { header, sign, verify, validation }))
    }

    /// The token of these claims; `None` where it cannot be made.
    #[must_use]
    pub fn sign(&self, claims: &AccessClaims) -> Option<String> {
        jsonwebtoken::encode(&self.0.header, claims, &self.0.sign).ok()
    }

    /// What a token says that this signer has signed and that has not expired; `None` for any other.
    #[must_use]
    pub fn verify(&self, token: &str) -> Option<AccessClaims> {
        let proven = jsonwebtoken::decode(token, &self.0.verify, &self.0.validation).ok()?;
        Some(proven.claims)
    }

    /// What a token says that this signer has signed, even one that has expired.
    #[must_use]
    pub fn verify_expired(&self, token: &str) -> Option<AccessClaims> {
        let mut validation = self.0.validation.clone();
        validation.validate_exp = false;
        let proven = jsonwebtoken::decode(token, &self.0.verify, &validation).ok()?;
        Some(proven.claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp: i64) -> AccessClaims {
        AccessClaims {
            iss: "https://ccag.example.com".to_owned(),
            sub: Uuid::max(),
            aud: AUDIENCE.to_owned(),
            sid: Uuid::max(),
            email: None,
            name: "ann".to_owned(),
            groups: vec![],
            iat: 0,
            exp,
        }
    }

    #[test]
    fn only_what_this_key_has_signed_and_is_still_valid_counts() {
        let signer = Signer::new(&[7; 32], [1; 8]);
        let token = signer.sign(&claims(i64::from(u32::MAX))).unwrap();
        assert_eq!(signer.verify(&token), Some(claims(i64::from(u32::MAX))));
        assert_eq!(Signer::new(&[8; 32], [1; 8]).verify(&token), None);
        let expired = signer.sign(&claims(1)).unwrap();
        assert_eq!(signer.verify(&expired), None);
        assert_eq!(signer.verify_expired(&expired), Some(claims(1)));
        let mut foreign = claims(i64::from(u32::MAX));
        "other".clone_into(&mut foreign.aud);
        assert_eq!(signer.verify(&signer.sign(&foreign).unwrap()), None);
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(signer.verify(&unsigned), None);
        let none = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJjY2FnIiwiZXhwIjo0Mjk0OTY3Mjk1fQ.";
        assert_eq!(signer.verify(none), None);
    }
}
