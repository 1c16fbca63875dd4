//! Credentials of API requests: who is asking, by API key, or with the admin key.

use std::sync::Arc;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};

use crate::actors::keys::Keys;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::key::KeyHash;
use crate::domain::principal::Principal;

/// The principal behind a request's credential: `x-api-key` or a bearer token; where both are
/// there, each is tried.
///
/// # Errors
/// What the client is to be told: no credential, an unknown one, or no way to look it up.
pub async fn principal(headers: &HeaderMap, keys: &Keys) -> Result<Arc<Principal>, ApiError> {
    let mut found_one = false;
    for key in sent_keys(headers) {
        found_one = true;
        let Some(hash) = KeyHash::of(key) else { continue };
        let principal = keys.find(hash).await.map_err(|_| {
            let message = "The key cannot be checked right now. Try again.";
            ApiError::new(ErrorKind::Unavailable, message).retry_after(1)
        })?;
        if let Some(principal) = principal.filter(|principal| principal.valid_at(Utc::now())) {
            return Ok(principal);
        }
    }
    Err(ApiError::new(
        ErrorKind::Authentication,
        if found_one {
            "This API key is unknown, revoked or expired."
        } else {
            "A credential is missing: send an API key as x-api-key or as a bearer token."
        },
    ))
}

/// Whether the request carries the admin key as its bearer token.
///
/// # Errors
/// What the client is to be told, where it does not, or where no admin key is configured.
pub fn admin(headers: &HeaderMap, admin_key: Option<&SecretString>) -> Result<(), ApiError> {
    match (bearer(headers), admin_key) {
        (Some(sent), Some(key)) if KeyHash::same(sent, key.expose_secret().as_bytes()) => Ok(()),
        (_, None) => Err(ApiError::new(
            ErrorKind::Authentication,
            "No admin key is configured: set ADMIN_API_KEY.",
        )),
        _ => Err(ApiError::new(
            ErrorKind::Authentication,
            "This needs the admin key as a bearer token.",
        )),
    }
}

/// Whether the request carries the metrics token or the admin key as its bearer token.
///
/// # Errors
/// What the client is to be told, where it carries neither.
pub fn scraper(
    headers: &HeaderMap,
    metrics_token: Option<&SecretString>,
    admin_key: Option<&SecretString>,
) -> Result<(), ApiError> {
    if metrics_token.is_some() && admin(headers, metrics_token).is_ok() {
        return Ok(());
    }
    admin(headers, admin_key).map_err(|_| {
        let message = "This needs the metrics token or the admin key as a bearer token: set METRICS_TOKEN or ADMIN_API_KEY.";
        ApiError::new(ErrorKind::Authentication, message)
    })
}

/// What a request sends in the places where keys are sent.
pub fn sent_keys(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    [header(headers, "x-api-key"), bearer(headers)].into_iter().flatten()
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h [u8]> {
    headers.get(name).map(|value| value.as_bytes().trim_ascii())
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = header(headers, AUTHORIZATION.as_str())?;
    let (scheme, token) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn with_bearer(value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn only_the_admin_key_itself_is_taken() {
        let key = SecretString::from("k".repeat(32));
        let right: &'static str = Box::leak(format!("bearer  {}", "k".repeat(32)).into_boxed_str());
        assert_eq!(admin(&with_bearer(right), Some(&key)), Ok(()));
        for wrong in ["", "Bearer", "Bearer ", "Basic kkkk", "Bearer kkkkkkkkkkkkkkkkkkkkkkkk"] {
            assert!(admin(&with_bearer(wrong), Some(&key)).is_err(), "{wrong}");
        }
        assert!(admin(&with_bearer(right), None).is_err());
        assert!(admin(&HeaderMap::new(), Some(&key)).is_err());
    }
}
