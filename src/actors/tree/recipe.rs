//! What a parent rebuilds a child from: the name to publish it under, the thread to build it on,
//! and how to build it.

use std::sync::Arc;

use actix::{Actor, ArbiterHandle, Context};

use super::name::Name;
use super::tombstone::Tombstone;

/// Builds one kind of child, as often as needed.
pub trait Recipe: Send {
    /// The child's name, for status, metrics and logs.
    fn label(&self) -> &'static str;
    /// Builds a new child that carries `tombstone`, and points its name to it.
    fn start(&self, tombstone: Tombstone);
}

/// The recipe of an actor that lives on a given arbiter.
pub struct OnArbiter<A: Actor> {
    name: Name<A>,
    home: ArbiterHandle,
    build: Arc<dyn Fn(Tombstone) -> A + Send + Sync>,
}

impl<A: Actor> OnArbiter<A> {
    /// `build` runs on `home`; what must outlive a crash is captured by it and only lent to the
    /// actor.
    pub fn new(
        name: &Name<A>,
        home: &ArbiterHandle,
        build: impl Fn(Tombstone) -> A + Send + Sync + 'static,
    ) -> Self {
        Self { name: name.clone(), home: home.clone(), build: Arc::new(build) }
    }
}

impl<A: Actor<Context = Context<A>>> Recipe for OnArbiter<A> {
    fn label(&self) -> &'static str {
        self.name.label()
    }

    fn start(&self, tombstone: Tombstone) {
        let build = Arc::clone(&self.build);
        self.name.point_to(A::start_in_arbiter(&self.home, move |_| build(tombstone)));
    }
}
