//! A key as callers see it, and the orders and questions about keys.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::control::field;
use crate::domain::principal::RateLimits;
use crate::storage::keys::{KeyRow, Named};
use crate::storage::rate_limits;

/// An API key; the key itself is stored only as a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Key {
    /// The id.
    pub id: Uuid,
    /// What people call it.
    pub name: String,
    /// The first characters of the key, where they are known.
    pub prefix: Option<String>,
    /// The owner.
    pub user_id: Uuid,
    /// The owner's name.
    pub user_name: String,
    /// The team it counts for, where that is not the owner's.
    pub team_id: Option<Uuid>,
    /// That team's name.
    pub team_name: Option<String>,
    /// The models it may use; null means all that its team may.
    pub models: Option<Vec<String>>,
    /// Its own limits.
    pub limits: RateLimits,
    /// Whether it opens the gateway.
    pub state: KeyState,
    /// When it stops being valid by itself.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The key whose place it took in a rotation.
    pub replaces: Option<Uuid>,
}

/// Whether a key opens the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It does.
    Live,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
}

impl Key {
    pub(super) fn of((row, user_name, team_name): Named, now: DateTime<Utc>) -> Self {
        let KeyRow { expires_at, revoked_at, .. } = row;
        let state = match () {
            () if revoked_at.is_some() => KeyState::Revoked,
            () if expires_at.is_some_and(|end| end <= now) => KeyState::Expired,
            () => KeyState::Live,
        };
        let columns = [row.requests_per_minute, row.tokens_per_minute, row.concurrent_streams];
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            user_id: row.user_id,
            user_name,
            team_id: row.team_id,
            team_name,
            models: row.models,
            limits: rate_limits(columns),
            state,
            expires_at,
            revoked_at,
            created_at: row.created_at,
            replaces: row.replaces,
        }
    }
}

/// A key that was just made, with the key itself: it is not shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewKey {
    /// What is stored of it.
    #[serde(flatten)]
    pub key: Key,
    /// The key.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String, pattern = "^sk-ccag-[0-9a-f]{64}$")]
    pub secret: SecretString,
}

fn shown<S: Serializer>(secret: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose_secret())
}

/// The order to make a key. A member makes keys for themselves, without team or limits.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The owner; the caller where it is not given.
    pub user_id: Option<Uuid>,
    /// The team it counts for, where that is not the owner's.
    pub team_id: Option<Uuid>,
    /// The models it may use; all that its team may where it is not given.
    #[schema(max_items = 100)]
    pub models: Option<Vec<String>>,
    /// Its own limits.
    #[serde(default)]
    #[schema(required = false)]
    pub limits: RateLimits,
    /// When it stops being valid by itself.
    pub expires_at: Option<DateTime<Utc>>,
}

/// The order to change a key; what is not given stays. A member may give a new name and an
/// earlier end.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditKey {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The team it counts for; null for the owner's.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<Uuid>)]
    pub team_id: Option<Option<Uuid>>,
    /// The models it may use; null for all that its team may.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub models: Option<Option<Vec<String>>>,
    /// All its limits.
    pub limits: Option<RateLimits>,
    /// When it stops being valid by itself; null for never.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    pub expires_at: Option<Option<DateTime<Utc>>>,
}

/// The order to put a new key in the place of an old one.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotateKey {
    /// How long the old key stays valid, in seconds; 86400 where it is not given, 0 revokes it at
    /// once.
    #[schema(minimum = 0, maximum = 2592000)]
    pub overlap_seconds: Option<u32>,
}

/// Which keys a list has. A member sees their own.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KeyFilter {
    /// Those of this user.
    pub user_id: Option<Uuid>,
    /// Those with this team of their own.
    pub team_id: Option<Uuid>,
    /// Those that open the gateway, or those that do not.
    pub live: Option<bool>,
    /// Those whose name has this text in it.
    #[param(max_length = 200)]
    pub search: Option<String>,
}
