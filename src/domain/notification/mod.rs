//! What the gateway tells the outside: facts about budgets, rate limits and its own health.

pub mod retry;
mod target;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

pub use target::{Arn, Kind, Target};

/// The `source` of every payload.
const SOURCE: &str = "ccag";
/// The version of the payload's form.
const VERSION: &str = "1";
/// Longest key, in characters.
const MAX_KEY: usize = 200;

/// What an admin can choose to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Money that was spent.
    Budget,
    /// Requests that were held back.
    RateLimit,
    /// The gateway and its endpoints.
    Health,
}

impl Category {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Budget, Self::RateLimit, Self::Health];

    /// The word that payloads and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Budget => "budget",
            Self::RateLimit => "rate_limit",
            Self::Health => "health",
        }
    }

    /// The category of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }
}

/// How urgent a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Worth a look.
    Warning,
    /// Somebody is held back.
    High,
    /// Somebody cannot work.
    Critical,
}

impl Severity {
    /// The word that payloads and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventType {
    /// A budget's threshold with the action `notify` was reached.
    BudgetWarning,
    /// A budget's threshold with the action `shape` was reached.
    BudgetShaped,
    /// A budget is used up.
    BudgetBlocked,
    /// A rate limit refused requests.
    RateLimitReached,
    /// An endpoint no longer serves.
    EndpointUnhealthy,
    /// An endpoint serves again.
    EndpointRecovered,
    /// An endpoint is throttled by Bedrock.
    EndpointThrottled,
    /// A model without a price of its own was used.
    ModelUnpriced,
    /// The prices could not be refreshed from the AWS Price List.
    PriceRefreshFailed,
    /// Postgres refuses usage records, which were put aside.
    UsageQuarantined,
    /// An actor died so often that the gateway gave up.
    GatewayFailed,
    /// An admin tries a destination.
    Test,
}

impl EventType {
    /// The category that it belongs to.
    #[must_use]
    pub fn category(self) -> Category {
        match self {
            Self::BudgetWarning | Self::BudgetShaped | Self::BudgetBlocked => Category::Budget,
            Self::RateLimitReached => Category::RateLimit,
            Self::EndpointUnhealthy
            | Self::EndpointRecovered
            | Self::EndpointThrottled
            | Self::ModelUnpriced
            | Self::PriceRefreshFailed
            | Self::UsageQuarantined
            | Self::GatewayFailed
            | Self::Test => Category::Health,
        }
    }

    /// The word that payloads use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BudgetWarning => "budget_warning",
            Self::BudgetShaped => "budget_shaped",
            Self::BudgetBlocked => "budget_blocked",
            Self::RateLimitReached => "rate_limit_reached",
            Self::EndpointUnhealthy => "endpoint_unhealthy",
            Self::EndpointRecovered => "endpoint_recovered",
            Self::EndpointThrottled => "endpoint_throttled",
            Self::ModelUnpriced => "model_unpriced",
            Self::PriceRefreshFailed => "price_refresh_failed",
            Self::UsageQuarantined => "usage_quarantined",
            Self::GatewayFailed => "gateway_failed",
            Self::Test => "test",
        }
    }
}

/// A user or a team that an event is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Party {
    /// Its id.
    pub id: Uuid,
    /// Its name at that moment.
    pub name: String,
}

/// A fact to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Names the fact: of two events with one key, from whichever instance, only the first is told.
    /// A budget's would be `budget:{id}:{start of the period}:{threshold}`.
    pub key: String,
    /// What happened.
    pub event_type: EventType,
    /// How urgent it is.
    pub severity: Severity,
    /// The user it is about.
    pub user: Option<Party>,
    /// The team it is about.
    pub team: Option<Party>,
    /// Further members, by type: amounts, limits, names. No secrets, no prompts.
    pub detail: Value,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
}

impl Event {
    /// The key as it is stored.
    #[must_use]
    pub fn stored_key(&self) -> String {
        self.key.chars().take(MAX_KEY).collect()
    }

    /// What destinations get.
    #[must_use]
    pub fn payload(&self) -> Value {
        json!({
            "source": SOURCE,
            "version": VERSION,
            "key": self.stored_key(),
            "category": self.event_type.category(),
            "type": self.event_type.name(),
            "severity": self.severity,
            "user": self.user,
            "team": self.team,
            "detail": self.detail,
            "timestamp": self.timestamp.to_rfc3339_opts(SecondsFormat::Millis, true),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_names_everything_that_a_receiver_needs() {
        let user = Party { id: Uuid::nil(), name: "ada".to_owned() };
        let event = Event {
            key: "budget:1".to_owned(),
            event_type: EventType::BudgetBlocked,
            severity: Severity::Critical,
            user: Some(user),
            team: None,
            detail: json!({ "threshold_percent": 100 }),
            timestamp: DateTime::UNIX_EPOCH,
        };
        assert_eq!(
            event.payload(),
            json!({
                "source": "ccag",
                "version": "1",
                "key": "budget:1",
                "category": "budget",
                "type": "budget_blocked",
                "severity": "critical",
                "user": { "id": "00000000-0000-0000-0000-000000000000", "name": "ada" },
                "team": null,
                "detail": { "threshold_percent": 100 },
                "timestamp": "1970-01-01T00:00:00.000Z",
            })
        );
    }

    #[test]
    fn names_and_categories_agree() {
        for category in Category::ALL {
            assert_eq!(Category::named(category.name()), Some(category));
            assert_eq!(serde_json::to_value(category).unwrap(), category.name());
        }
        let severity = Severity::High;
        assert_eq!(serde_json::to_value(severity).unwrap(), severity.name());
    }
}
