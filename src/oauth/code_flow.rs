//! The authorization code flow with PKCE, as a client of a provider.

use std::fmt;
use std::time::Duration;

use awc::http::Uri;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::http;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, StandardRevocableToken,
    StandardTokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::metadata::{Metadata, Unusable};
use crate::domain::provider::Provider;

/// How long the exchange of a code may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// Largest answer to an exchange, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// A sign-in that was begun: where the browser goes, and what must come back.
#[derive(Debug)]
pub struct Begun {
    /// The provider's page.
    pub url: String,
    /// Comes back with the code.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// Proves that whoever exchanges the code has begun the sign-in.
    pub verifier: SecretString,
}

/// What an OpenID provider adds to the answer of OAuth.
#[derive(Deserialize, Serialize)]
struct WithIdToken {
    id_token: Option<String>,
}

impl fmt::Debug for WithIdToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WithIdToken(…)")
    }
}

impl ExtraTokenFields for WithIdToken {}

type Relying = Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

fn relying(
    provider: &Provider,
    metadata: &Metadata,
    redirect_uri: &str,
) -> Result<Relying, Unusable> {
    let bad = |_| Unusable::because("an endpoint is no URL");
    let how = if metadata.posts_secret { AuthType::RequestBody } else { AuthType::BasicAuth };
    Ok(Client::new(ClientId::new(provider.client_id.clone()))
        .set_auth_uri(AuthUrl::new(metadata.authorization_endpoint.clone()).map_err(bad)?)
        .set_token_uri(TokenUrl::new(metadata.token_endpoint.clone()).map_err(bad)?)
        .set_redirect_uri(RedirectUrl::new(redirect_uri.to_owned()).map_err(bad)?)
        .set_auth_type(how))
}

/// Begins a sign-in that ends at `redirect_uri`.
///
/// # Errors
/// [`Unusable`]
pub fn begin(
    provider: &Provider,
    metadata: &Metadata,
    redirect_uri: &str,
) -> Result<Begun, Unusable> {
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let nonce = CsrfToken::new_random_len(32).into_secret();
    let (url, state) = relying(provider, metadata, redirect_uri)?
        .authorize_url(|| CsrfToken::new_random_len(32))
        .add_scopes(provider.scopes.iter().cloned().map(Scope::new))
        .add_extra_param("nonce", nonce.as_str())
        .set_pkce_challenge(challenge)
        .url();
    let (state, verifier) = (state.into_secret(), verifier.into_secret().into());
    Ok(Begun { url: url.into(), state, nonce, verifier })
}

/// Exchanges a code for the ID token, which is yet to be verified.
///
/// # Errors
/// [`Unusable`]; what the provider answers is not in it, since it may hold secrets.
pub async fn exchange(
    client: &awc::Client,
    provider: &Provider,
    secret: Option<&SecretString>,
    metadata: &Metadata,
    redirect_uri: &str,
    code: &SecretString,
    verifier: &SecretString,
) -> Result<String, Unusable> {
    let relying = with_secret(relying(provider, metadata, redirect_uri)?, secret);
    let answer = ask(client, &relying, code, verifier).await.map_err(|error| match error {
        RequestTokenError::ServerResponse(refusal) => {
            Unusable::because(format!("it refuses the code: {}", refusal.error()))
        }
        RequestTokenError::Request(error) => error,
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => unreadable(),
    })?;
    let token = answer.extra_fields().id_token.clone();
    token.ok_or_else(|| Unusable::because("it answers without an ID token"))
}

/// How a provider takes a client that shows a code which nobody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Knock {
    /// The code alone is refused: the client and its secret are right.
    Known,
    /// The client is refused, by this error of OAuth.
    Unknown(String),
}

/// Shows a provider the client with a code that nobody gave, to learn whether it knows the client.
///
/// # Errors
/// [`Unusable`]
pub async fn knock(
    client: &awc::Client,
    provider: &Provider,
    secret: Option<&SecretString>,
    metadata: &Metadata,
    redirect_uri: &str,
) -> Result<Knock, Unusable> {
    let relying = with_secret(relying(provider, metadata, redirect_uri)?, secret);
    let (_, verifier) = PkceCodeChallenge::new_random_sha256();
    let code = CsrfToken::new_random_len(32).into_secret().into();
    match ask(client, &relying, &code, &verifier.into_secret().into()).await {
        Ok(_) => Err(Unusable::because("it takes a code that nobody gave")),
        Err(RequestTokenError::ServerResponse(refusal)) => {
            let error = refusal.error().to_string();
            let is_about_code = matches!(error.as_str(), "invalid_grant" | "invalid_request");
            Ok(if is_about_code { Knock::Known } else { Knock::Unknown(error) })
        }
        Err(RequestTokenError::Request(error)) => Err(error),
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => Err(unreadable()),
    }
}

fn unreadable() -> Unusable {
    Unusable::because("its answer to the code cannot be read")
}

fn with_secret(relying: Relying, secret: Option<&SecretString>) -> Relying {
    match secret {
        Some(secret) => {
            relying.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
        }
        None => relying,
    }
}

type Answered = Result<
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    RequestTokenError<Unusable, BasicErrorResponse>,
>;

async fn ask(
    client: &awc::Client,
    relying: &Relying,
    code: &SecretString,
    verifier: &SecretString,
) -> Answered {
    let send = |request: HttpRequest| send(client.clone(), request);
    relying
        .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.expose_secret().to_owned()))
        .request_async(&send)
        .await
}

/// Sends a request of `oauth2` by awc, which has another version of the same types.
async fn send(client: awc::Client, request: HttpRequest) -> Result<HttpResponse, Unusable> {
    let failed = |reason: String| Unusable::because(format!("it cannot be reached: {reason}"));
    let (parts, body) = request.into_parts();
    let url: Uri = parts.uri.to_string().parse().map_err(|_| failed("no URL".to_owned()))?;
    let mut sending = client.post(url).timeout(DEADLINE);
    for (name, value) in &parts.headers {
        sending = sending.insert_header((name.as_str(), value.as_bytes()));
    }
    let answering = async {
        let mut answer =
            sending.send_body(body).await.map_err(|error| failed(error.to_string()))?;
        let read = answer.body().limit(MAX_ANSWER).await;
        let body = read.map_err(|error| failed(error.to_string()))?;
        let mut response = http::Response::builder().status(answer.status().as_u16());
        if let Some(kind) = answer.headers().get("content-type") {
            response = response.header("content-type", kind.as_bytes());
        }
        response.body(Vec::from(body)).map_err(|error| failed(error.to_string()))
    };
    let answered = tokio::time::timeout(DEADLINE, answering).await;
    answered.map_err(|_| failed("it takes too long".to_owned()))?
}
