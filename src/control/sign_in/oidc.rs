//! Signing in by an identity provider. What was begun travels in a sealed cookie of the browser that began
//! it, so that it ends in no other, on any instance, and costs the database nothing.

use base64_simd::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::{Origin, SignedIn, of_session};
use crate::actors::identity::{Configured, Exchange, SignInFailed};
use crate::control::Control;
use crate::control::error::ControlError;
use crate::control::sessions::By;
use crate::control::users::admission;
use crate::domain::principal::Principal;
use crate::domain::provider::Claims;

/// How long somebody may take to sign in at the provider, in seconds.
pub const PATIENCE: i64 = 10 * 60;
/// What the cookie is sealed for.
const BEGUN: &str = "sign-in by provider";
const AWAY: &str = "The identity provider cannot be reached right now. Try again.";

/// A sign-in that was begun.
#[derive(Debug)]
pub struct Begun {
    /// The provider's page, where the browser goes.
    pub url: String,
    /// What the browser's cookie holds meanwhile.
    pub cookie: String,
}

/// What the cookie holds, sealed.
#[derive(Serialize, Deserialize)]
struct Flow {
    provider_id: Uuid,
    state: String,
    nonce: String,
    verifier: String,
    redirect_uri: String,
    next: String,
    began_at: DateTime<Utc>,
}

/// What the provider's page sends the browser back with.
#[derive(Debug, Clone, Deserialize)]
pub struct Callback {
    /// The state that the sign-in was begun with.
    pub state: Option<String>,
    /// The code.
    pub code: Option<SecretString>,
    /// The provider, where it names itself.
    pub iss: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
}

/// The providers that sign people in, as (id, name).
#[must_use]
pub fn providers(control: &Control) -> Vec<(Uuid, String)> {
    control.people.providers()
}

/// Begins a sign-in that ends at `redirect_uri` and then leads to `next`.
///
/// # Errors
/// [`ControlError`]
pub async fn begin(
    control: &Control,
    provider_id: Uuid,
    redirect_uri: String,
    next: &str,
) -> Result<Begun, ControlError> {
    let known = control.people.provider(provider_id);
    let known = known.ok_or(ControlError::NotFound("identity provider"))?;
    let begun = control.people.begin(&known, &redirect_uri).await.map_err(failed)?;
    let flow = Flow {
        provider_id,
        state: begun.state,
        nonce: begun.nonce,
        verifier: begun.verifier.expose_secret().to_owned(),
        redirect_uri,
        next: next.to_owned(),
        began_at: Utc::now(),
    };
    let text = serde_json::to_string(&flow).map_err(|_| ControlError::Fault)?;
    let sealed = control.vault.seal(BEGUN, &text.into())?;
    Ok(Begun { url: begun.url, cookie: URL_SAFE_NO_PAD.encode_to_string(sealed) })
}

/// Ends a sign-in with what the provider has sent the browser back with; the second value is where it leads.
///
/// # Errors
/// [`ControlError`]
pub async fn end(
    control: &Control,
    cookie: Option<&str>,
    back: Callback,
    origin: Origin,
) -> Result<(SignedIn, String), ControlError> {
    let flow = cookie.and_then(|cookie| open(control, cookie)).filter(|flow| fits(flow, &back));
    let flow = flow.ok_or_else(|| {
        unauthenticated(
            "This sign-in was not begun in this browser, or took too long. Begin again.",
        )
    })?;
    let known = control.people.provider(flow.provider_id);
    let known = known.ok_or(ControlError::NotFound("identity provider"))?;
    let named = back.iss.as_deref();
    let must_be_named = control.people.names_itself(flow.provider_id);
    if named.is_some_and(|iss| iss != known.provider.issuer) || (named.is_none() && must_be_named) {
        return Err(unauthenticated(
            "The answer is not of the provider that was asked. Begin again.",
        ));
    }
    if let Some(error) = back.error {
        let error: String = error.chars().filter(char::is_ascii_graphic).take(60).collect();
        tracing::info!(provider = known.provider.name, error, "A provider refuses a sign-in.");
        return Err(unauthenticated("The identity provider has not signed you in."));
    }
    let code =
        back.code.ok_or_else(|| unauthenticated("The identity provider has sent no code."))?;
    let exchange = Exchange {
        provider_id: flow.provider_id,
        redirect_uri: flow.redirect_uri,
        code,
        verifier: flow.verifier.into(),
    };
    let claims = control.people.end(&known, exchange, &flow.nonce).await.map_err(failed)?;
    let user = admission::admit(control, &known.provider, &claims).await?;
    let caller = of_session(&user, origin.address);
    let by = By::Provider(flow.provider_id);
    let (session, _) = super::begin(control, caller, Some(user), by, origin.user_agent).await?;
    let signed_in = SignedIn { session, known_browser: None, must_change_password: false };
    Ok((signed_in, flow.next))
}

/// The principal of somebody who shows an ID token for the first time.
///
/// # Errors
/// [`ControlError`]
pub async fn admit(
    control: &Control,
    known: &Configured,
    claims: &Claims,
) -> Result<std::sync::Arc<Principal>, ControlError> {
    let people = &control.people;
    admission::admit(control, &known.provider, claims).await?;
    people.freshen().await.map_err(|_| ControlError::Unavailable)?;
    let principal = people.known(known.provider.id, &claims.subject);
    principal.ok_or(ControlError::Unavailable)
}

fn open(control: &Control, cookie: &str) -> Option<Flow> {
    let sealed = URL_SAFE_NO_PAD.decode_to_vec(cookie).ok()?;
    let text = control.vault.open(BEGUN, &sealed).ok()?;
    serde_json::from_str(text.expose_secret()).ok()
}

fn fits(flow: &Flow, back: &Callback) -> bool {
    let state = back.state.as_deref().unwrap_or_default();
    let is_same: bool = flow.state.as_bytes().ct_eq(state.as_bytes()).into();
    is_same && Utc::now() < flow.began_at + TimeDelta::seconds(PATIENCE)
}

fn unauthenticated(message: &'static str) -> ControlError {
    ControlError::Unauthenticated(message.into())
}

fn failed(error: SignInFailed) -> ControlError {
    match error {
        SignInFailed::Away => ControlError::Away(AWAY),
        SignInFailed::Unproven(why) => {
            tracing::warn!(%why, "An ID token proves nothing.");
            unauthenticated("The identity provider's answer does not prove who you are.")
        }
    }
}
