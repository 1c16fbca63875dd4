//! One round of delivery: what is new is told off to its destinations, what is due is claimed, sent
//! and settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures_util::future::join_all;
use uuid::Uuid;

use super::Fallback;
use super::sender::{Destination, Letter, Sender};
use super::webhook::Webhook;
use crate::domain::notification::{Kind, Target, retry};
use crate::storage::notifications::deliveries::{self, Claimed, Ended};
use crate::storage::notifications::tell_off;
use crate::storage::vault::Vault;
use crate::storage::{Database, StorageError};

/// Deliveries of one round.
const BATCH: i64 = 16;

/// What a round works with.
pub(super) struct Round {
    pub(super) database: Database,
    pub(super) vault: Vault,
    pub(super) fallback: Option<Fallback>,
    pub(super) attempts: Arc<Attempts>,
    pub(super) sender: Sender,
}

/// How attempts to deliver ended in this process.
#[derive(Debug, Default)]
pub struct Attempts {
    /// The destination has it.
    pub delivered: AtomicU64,
    /// It failed and is tried again.
    pub failed: AtomicU64,
    /// It failed and is given up.
    pub parked: AtomicU64,
}

impl Round {
    /// Does one round; true where there may be more to do at once.
    ///
    /// # Errors
    /// [`StorageError`]; what was claimed is tried again once its claim has ended.
    pub(super) async fn run(&self) -> Result<bool, StorageError> {
        let fallback = self.fallback.as_ref().map(Fallback::named);
        let told = tell_off(&self.database, fallback).await?;
        let claim = Uuid::new_v4();
        let claimed = deliveries::claim(&self.database, claim, BATCH).await?;
        let more = claimed.len() as i64 == BATCH || told > 0;
        let delivering = claimed.into_iter().map(|claimed| self.deliver(claimed, claim));
        for settled in join_all(delivering).await {
            settled?;
        }
        Ok(more)
    }

    async fn deliver(&self, claimed: Claimed, claim: Uuid) -> Result<(), StorageError> {
        let began = Instant::now();
        let ended = self.attempt(&claimed).await;
        let settled =
            deliveries::settle(&self.database, (claimed.id, claim), ended.clone(), began.elapsed());
        if !settled.await? {
            tracing::warn!(delivery = %claimed.id, "A notification took so long that another instance has it.");
        }
        let Attempts { delivered, failed, parked } = &*self.attempts;
        let count = match &ended {
            Ended::Delivered(_) => delivered,
            Ended::Again(..) => failed,
            Ended::Parked(_) => parked,
        };
        count.fetch_add(1, Ordering::Relaxed);
        match ended {
            Ended::Delivered(_) => {}
            Ended::Again(error, wait) => tracing::warn!(
                delivery = %claimed.id, error, wait_s = wait.as_secs(), "A notification is not delivered yet."
            ),
            Ended::Parked(error) => {
                tracing::error!(delivery = %claimed.id, error, "A notification is given up.");
            }
        }
        Ok(())
    }

    async fn attempt(&self, claimed: &Claimed) -> Ended {
        let destination = match self.destination(claimed) {
            Ok(destination) => destination,
            Err(why) => return Ended::Parked(why.to_owned()),
        };
        let letter = Letter { id: claimed.notification_id, payload: claimed.payload.clone() };
        match self.sender.send(&destination, &letter).await {
            Ok(receipt) => Ended::Delivered(receipt),
            Err(error) => {
                let attempts = u32::try_from(claimed.attempts).unwrap_or(u32::MAX);
                let jitter = f64::from(claimed.id.as_u128() as u8) / 255.0;
                match retry::wait(attempts, jitter) {
                    Some(wait) => Ended::Again(error, wait),
                    None => Ended::Parked(error),
                }
            }
        }
    }

    fn destination(&self, claimed: &Claimed) -> Result<Destination, &'static str> {
        if claimed.destination_id.is_nil() {
            let fallback = self.fallback.as_ref().map(|fallback| fallback.destination.clone());
            return fallback.ok_or("BUDGET_NOTIFICATION_URL is no longer set");
        }
        if !claimed.active {
            return Err("the destination is no longer active");
        }
        let opened = open(&self.vault, claimed);
        opened.ok_or("the destination cannot be read: was SECRETS_KEY changed?")
    }
}

fn open(vault: &Vault, claimed: &Claimed) -> Option<Destination> {
    let kind = Kind::named(&claimed.kind)?;
    if let (Kind::Webhook, Some(sealed)) = (kind, &claimed.sealed) {
        let webhook = Webhook::open(vault, claimed.destination_id, sealed).ok()??;
        return Some(Destination::Webhook(webhook));
    }
    Target::parse(kind, claimed.target.as_deref()?).map(Destination::unsigned)
}
