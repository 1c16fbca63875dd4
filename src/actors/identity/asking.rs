//! Asking providers for their endpoints and keys: when they are due, and where a token has an unknown key.

use std::sync::Arc;
use std::time::Instant;

use actix::{
    ActorFutureExt as _, AsyncContext as _, Context, Handler, Message, ResponseFuture,
    WrapFuture as _,
};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::directory::Configured;
use super::owner::IdentityOwner;
use super::wire::{Wire, Wires};
use crate::oauth::metadata::Unusable;

impl IdentityOwner {
    /// Asks the providers that are due.
    pub(super) fn look(&mut self, ctx: &mut Context<Self>) {
        let now = Instant::now();
        let due: Vec<Uuid> =
            self.paces.iter().filter(|(_, pace)| pace.is_due(now)).map(|(id, _)| *id).collect();
        for id in due {
            self.ask(id, ctx);
        }
    }

    fn ask(&mut self, id: Uuid, ctx: &mut Context<Self>) {
        let (Some(known), Some(pace)) = (self.identity.provider(id), self.paces.get_mut(&id))
        else {
            return;
        };
        if std::mem::replace(&mut pace.is_asking, true) {
            return;
        }
        let client = self.client.clone();
        let asked = async move { (Wire::read(&client, &known.provider).await, known) };
        ctx.spawn(asked.into_actor(self).map(move |(read, known), owner, _| {
            if let Some(pace) = owner.paces.get_mut(&id) {
                pace.asked(Instant::now(), read.is_ok());
            }
            owner.learn(&known, read);
            for waiter in owner.asking.remove(&id).unwrap_or_default() {
                let _ = waiter.send(());
            }
        }));
    }

    fn learn(&self, known: &Configured, read: Result<Wire, Unusable>) {
        let provider = known.provider.name.as_str();
        match read {
            Ok(wire) => {
                let wire = Arc::new(wire);
                let id = known.provider.id;
                self.identity.wires.rcu(|wires| {
                    let mut wires = Wires::clone(wires);
                    wires.insert(id, Arc::clone(&wire));
                    wires
                });
                tracing::debug!(provider, "The keys of an identity provider were read.");
            }
            Err(error) => {
                tracing::warn!(provider, %error, "An identity provider cannot be used; its last keys stay.");
            }
        }
    }
}

/// The order to ask a provider for its keys, as far as it may be asked now.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(super) struct ReadKeys(pub(super) Uuid);

impl Handler<ReadKeys> for IdentityOwner {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, ReadKeys(id): ReadKeys, ctx: &mut Context<Self>) -> Self::Result {
        let Some(pace) = self.paces.get_mut(&id) else { return Box::pin(async {}) };
        if !pace.is_asking && !pace.take(Instant::now()) {
            return Box::pin(async {});
        }
        let (answer, answered) = oneshot::channel();
        self.asking.entry(id).or_default().push(answer);
        self.ask(id, ctx);
        Box::pin(async { answered.await.unwrap_or(()) })
    }
}
