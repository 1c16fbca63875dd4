//! Destinations as callers see them, and the orders about them.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::notification::{Category, Kind};
use crate::storage::notifications::destinations::DestinationRow;

/// What an admin can choose to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationCategory {
    /// Money that was spent.
    Budget,
    /// Requests that were held back.
    RateLimit,
    /// The gateway and its endpoints.
    Health,
}

impl NotificationCategory {
    /// The category of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match Category::named(name)? {
            Category::Budget => Some(Self::Budget),
            Category::RateLimit => Some(Self::RateLimit),
            Category::Health => Some(Self::Health),
        }
    }

    pub(super) fn category(self) -> Category {
        match self {
            Self::Budget => Category::Budget,
            Self::RateLimit => Category::RateLimit,
            Self::Health => Category::Health,
        }
    }
}

/// What kind of destination it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DestinationKind {
    /// A `POST`, signed as Standard Webhooks has it.
    Webhook,
    /// An SNS topic.
    Sns,
    /// An EventBridge bus.
    Eventbridge,
}

impl DestinationKind {
    /// The kind of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match Kind::named(name)? {
            Kind::Webhook => Some(Self::Webhook),
            Kind::Sns => Some(Self::Sns),
            Kind::Eventbridge => Some(Self::Eventbridge),
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Webhook => Kind::Webhook,
            Self::Sns => Kind::Sns,
            Self::Eventbridge => Kind::Eventbridge,
        }
    }
}

/// Where notifications go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Destination {
    /// The id.
    pub id: Uuid,
    /// The name, which no other destination has but a draft that replaces it.
    pub name: String,
    /// `webhook`, `sns` or `eventbridge`.
    pub kind: String,
    /// The ARN, or where a webhook leads; the whole address may be a secret and is not shown.
    pub target: String,
    /// What it is told of: `budget`, `rate_limit`, `health`.
    pub categories: Vec<String>,
    /// `draft`, or `active`: it is told.
    pub state: String,
    /// The destination whose place it takes once it is active.
    pub replaces: Option<Uuid>,
    /// When it was last tried since its target was changed.
    pub tested_at: Option<DateTime<Utc>>,
    /// Why that failed.
    pub test_error: Option<String>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Destination {
    pub(super) fn of(row: &DestinationRow) -> Self {
        let DestinationRow { id, replaces, tested_at, created_at, updated_at, .. } = *row;
        Self {
            id,
            name: row.name.clone(),
            kind: row.kind.clone(),
            target: row.target.clone(),
            categories: row.categories.clone(),
            state: row.state.clone(),
            replaces,
            tested_at,
            test_error: row.test_error.clone(),
            created_at,
            updated_at,
        }
    }
}

/// A destination with a secret that is seen only now.
#[derive(Debug, Serialize, ToSchema)]
pub struct DestinationWithSecret {
    /// The destination.
    #[serde(flatten)]
    pub destination: Destination,
    /// What a webhook's bodies are signed with (`whsec_…`); null for other kinds.
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = Option<String>)]
    pub secret: Option<SecretString>,
}

fn exposed<S: Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|secret| secret.expose_secret()).serialize(to)
}

/// The order to draft a destination.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftDestination {
    /// The name, which no other destination has.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What kind it is.
    pub kind: DestinationKind,
    /// An `https://` address, or the ARN of a topic or bus.
    #[schema(value_type = String, max_length = 2048)]
    pub target: SecretString,
    /// What it is told of.
    #[schema(min_items = 1)]
    pub categories: Vec<NotificationCategory>,
    /// The active destination whose place it takes once it is active itself.
    pub replaces: Option<Uuid>,
}

/// The order to change a destination; what is not given stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditDestination {
    /// The name.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Where a draft leads; it must be tried again then. An active one is replaced by a draft.
    #[schema(value_type = Option<String>, max_length = 2048)]
    pub target: Option<SecretString>,
    /// What it is told of.
    #[schema(min_items = 1)]
    pub categories: Option<Vec<NotificationCategory>>,
}

/// How trying a destination went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DestinationTest {
    /// Whether the destination has the test notification.
    pub delivered: bool,
    /// What it said: a status, or the id that AWS gave.
    pub receipt: Option<String>,
    /// Why it does not have it.
    pub error: Option<String>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
}
