//! Last in, first to act: on its order the gateway takes no new work and waits for what runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use actix::{Actor, Context, Handler, Message, ResponseFuture};

use super::streams::LiveStreams;
use super::tree::{Name, Tombstone};

const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Whether the gateway takes new work, as everybody may read it.
#[derive(Clone)]
pub struct Readiness {
    /// The owner.
    pub name: Name<Drain>,
    draining: Arc<AtomicBool>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self { name: Name::new("drain"), draining: Arc::default() }
    }
}

impl Readiness {
    /// True once the gateway takes no new work.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// The owner, built anew after each crash; a drain that has begun stays begun.
    #[must_use]
    pub fn owner(&self, live: LiveStreams, tombstone: Tombstone) -> Drain {
        Drain { draining: Arc::clone(&self.draining), live, _tombstone: tombstone }
    }
}

/// The actor.
pub struct Drain {
    draining: Arc<AtomicBool>,
    live: LiveStreams,
    _tombstone: Tombstone,
}

impl Actor for Drain {
    type Context = Context<Self>;
}

/// The order to take no new work; answered once nothing runs any more or `within` has passed, with
/// the number of streams that still run.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "usize")]
pub struct Begin {
    /// How long to wait.
    pub within: Duration,
}

impl Handler<Begin> for Drain {
    type Result = ResponseFuture<usize>;

    fn handle(&mut self, order: Begin, _: &mut Context<Self>) -> Self::Result {
        self.draining.store(true, Ordering::Relaxed);
        let live = self.live.clone();
        Box::pin(async move {
            let began = Instant::now();
            while live.count() > 0 && began.elapsed() < order.within {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            live.count()
        })
    }
}

#[cfg(feature = "chaos")]
super::tree::chaos::crashable!(Drain);
