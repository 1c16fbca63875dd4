//! What is known of a provider by asking it: its endpoints and its keys, and how often it may be asked.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::domain::provider::Provider;
use crate::oauth::key_set::KeySet;
use crate::oauth::metadata::{self, Metadata, Unusable};

/// How long keys of a provider that is down are good.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// How often keys are read again by themselves.
const REFRESH: Duration = Duration::from_secs(60 * 60);
/// How soon a provider that failed is asked again.
const RETRY: Duration = Duration::from_secs(15);
/// Tokens with unknown keys make a provider be asked so often at once, and once more each so often.
const BURST: u32 = 3;
const REFILL: Duration = Duration::from_secs(30);

/// What was last read of all providers.
pub(super) type Wires = HashMap<Uuid, Arc<Wire>>;

/// What was last read of one provider.
pub(super) struct Wire {
    pub(super) metadata: Metadata,
    keys: KeySet,
    read_at: Instant,
    /// Where the provider was when it was read.
    of: (String, Option<String>),
}

impl Wire {
    /// Reads a provider's endpoints and keys.
    pub(super) async fn read(client: &awc::Client, provider: &Provider) -> Result<Self, Unusable> {
        let metadata = metadata::discover(client, &provider.issuer).await?;
        let url = provider.jwks_url.as_ref().unwrap_or(&metadata.jwks_uri);
        let keys = metadata::keys(client, url).await?;
        Ok(Self { keys, metadata, read_at: Instant::now(), of: place(provider) })
    }

    /// The keys, unless they are too old.
    pub(super) fn keys(&self) -> Option<&KeySet> {
        (self.read_at.elapsed() < STALE).then_some(&self.keys)
    }

    /// Whether it was read of the provider as it is configured now.
    pub(super) fn is_of(&self, provider: &Provider) -> bool {
        self.of == place(provider)
    }
}

fn place(provider: &Provider) -> (String, Option<String>) {
    (provider.issuer.clone(), provider.jwks_url.clone())
}

/// When a provider is to be asked, and when it may be.
pub(super) struct Pace {
    due_at: Instant,
    left: u32,
    refilled_at: Instant,
    pub(super) is_asking: bool,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { due_at: now, left: BURST, refilled_at: now, is_asking: false }
    }

    /// Whether it is time to ask.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        !self.is_asking && now >= self.due_at
    }

    /// Takes one of the times that strangers may cause.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.refilled_at);
        let more = u32::try_from(passed.as_secs() / REFILL.as_secs()).unwrap_or(u32::MAX);
        if more > 0 {
            self.left = self.left.saturating_add(more).min(BURST);
            self.refilled_at = now;
        }
        let had = self.left > 0;
        self.left = self.left.saturating_sub(1);
        had
    }

    /// Notes how it went.
    pub(super) fn asked(&mut self, now: Instant, is_read: bool) {
        self.is_asking = false;
        self.due_at = now + if is_read { REFRESH } else { RETRY };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_cause_a_few_reads_and_then_one_each_half_minute() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        let taken = |pace: &mut Pace, at: u64| pace.take(begin + Duration::from_secs(at));
        assert_eq!(
            [0, 1, 2, 3, 4].map(|at| taken(&mut pace, at)),
            [true, true, true, false, false]
        );
        assert_eq!([31, 32, 62].map(|at| taken(&mut pace, at)), [true, false, true]);
        assert_eq!([900, 900, 900, 900].map(|at| taken(&mut pace, at)), [true, true, true, false]);
    }

    #[test]
    fn a_provider_that_is_down_is_asked_again_soon() {
        let begin = Instant::now();
        let mut pace = Pace::new(begin);
        assert!(pace.is_due(begin));
        pace.asked(begin, false);
        assert!(!pace.is_due(begin) && pace.is_due(begin + RETRY));
        pace.asked(begin, true);
        assert!(!pace.is_due(begin + RETRY) && pace.is_due(begin + REFRESH));
        pace.is_asking = true;
        assert!(!pace.is_due(begin + REFRESH));
    }
}
