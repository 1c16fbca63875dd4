//! The owners that requests never ask, by name: for each other, and for what is to happen to all
//! workers.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::{Actor, AsyncContext as _, Context};
use uuid::Uuid;

use super::changes::Changes;
use super::prober::Prober;
use super::settings::SettingsOwner;
use super::streams::{StopOf, Streams};
use super::tree::Name;
use super::upkeep::Upkeep;

/// A request that was let in just before its key or user was barred may begin to run just after.
const SWEEP_AGAIN: Duration = Duration::from_millis(300);

/// Their names; cheap to clone.
#[derive(Clone)]
pub struct Others {
    /// The owner of the settings.
    pub settings: Name<SettingsOwner>,
    /// The owner of the LISTEN connection.
    pub changes: Name<Changes>,
    pub(super) upkeep: Name<Upkeep>,
    pub(super) prober: Name<Prober>,
    streams: Arc<Mutex<Vec<Name<Streams>>>>,
}

impl Others {
    /// The names, behind which nobody is yet.
    pub(super) fn new() -> Self {
        Self {
            settings: Name::new("settings"),
            changes: Name::new("changes"),
            upkeep: Name::new("upkeep"),
            prober: Name::new("prober"),
            streams: Arc::default(),
        }
    }

    /// Takes on the `streams` of one more worker.
    pub(super) fn add_streams(&self, name: Name<Streams>) {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }

    /// The `streams` of all workers.
    pub(super) fn streams(&self) -> Vec<Name<Streams>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends the running requests of these users, keys, and sessions of signed-in clients.
    pub(super) fn stop_requests<A>(&self, of: HashSet<Uuid>, ctx: &mut Context<A>)
    where
        A: Actor<Context = Context<A>>,
    {
        if of.is_empty() {
            return;
        }
        let (of, others) = (Arc::new(of), self.clone());
        let stop = move || {
            for streams in others.streams() {
                streams.tell(StopOf(Arc::clone(&of)));
            }
        };
        stop();
        ctx.run_later(SWEEP_AGAIN, move |_, _| stop());
    }
}
