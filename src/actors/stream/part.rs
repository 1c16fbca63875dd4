//! What a connection's actor hands to the edge: a head, frames, and an explicit end. A channel that
//! closes without one means that the actor died; it must never look like success.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::domain::error::ApiError;

/// Parts that wait for a slow client before the upstream is no longer read.
const DEPTH: usize = 32;

/// One part of an answer.
#[derive(Debug)]
pub enum Part {
    /// The answer begins as a stream; with the names of what was changed in the request.
    Begin(Vec<&'static str>),
    /// Server-sent events.
    Frame(Bytes),
    /// The whole answer at once; with the names of what was changed in the request.
    Whole(Bytes, Vec<&'static str>),
    /// There is no answer; only ever the first part.
    Refused(ApiError),
    /// The answer is complete.
    End,
}

/// The edge's side of the channel.
pub type Outlet = mpsc::Receiver<Part>;

impl Part {
    /// A channel for one answer.
    #[must_use]
    pub fn channel() -> (mpsc::Sender<Self>, Outlet) {
        mpsc::channel(DEPTH)
    }
}
