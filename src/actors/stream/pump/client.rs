//! The way to the client: parts in their order, a ping in each silence, and what ends the wait for
//! either side.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt as _;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until, timeout};

use super::Ending;
use crate::actors::draft::Waited;
use crate::actors::drain::Readiness;
use crate::actors::stream::part::Part;
use crate::actors::stream::progress::Progress;
use crate::actors::stream::unclaimed::{Asked, Heir, Unclaimed};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::usage::Outcome;

/// How often an answer that is made for nobody looks whether the gateway is to end.
const LOOK: Duration = Duration::from_secs(1);
const PING: &[u8] = b"event: ping\ndata: {\"type\":\"ping\"}\n\n";

/// The way to the client.
pub(super) struct ClientSide {
    pub(super) parts: mpsc::Sender<Part>,
    pub(super) adjusted: Vec<&'static str>,
    pub(super) waited: Waited,
    pub(super) streaming: bool,
    pub(super) begun: Rc<Cell<bool>>,
    pub(super) ping_interval: Duration,
    pub(super) last_sent: Instant,
    pub(super) progress: Progress,
    /// Until when the whole answer has to be there.
    pub(super) until: Instant,
    /// How long the client may take no part of its answer.
    pub(super) patience: Duration,
    /// How long the upstream is read to its end for a client that has left.
    pub(super) settle_alone: Duration,
    /// Until when, once the client has left.
    pub(super) alone_until: Option<Instant>,
    /// What was asked, where the answer comes whole: a client that leaves may ask for it again.
    pub(super) asked: Option<Asked>,
    /// Who gets the answer once the client has left.
    pub(super) heir: Option<Heir>,
    pub(super) unclaimed: Unclaimed,
    pub(super) readiness: Readiness,
}

impl ClientSide {
    /// False once the client has left.
    pub(super) fn is_there(&self) -> bool {
        self.alone_until.is_none() && !self.parts.is_closed()
    }

    /// Waits for `work`, with a ping to the client in each silence. A client that leaves is waited
    /// without for a while, since Bedrock charges for what it generates and tells it at the end.
    pub(super) async fn wait<F: Future>(&mut self, work: F) -> Result<F::Output, Ending> {
        if self.progress.is_stopped() {
            return Err(stopped());
        }
        let mut work = pin!(work);
        // Also where there is always more to read at once.
        match self.alone_until {
            Some(end) if Instant::now() >= end => return Err(Ending::ClientGone),
            None if Instant::now() >= self.until => return Err(too_long()),
            _ => {}
        }
        if let Some(done) = work.as_mut().now_or_never() {
            return Ok(done);
        }
        let (began, waited) = (std::time::Instant::now(), self.waited.clone());
        let done = self.wait_long(work).await;
        waited.since(began);
        done
    }

    async fn wait_long<F: Future>(&mut self, mut work: Pin<&mut F>) -> Result<F::Output, Ending> {
        let progress = self.progress.clone();
        loop {
            let parts = self.parts.clone();
            let ping_at = self.last_sent + self.ping_interval;
            let wake_at = match self.alone_until {
                Some(end) if self.heir.is_some() => end.min(Instant::now() + LOOK),
                Some(end) => end,
                None if self.streaming => ping_at.min(self.until),
                None => self.until,
            };
            tokio::select! {
                biased;
                done = work.as_mut() => return Ok(done),
                () = parts.closed(), if self.alone_until.is_none() => self.left(),
                () = progress.stopped() => return Err(stopped()),
                () = sleep_until(wake_at) => match self.alone_until {
                    Some(end) if Instant::now() < end && !self.readiness.is_draining() => {}
                    Some(_) => return Err(Ending::ClientGone),
                    None if Instant::now() >= self.until => return Err(too_long()),
                    None => {
                        self.begin().await?;
                        self.send(Part::Frame(Bytes::from_static(PING))).await?;
                    }
                },
            }
        }
    }

    /// Hands gathered events on, if there are any.
    pub(super) async fn frame(&mut self, events: &mut BytesMut) -> Result<(), Ending> {
        if events.is_empty() {
            return Ok(());
        }
        self.begin().await?;
        self.send(Part::Frame(events.split().freeze())).await
    }

    pub(super) async fn begin(&mut self) -> Result<(), Ending> {
        if self.begun.replace(true) {
            return Ok(());
        }
        let adjusted = std::mem::take(&mut self.adjusted);
        self.send(Part::Begin(adjusted)).await
    }

    /// Hands a part over; it goes nowhere where the client has left.
    pub(super) async fn send(&mut self, part: Part) -> Result<(), Ending> {
        self.last_sent = Instant::now();
        if self.alone_until.is_some() {
            return Ok(());
        }
        let part = match self.parts.try_send(part) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Full(part)) => part,
            Err(TrySendError::Closed(_)) => {
                self.left();
                return Ok(());
            }
        };
        let began = std::time::Instant::now();
        let sent = timeout(self.patience, self.parts.send(part)).await;
        self.waited.since(began);
        match sent {
            Ok(Ok(())) => self.last_sent = Instant::now(),
            Ok(Err(_)) => self.left(),
            Err(_) => return Err(Ending::ClientStalled),
        }
        Ok(())
    }

    /// Hands a whole answer over: to the client, or to who asks the same after it has left.
    pub(super) async fn hand_over(
        &mut self,
        message: Bytes,
        adjusted: Vec<&'static str>,
    ) -> Result<(), Ending> {
        self.send(Part::Whole(message.clone(), adjusted.clone())).await?;
        if let Some(heir) = self.heir.take() {
            heir.inherit((message, adjusted));
        }
        Ok(())
    }

    /// Forgets the answer that the client got in the place of one of its own.
    pub(super) fn claim(&self) {
        if let Some(asked) = self.asked.as_ref().filter(|_| self.alone_until.is_none()) {
            self.unclaimed.claimed(asked);
        }
    }

    fn left(&mut self) {
        let now = Instant::now();
        match &self.asked {
            Some(asked) if !self.readiness.is_draining() => {
                self.heir = Some(self.unclaimed.leave(asked));
                self.alone_until = Some(self.until.max(now));
            }
            _ => self.alone_until = Some(now + self.settle_alone),
        }
    }
}

fn stopped() -> Ending {
    let message = "An administrator stopped this request.";
    Ending::Error(Outcome::Failed, ApiError::new(ErrorKind::Permission, message))
}

fn too_long() -> Ending {
    let message = "The answer took longer than this gateway lets one take.";
    Ending::Error(Outcome::Failed, ApiError::new(ErrorKind::Timeout, message))
}
