//! Credentials of API requests: who is asking, by API key or token, or with the admin key.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::web::Data;
use chrono::Utc;
use secrecy::{ExposeSecret as _, SecretString};

use super::server::Edge;
use crate::actors::Gateway;
use crate::actors::identity::{Identity, Shown};
use crate::control::ControlError;
use crate::control::sign_in::oidc;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::key::KeyHash;
use crate::domain::principal::Principal;

/// The principal behind a request's credential: an API key, an access token or an ID token, as `x-api-key` or
/// as a bearer token; where both are there, each is tried.
///
/// # Errors
/// What the client is to be told: no credential, an unknown one, or no way to look it up.
pub async fn principal(
    request: &HttpRequest,
    gateway: &Gateway,
) -> Result<Arc<Principal>, ApiError> {
    let mut refused =
        "A credential is missing: send an API key or a token as x-api-key or as a bearer token."
            .to_owned();
    for sent in sent_keys(request.headers()) {
        let found = match token(sent) {
            Some(token) => by_token(token, request, gateway).await?,
            None => by_key(sent, gateway).await?,
        };
        match found {
            Ok(principal) => return Ok(principal),
            Err(reason) => refused = reason,
        }
    }
    Err(ApiError::new(ErrorKind::Authentication, refused))
}

/// A credential that can be no API key, since it looks like a token.
pub fn token(sent: &[u8]) -> Option<&str> {
    Identity::is_token(sent).then(|| std::str::from_utf8(sent).ok()).flatten()
}

type Found = Result<Arc<Principal>, String>;

async fn by_key(sent: &[u8], gateway: &Gateway) -> Result<Found, ApiError> {
    let unknown = || Err("This API key is unknown, revoked or expired.".to_owned());
    let Some(hash) = KeyHash::of(sent) else { return Ok(unknown()) };
    let principal = gateway.keys.find(hash).await.map_err(|_| unavailable())?;
    let valid = principal.filter(|principal| principal.valid_at(Utc::now()));
    Ok(valid.map_or_else(unknown, Ok))
}

async fn by_token(
    token: &str,
    request: &HttpRequest,
    gateway: &Gateway,
) -> Result<Found, ApiError> {
    match gateway.identity.shown(token).await.map_err(|_| unavailable())? {
        Shown::Somebody(principal, until) if Utc::now() < until => Ok(Ok(principal)),
        Shown::Somebody(..) | Shown::Nobody(None) => {
            Ok(Err("This sign-in has expired or was ended. Sign in again.".to_owned()))
        }
        Shown::Nobody(Some(why)) => Ok(Err(format!("This ID token is refused: {why}."))),
        Shown::Stranger(provider, claims) => {
            let edge = request.app_data::<Data<Edge>>().ok_or_else(unavailable)?;
            let admitted = oidc::admit(&edge.control, &provider, &claims).await;
            admitted.map(Ok).map_err(|error| match error {
                ControlError::Forbidden(why) => ApiError::new(ErrorKind::Permission, why),
                _ => unavailable(),
            })
        }
    }
}

fn unavailable() -> ApiError {
    let message = "The credential cannot be checked right now. Try again.";
    ApiError::new(ErrorKind::Unavailable, message).retry_after(1)
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
