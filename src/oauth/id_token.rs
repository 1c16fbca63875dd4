//! ID tokens (OpenID Connect Core 1.0, sections 2 and 3.1.3.7): who signed one, and what it must say.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, AlgorithmFamily, Validation};
use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::key_set::KeySet;
use crate::domain::provider::{Claims, Provider};

/// Longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;
/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 60;
const MAX_SUBJECT: usize = 255;
const MAX_GROUPS: usize = 1000;

/// What a token is shown for.
#[derive(Debug, Clone, Copy)]
pub enum Purpose<'n> {
    /// To end a sign-in that began here with this nonce.
    SignIn {
        /// The nonce.
        nonce: &'n str,
    },
    /// As the credential of an API request.
    Bearer,
}

/// Why a token proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unproven {
    /// It is no signed token, or signed in a way that is not taken.
    #[error("it is no ID token that is signed with RS, PS, ES or EdDSA")]
    Malformed,
    /// No key of the provider has its key id.
    #[error("it is signed with a key that the provider does not have")]
    UnknownKey,
    /// The signature is not right.
    #[error("its signature is not right")]
    Signature,
    /// It is too old, or too new.
    #[error("it has expired, or is not valid yet")]
    Time,
    /// It is of another issuer, or for somebody else.
    #[error("it is not for this gateway")]
    Audience,
    /// It does not belong to the sign-in that was begun.
    #[error("it does not belong to this sign-in")]
    Nonce,
    /// A claim is not there, or not as it must be.
    #[error("its claim {0} is not as it must be")]
    Claim(String),
}

impl From<jsonwebtoken::errors::Error> for Unproven {
    fn from(error: jsonwebtoken::errors::Error) -> Self {
        use jsonwebtoken::errors::ErrorKind;
        match error.into_kind() {
            ErrorKind::ExpiredSignature | ErrorKind::ImmatureSignature => Self::Time,
            ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => Self::Audience,
            ErrorKind::MissingRequiredClaim(claim) | ErrorKind::InvalidClaimFormat(claim) => {
                Self::Claim(claim)
            }
            ErrorKind::InvalidToken | ErrorKind::Json(_) | ErrorKind::Base64(_) => Self::Malformed,
            _ => Self::Signature,
        }
    }
}

impl KeySet {
    /// What a token proves.
    ///
    /// # Errors
    /// [`Unproven`]
    pub fn verify(
        &self,
        token: &str,
        provider: &Provider,
        purpose: Purpose<'_>,
    ) -> Result<Claims, Unproven> {
        if token.len() > MAX_TOKEN {
            return Err(Unproven::Malformed);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Unproven::Malformed)?;
        if header.crit.is_some() || header.alg.family() == AlgorithmFamily::Hmac {
            return Err(Unproven::Malformed);
        }
        let accepted = accepted(provider, purpose);
        let mut refused = Unproven::UnknownKey;
        for key in self.candidates(header.kid.as_deref(), header.alg) {
            match jsonwebtoken::decode(token, key, &validation(header.alg, provider, &accepted)) {
                Ok(proven) => return claims(proven.claims, provider, &accepted, purpose),
                Err(error) => refused = error.into(),
            }
            if refused != Unproven::Signature {
                break;
            }
        }
        Err(refused)
    }
}

/// The audiences of which a token must name one.
fn accepted<'p>(provider: &'p Provider, purpose: Purpose<'_>) -> Vec<&'p str> {
    let further = provider.audiences.iter().map(String::as_str);
    let own = std::iter::once(provider.client_id.as_str());
    match purpose {
        Purpose::SignIn { .. } => own.collect(),
        Purpose::Bearer => own.chain(further).collect(),
    }
}

fn validation(algorithm: Algorithm, provider: &Provider, accepted: &[&str]) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.leeway = LEEWAY;
    validation.validate_nbf = true;
    validation.set_issuer(&[&provider.issuer]);
    validation.set_audience(accepted);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation
}

fn claims(
    said: Map<String, Value>,
    provider: &Provider,
    accepted: &[&str],
    purpose: Purpose<'_>,
) -> Result<Claims, Unproven> {
    let text = |claim: &str| said.get(claim).and_then(Value::as_str);
    let is_accepted = |party: &str| accepted.contains(&party);
    // One issuer, not a list with the right one in it.
    if text("iss") != Some(&provider.issuer) {
        return Err(Unproven::Audience);
    }
    let audiences = said.get("aud").and_then(Value::as_array).map_or(1, Vec::len);
    let party = text("azp");
    if party.is_some_and(|party| !is_accepted(party)) || (audiences > 1 && party.is_none()) {
        return Err(Unproven::Audience);
    }
    if let Purpose::SignIn { nonce } = purpose
        && text("nonce") != Some(nonce)
    {
        return Err(Unproven::Nonce);
    }
    let now = Utc::now().timestamp();
    let issued = said.get("iat").and_then(Value::as_i64);
    let issued = issued.ok_or_else(|| Unproven::Claim("iat".to_owned()))?;
    if issued > now.saturating_add_unsigned(LEEWAY) {
        return Err(Unproven::Time);
    }
    let expires = said.get("exp").and_then(Value::as_f64).unwrap_or_default() as i64;
    let expires_at = DateTime::from_timestamp(expires, 0);
    Ok(Claims {
        subject: subject(&said, provider)?,
        email: verified_email(&said),
        name: text("name")
            .or(text("preferred_username"))
            .map(|name| name.chars().take(200).collect()),
        groups: groups(&said, &provider.groups_claim),
        expires_at: expires_at.ok_or_else(|| Unproven::Claim("exp".to_owned()))?,
    })
}

/// Who it is: by the one claim that is configured for it, and by no other in its place.
fn subject(said: &Map<String, Value>, provider: &Provider) -> Result<String, Unproven> {
    let claim = provider.user_claim.as_str();
    let value = match claim {
        "email" => verified_email(said).map(|email| email.to_lowercase()),
        _ => said.get(claim).and_then(Value::as_str).map(str::to_owned),
    };
    let fits = |text: &String| {
        !text.trim().is_empty() && text.len() <= MAX_SUBJECT && !text.contains('\0')
    };
    value.filter(fits).ok_or_else(|| Unproven::Claim(claim.to_owned()))
}

/// The address, where the provider says that it is verified; some say so in a string.
fn verified_email(said: &Map<String, Value>) -> Option<String> {
    let is_verified = match said.get("email_verified")? {
        Value::Bool(verified) => *verified,
        Value::String(verified) => verified == "true",
        _ => false,
    };
    let email = said.get("email").and_then(Value::as_str).filter(|_| is_verified)?;
    let fits = email.len() <= 254
        && email.matches('@').count() == 1
        && !email.chars().any(|c| c.is_control() || c.is_whitespace());
    fits.then(|| email.to_owned())
}

fn groups(said: &Map<String, Value>, claim: &str) -> Vec<String> {
    let names: HashSet<&str> = match said.get(claim) {
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(name)) => [name.as_str()].into(),
        _ => HashSet::new(),
    };
    names.into_iter().take(MAX_GROUPS).map(str::to_owned).collect()
}

/// The issuer that a token claims to be of, yet unproven.
#[must_use]
pub fn claimed_issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issued {
        iss: String,
    }
    let fits = token.len() <= MAX_TOKEN;
    fits.then(|| jsonwebtoken::dangerous::insecure_decode_claims::<Issued>(token).ok())
        .flatten()
        .map(|issued| issued.iss)
}

#[cfg(test)]
#[path = "id_token/tests.rs"]
mod tests;
