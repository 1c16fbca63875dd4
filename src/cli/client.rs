//! The JSON API as management commands call it.

use std::time::Duration;

use bytes::Bytes;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::failure::Failure;
use super::login;
use super::profile::{Credential, Profile};
use crate::bedrock;

const CONNECT: Duration = Duration::from_secs(10);
const DEADLINE: Duration = Duration::from_secs(120);
/// Largest answer, in bytes.
const MAX_ANSWER: usize = 256 * 1024 * 1024;

/// A gateway and what opens it.
pub struct Client {
    http: awc::Client,
    url: String,
    token: SecretString,
}

/// An HTTP client for this thread; certificates are always verified.
#[must_use]
pub fn http() -> awc::Client {
    bedrock::client::client(CONNECT)
}

impl Client {
    /// A client for the gateway that is named or kept; renews a sign-in that ends.
    ///
    /// # Errors
    /// Where no gateway is named or nobody is signed in.
    pub async fn open(url: Option<&String>) -> Result<Self, Failure> {
        let (http, profile) = (http(), Profile::find(url)?);
        let token = match &profile.credential {
            Credential::AdminKey { admin_key } => admin_key.clone(),
            Credential::Tokens(tokens) => login::fresh(&http, &profile.url, tokens).await?,
        };
        Ok(Self { http, url: profile.url, token })
    }

    /// A client with this credential.
    #[must_use]
    pub fn with(url: &str, token: SecretString) -> Self {
        Self { http: http(), url: url.to_owned(), token }
    }

    /// Calls a route and returns the body of its answer.
    ///
    /// # Errors
    /// [`Failure`], by the status of the answer.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Bytes, Failure> {
        let method = method.parse().map_err(|_| Failure::Usage(format!("no method {method}")))?;
        let request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .timeout(DEADLINE)
            .insert_header(("user-agent", concat!("ccag/", env!("CARGO_PKG_VERSION"))))
            .insert_header(("authorization", format!("Bearer {}", self.token.expose_secret())));
        let sent = match body {
            Some(body) => request.send_json(body).await,
            None => request.send().await,
        };
        let away = |error: &dyn std::fmt::Display| {
            Failure::Unreachable(format!("{} cannot be reached: {error}", self.url))
        };
        let mut response = sent.map_err(|error| away(&error))?;
        let status = response.status().as_u16();
        let body = response.body().limit(MAX_ANSWER).await.map_err(|error| away(&error))?;
        match status {
            200..=299 => Ok(body),
            401 | 403 => Err(Failure::NotAllowed(told(&body, status))),
            400..=499 => Err(Failure::Refused(told(&body, status))),
            _ => Err(Failure::Unreachable(told(&body, status))),
        }
    }

    /// Calls a route whose answer is JSON; an empty one counts as null.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn json(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let answer = self.call(method, path, body).await?;
        if answer.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer).map_err(|_| {
            Failure::Unreachable(format!("{} does not answer as a gateway does", self.url))
        })
    }
}

/// What an answer says is wrong.
fn told(body: &[u8], status: u16) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let said = json.get("detail").or_else(|| json.get("error").and_then(|e| e.get("message")));
    match said.and_then(Value::as_str) {
        Some(said) => said.to_owned(),
        None => format!("the gateway, or something before it, answers {status}"),
    }
}
