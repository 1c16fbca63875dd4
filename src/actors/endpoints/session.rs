//! One endpoint as requests use it. Its parts are apart, so that a change of one leaves the others as
//! they are: what was configured, the credentials, and what is known of its health.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwapOption;
use moka::sync::Cache;
use uuid::Uuid;

use super::gate::{Gates, Route};
use crate::bedrock::credentials::{CredentialSource, Loaded, Tags};
use crate::bedrock::endpoint::Endpoint;
use crate::domain::breaker::Phase;
use crate::domain::model::Catalog;

/// Credentials of one endpoint that are kept for those who are asking.
const MOST_TAGGED: u64 = 2_000;
/// A tagged credential that ends within this time is replaced while it is used.
const AHEAD: Duration = Duration::from_secs(5 * 60);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LONGEST_RETRY: Duration = Duration::from_secs(30);
/// How long a source that had nothing is not asked again for a request's sake: many requests would have
/// STS throttle the whole account.
const PAUSE: Duration = Duration::from_secs(2);

/// The time since the Unix epoch.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// One endpoint.
pub struct Session {
    /// Its row; `None` for the one that the environment makes.
    pub id: Option<Uuid>,
    /// A number of its own that is the same on all instances.
    pub hash: u64,
    /// Where requests go.
    pub endpoint: Endpoint,
    /// Whether it takes requests.
    pub enabled: bool,
    /// What names stand for there.
    pub catalog: Catalog,
    pub(super) wallet: Arc<Wallet>,
    pub(super) vital: Arc<Vital>,
}

/// What is known of an endpoint's health.
#[derive(Default)]
pub(super) struct Vital {
    pub(super) in_flight: AtomicUsize,
    pub(super) gates: Gates,
}

/// The credentials of an endpoint.
pub(super) struct Wallet {
    pub(super) source: CredentialSource,
    plain: ArcSwapOption<Loaded>,
    tagged: Cache<Tags, Arc<Loaded>>,
    refused: Cache<Option<Tags>, Arc<str>>,
    /// Fetches of the plain credential so far.
    fetches: AtomicU64,
    trouble: ArcSwapOption<String>,
    fetched_at: AtomicU64,
    failures: AtomicU32,
}

impl Wallet {
    pub(super) fn new(source: CredentialSource) -> Arc<Self> {
        Arc::new(Self {
            source,
            plain: ArcSwapOption::empty(),
            tagged: Cache::builder().max_capacity(MOST_TAGGED).build(),
            refused: Cache::builder().max_capacity(MOST_TAGGED).time_to_live(PAUSE).build(),
            fetches: AtomicU64::new(0),
            trouble: ArcSwapOption::empty(),
            fetched_at: AtomicU64::new(0),
            failures: AtomicU32::new(0),
        })
    }

    /// The credential that is good now, and whether it should be replaced soon.
    pub(super) fn ready(&self, tags: Option<&Tags>) -> Option<(Arc<Loaded>, bool)> {
        let Some(tags) = tags else {
            return self
                .plain
                .load_full()
                .filter(|it| lasts(it, Duration::ZERO))
                .map(|it| (it, false));
        };
        let ready = self.tagged.get(tags).filter(|loaded| lasts(loaded, Duration::ZERO))?;
        let ends_soon = !lasts(&ready, AHEAD);
        Some((ready, ends_soon))
    }

    /// The credential that is the same for all, whether it is good or not.
    pub(super) fn plain(&self) -> Option<Arc<Loaded>> {
        self.plain.load_full()
    }

    /// Why there is none, since the last attempt failed.
    pub(super) fn trouble(&self) -> Option<Arc<String>> {
        self.trouble.load_full()
    }

    /// Counts a fetch of the plain credential, and gives its number.
    pub(super) fn begin(&self) -> u64 {
        self.fetches.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Whether none was begun after the fetch of this number.
    pub(super) fn is_latest(&self, number: u64) -> bool {
        self.fetches.load(Ordering::Relaxed) == number
    }

    /// Why there was none a moment ago.
    pub(super) fn refused(&self, tags: Option<&Tags>) -> Option<Arc<str>> {
        self.refused.get(&tags.cloned())
    }

    pub(super) fn store(&self, tags: Option<Tags>, loaded: &Arc<Loaded>) {
        self.refused.invalidate(&tags);
        match tags {
            Some(tags) => self.tagged.insert(tags, Arc::clone(loaded)),
            None => {
                self.plain.store(Some(Arc::clone(loaded)));
                self.fetched_at.store(now().as_secs(), Ordering::Relaxed);
            }
        }
        self.trouble.store(None);
        self.failures.store(0, Ordering::Relaxed);
    }

    /// When the credential that is the same for all was fetched, since the Unix epoch.
    pub(super) fn fetched_at(&self) -> Option<Duration> {
        let seconds = self.fetched_at.load(Ordering::Relaxed);
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// Notes that a fetch has failed, and gives the pause until the next.
    pub(super) fn failed(&self, tags: Option<Tags>, reason: &str) -> Duration {
        self.refused.insert(tags, reason.into());
        self.trouble.store(Some(Arc::new(reason.to_owned())));
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).min(8);
        FIRST_RETRY.saturating_mul(1 << failures).min(LONGEST_RETRY)
    }

    /// Whether nothing can be sent for lack of a credential.
    fn is_broken(&self) -> bool {
        self.trouble.load().is_some()
            && !self.plain.load().as_ref().is_some_and(|it| lasts(it, Duration::ZERO))
    }
}

fn lasts(loaded: &Loaded, ahead: Duration) -> bool {
    loaded.expires_at.is_none_or(|end| SystemTime::now() + ahead < end)
}

impl Session {
    /// Whether it is reached as another is: at the same addresses, with the same credential.
    #[must_use]
    pub fn is_same_place(&self, other: &Self) -> bool {
        self.endpoint == other.endpoint && Arc::ptr_eq(&self.wallet, &other.wallet)
    }

    /// What the endpoint is for a model at `now`.
    pub(super) fn phase(&self, model: &str, route: Route, now: Duration) -> Phase {
        if self.wallet.is_broken() {
            return Phase::Open;
        }
        self.vital.gates.phase(model, route, now)
    }

    /// Requests that it serves now.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.vital.in_flight.load(Ordering::Relaxed)
    }
}
