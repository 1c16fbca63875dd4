//! Trying a provider out as it is configured, before people sign in by it: its document, its keys, and whether it
//! knows the client.

use std::sync::Arc;

use actix::{Context, Handler, Message, ResponseFuture};
use serde::Serialize;
use utoipa::ToSchema;

use super::directory::Configured;
use super::exchange::MAX_EXCHANGES;
use super::owner::IdentityOwner;
use crate::oauth::code_flow::{self, Knock};
use crate::oauth::metadata;

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    /// What: `discovery`, `keys`, `client`, or `provisioning`.
    #[schema(value_type = String)]
    pub name: &'static str,
    /// Whether it went well.
    pub ok: bool,
    /// What was found, or what failed and what to do.
    pub found: String,
}

/// The order to try a provider.
#[derive(Clone, Message)]
#[rtype(result = "Vec<Step>")]
pub struct Try {
    /// The provider.
    pub known: Arc<Configured>,
    /// Where it would send browsers back to, where that is known.
    pub redirect_uri: Option<String>,
}

impl Handler<Try> for IdentityOwner {
    type Result = ResponseFuture<Vec<Step>>;

    fn handle(&mut self, order: Try, _: &mut Context<Self>) -> Self::Result {
        let (client, permit) = (self.client.clone(), Arc::clone(&self.exchanges));
        Box::pin(async move {
            if Arc::strong_count(&permit) > MAX_EXCHANGES + 1 {
                let found = "Many sign-ins are under way: try again.".to_owned();
                return vec![Step { name: "discovery", ok: false, found }];
            }
            tried(&client, &order).await
        })
    }
}

async fn tried(client: &awc::Client, Try { known, redirect_uri }: &Try) -> Vec<Step> {
    let provider = &known.provider;
    let mut steps = Vec::new();
    let mut note = |name, ok, found| steps.push(Step { name, ok, found });
    let metadata = match metadata::discover(client, &provider.issuer).await {
        Ok(metadata) => metadata,
        Err(error) => {
            let found = format!("{error}. Check the issuer, and that the gateway may go there.");
            note("discovery", false, found);
            return steps;
        }
    };
    note("discovery", true, format!("people sign in at {}", metadata.authorization_endpoint));
    let url = provider.jwks_url.as_ref().unwrap_or(&metadata.jwks_uri);
    match metadata::keys(client, url).await {
        Ok(keys) => note("keys", true, format!("{} at {url}", keys.count())),
        Err(error) => note("keys", false, error.to_string()),
    }
    let Some(redirect_uri) = redirect_uri else {
        let found = "This gateway does not know its own address: set PUBLIC_URL.";
        note("client", false, found.to_owned());
        return steps;
    };
    let secret = known.secret.as_ref();
    match code_flow::knock(client, provider, secret, &metadata, redirect_uri).await {
        Ok(Knock::Known) => note("client", true, format!("it knows {}", provider.client_id)),
        Ok(Knock::Unknown(error)) => {
            let found = format!("it answers {error}: check the client id and the client secret");
            note("client", false, found);
        }
        Err(error) => note("client", false, format!("{}: {error}", metadata.token_endpoint)),
    }
    steps
}
