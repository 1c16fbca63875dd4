//! A sign-in by a provider, as far as it is about the provider: its begin and its end.

use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::Identity;
use super::asking::ReadKeys;
use super::directory::Configured;
use super::exchange::{Exchange, SignInFailed};
use crate::domain::provider::Claims;
use crate::oauth::code_flow::{self, Begun};
use crate::oauth::id_token::Purpose;

impl Identity {
    /// Begins a sign-in by a provider that ends at `redirect_uri`.
    ///
    /// # Errors
    /// [`SignInFailed`]
    pub async fn begin(
        &self,
        known: &Configured,
        redirect_uri: &str,
    ) -> Result<Begun, SignInFailed> {
        let wire = || {
            let wires = self.wires.load();
            wires.get(&known.provider.id).filter(|wire| wire.is_of(&known.provider)).cloned()
        };
        let wire = match wire() {
            Some(wire) => wire,
            None => {
                self.name.ask(ReadKeys(known.provider.id)).await?;
                wire().ok_or(SignInFailed::Away)?
            }
        };
        let begun = code_flow::begin(&known.provider, &wire.metadata, redirect_uri);
        begun.map_err(|_| SignInFailed::Away)
    }

    /// Whether a provider names itself to the callback, so that a callback without its name is not its.
    #[must_use]
    pub fn names_itself(&self, provider_id: Uuid) -> bool {
        self.wires.load().get(&provider_id).is_some_and(|wire| wire.metadata.names_itself)
    }

    /// Ends a sign-in: exchanges the code, and verifies who it is.
    ///
    /// # Errors
    /// [`SignInFailed`]
    pub async fn end(
        &self,
        known: &Configured,
        exchange: Exchange,
        nonce: &str,
    ) -> Result<Claims, SignInFailed> {
        let token: SecretString = self.name.ask(exchange).await??;
        let verdict =
            self.verify(&known.provider, token.expose_secret(), Purpose::SignIn { nonce }).await?;
        verdict.map_err(SignInFailed::Unproven)
    }
}
