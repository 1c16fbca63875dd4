//! Who a request belongs to, once its credential is known.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The owner of a credential, with the limits that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The API key.
    pub key_id: Uuid,
    /// The user that owns the key.
    pub user_id: Uuid,
    /// The key's team, else the user's.
    pub team_id: Option<Uuid>,
    /// The key's own limit of requests per minute.
    pub requests_per_minute: Option<u32>,
    /// When the key stops being valid.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Principal {
    /// False once the key has expired.
    #[must_use]
    pub fn valid_at(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}
