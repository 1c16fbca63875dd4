//! What a provider says of itself: its discovery document (OpenID Connect Discovery 1.0) and its signing
//! keys.

use std::time::Duration;

use awc::http::StatusCode;
use awc::http::header::ACCEPT;
use serde::Deserialize;
use thiserror::Error;
use url::{Host, Url};

use super::key_set::KeySet;

/// Largest document that is read, in bytes.
const MAX_DOCUMENT: usize = 512 * 1024;
/// How long a document may take.
pub const DEADLINE: Duration = Duration::from_secs(5);

/// Where a provider's endpoints are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Where people sign in.
    pub authorization_endpoint: String,
    /// Where codes are exchanged.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// Whether the client's secret goes into the body, since nothing else is taken.
    pub posts_secret: bool,
    /// Whether it names itself to the callback (RFC 9207).
    pub names_itself: bool,
}

/// A provider that cannot be used as it answers, or does not.
#[derive(Debug, Error)]
#[error("{0}")]
pub struct Unusable(String);

impl Unusable {
    pub(super) fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Reads a provider's discovery document.
///
/// # Errors
/// [`Unusable`], also where the document is of another issuer.
pub async fn discover(client: &awc::Client, issuer: &str) -> Result<Metadata, Unusable> {
    let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let document: Document = serde_json::from_slice(&fetch(client, &url).await?)
        .map_err(|error| Unusable(format!("{url} is no discovery document: {error}")))?;
    if document.issuer != issuer {
        return Err(Unusable(format!("{url} is the document of another issuer")));
    }
    for endpoint in [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri]
    {
        if !is_safe(endpoint) {
            return Err(Unusable(format!("{url} names an endpoint that is not https")));
        }
    }
    let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
    let takes = |method: &str| methods.iter().any(|taken| taken == method);
    Ok(Metadata {
        posts_secret: takes("client_secret_post") && !takes("client_secret_basic"),
        names_itself: document.authorization_response_iss_parameter_supported,
        authorization_endpoint: document.authorization_endpoint,
        token_endpoint: document.token_endpoint,
        jwks_uri: document.jwks_uri,
    })
}

/// Reads a provider's signing keys.
///
/// # Errors
/// [`Unusable`], also where there is no key that can be used.
pub async fn keys(client: &awc::Client, url: &str) -> Result<KeySet, Unusable> {
    let keys = KeySet::read(&fetch(client, url).await?);
    keys.ok_or_else(|| Unusable(format!("{url} has no key to verify signatures with")))
}

/// Whether an address is https; on this machine, plain http is too.
#[must_use]
pub fn is_safe(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else { return false };
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    let is_plain =
        url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    is_plain && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

async fn fetch(client: &awc::Client, url: &str) -> Result<Vec<u8>, Unusable> {
    let failed = |reason: String| Unusable(format!("{url} cannot be read: {reason}"));
    if !is_safe(url) {
        return Err(failed("it is not https".to_owned()));
    }
    let request = client.get(url).insert_header((ACCEPT, "application/json")).timeout(DEADLINE);
    let reading = async {
        let mut response = request.send().await.map_err(|error| failed(error.to_string()))?;
        if response.status() != StatusCode::OK {
            return Err(failed(format!("it answers {}", response.status())));
        }
        let body = response.body().limit(MAX_DOCUMENT).await;
        body.map(Vec::from).map_err(|error| failed(error.to_string()))
    };
    let read = tokio::time::timeout(DEADLINE, reading).await;
    read.map_err(|_| failed("it takes too long".to_owned()))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_is_safe_and_plain_http_on_this_machine() {
        for safe in [
            "https://id.example.com/x",
            "http://127.0.0.1:9/x",
            "http://localhost:1",
            "http://[::1]:2/",
        ] {
            assert!(is_safe(safe), "{safe}");
        }
        for other in [
            "http://id.example.com",
            "http://127.0.0.1.evil.test",
            "http://localhost@evil.test",
            "https://u:p@x.test",
            "ftp://x",
            "file:///etc/passwd",
            "x",
        ] {
            assert!(!is_safe(other), "{other}");
        }
    }
}
