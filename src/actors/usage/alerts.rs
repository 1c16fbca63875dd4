//! What usage itself gives reason to tell: models without a price, and records that Postgres refuses.

use std::time::Duration;

use chrono::Utc;
use moka::sync::Cache;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actors::notifier::Notifier;
use crate::domain::notification::{Event, EventType, Severity};

/// What a line of the journal has in it where its model has no price.
const UNPRICED: &str = "\"priced\":false";
/// Facts that were told lately, at the most.
const MAX_TOLD: u64 = 1000;
/// How long they need not be told again; Postgres knows them for longer.
const TOLD: Duration = Duration::from_secs(60 * 60);

/// Tells of usage.
#[derive(Clone)]
pub(super) struct Alerts {
    notifier: Notifier,
    told: Cache<String, ()>,
}

/// The members of a journal line that are told.
#[derive(Deserialize)]
struct Line {
    model: Option<String>,
    profile: Option<String>,
    endpoint: Option<String>,
    cost_nanos: i64,
    priced: bool,
}

impl Alerts {
    pub(super) fn new(notifier: Notifier) -> Self {
        let told = Cache::builder().max_capacity(MAX_TOLD).time_to_live(TOLD).build();
        Self { notifier, told }
    }

    /// Tells of models that were charged a conservative price; once a month each.
    pub(super) fn look(&self, lines: &[String]) {
        let unpriced = lines.iter().filter(|line| line.contains(UNPRICED));
        for line in unpriced.filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
            let Some(profile) = line.profile.filter(|_| !line.priced && line.cost_nanos > 0) else {
                continue;
            };
            let key = format!("model_unpriced:{}:{profile}", Utc::now().format("%Y-%m"));
            let detail =
                json!({ "profile": profile, "model": line.model, "endpoint": line.endpoint });
            self.tell(key, EventType::ModelUnpriced, Severity::Warning, detail);
        }
    }

    /// Tells of a record that was put aside; once a day and instance.
    pub(super) fn quarantined(&self, instance: &str, reason: &str) {
        let key = format!("usage_quarantined:{}:{instance}", Utc::now().format("%Y-%m-%d"));
        let detail = json!({ "instance": instance, "reason": reason });
        self.tell(key, EventType::UsageQuarantined, Severity::High, detail);
    }

    fn tell(&self, key: String, event_type: EventType, severity: Severity, detail: Value) {
        if self.told.contains_key(&key) {
            return;
        }
        self.told.insert(key.clone(), ());
        let (user, team, timestamp) = (None, None, Utc::now());
        self.notifier.emit(Event { key, event_type, severity, user, team, detail, timestamp });
    }
}
