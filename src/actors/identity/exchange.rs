//! The exchange of codes, a bounded number at once, on the thread of the client that does it.

use std::sync::Arc;

use actix::{Context, Handler, Message, ResponseFuture};
use secrecy::SecretString;
use thiserror::Error;
use uuid::Uuid;

use super::owner::IdentityOwner;
use crate::actors::tree::Unavailable;
use crate::oauth::code_flow;
use crate::oauth::id_token::Unproven;

/// Codes that are exchanged at once.
pub(super) const MAX_EXCHANGES: usize = 64;

/// Why a sign-in by a provider does not end well.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignInFailed {
    /// The provider, or the owner, cannot be reached or does not answer as it must.
    #[error("the provider cannot be reached, or does not answer as it must")]
    Away,
    /// The ID token proves nothing.
    #[error("{0}")]
    Unproven(Unproven),
}

impl From<Unavailable> for SignInFailed {
    fn from(_: Unavailable) -> Self {
        Self::Away
    }
}

/// The order to exchange the code of a sign-in for its ID token, which is yet to be verified.
#[derive(Debug, Clone, Message)]
#[rtype(result = "Result<SecretString, SignInFailed>")]
pub struct Exchange {
    /// The provider.
    pub provider_id: Uuid,
    /// Where the code came to.
    pub redirect_uri: String,
    /// The code.
    pub code: SecretString,
    /// What the sign-in was begun with.
    pub verifier: SecretString,
}

impl Handler<Exchange> for IdentityOwner {
    type Result = ResponseFuture<Result<SecretString, SignInFailed>>;

    fn handle(&mut self, order: Exchange, _: &mut Context<Self>) -> Self::Result {
        let (identity, client) = (self.identity.clone(), self.client.clone());
        let permit = Arc::clone(&self.exchanges);
        let exchanging = async move {
            if Arc::strong_count(&permit) > MAX_EXCHANGES + 1 {
                return Err(SignInFailed::Away);
            }
            let known = identity.provider(order.provider_id).ok_or(SignInFailed::Away)?;
            let wire = identity.wires.load().get(&order.provider_id).cloned();
            let wire = wire.ok_or(SignInFailed::Away)?;
            let exchanged = code_flow::exchange(
                &client,
                &known.provider,
                known.secret.as_ref(),
                &wire.metadata,
                &order.redirect_uri,
                &order.code,
                &order.verifier,
            );
            let token = exchanged.await.map_err(|error| {
                let provider = known.provider.name.as_str();
                tracing::warn!(provider, %error, "A sign-in fails, since its provider does.");
                SignInFailed::Away
            })?;
            Ok(SecretString::from(token))
        };
        Box::pin(exchanging)
    }
}
