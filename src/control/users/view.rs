//! A user as callers see it, and the orders and questions about users.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::control::field;
use crate::domain::principal::{RateLimits, Role};
use crate::storage::rate_limits;
use crate::storage::users::Named;

/// Somebody who uses or governs the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// The id.
    pub id: Uuid,
    /// The name, which nobody else has.
    pub name: String,
    /// The e-mail address, where it is known.
    pub email: Option<String>,
    /// What the user may do.
    pub role: Role,
    /// The team.
    pub team_id: Option<Uuid>,
    /// The team's name.
    pub team_name: Option<String>,
    /// Whether keys and sessions of the user open the gateway.
    pub active: bool,
    /// Limits over all keys of the user.
    pub limits: RateLimits,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl User {
    pub(in crate::control) fn of((row, team_name): Named) -> Self {
        let columns = [row.requests_per_minute, row.tokens_per_minute, row.concurrent_streams];
        Self {
            id: row.id,
            name: row.name,
            email: row.email,
            role: Role::of(&row.role),
            team_id: row.team_id,
            team_name,
            active: row.active,
            limits: rate_limits(columns),
            created_at: row.created_at,
        }
    }
}

/// The order to make a user.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// The name, which nobody else has.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The e-mail address.
    #[schema(max_length = 254)]
    pub email: Option<String>,
    /// What the user may do; `member` where it is not given.
    pub role: Option<Role>,
    /// The team.
    pub team_id: Option<Uuid>,
    /// Limits over all keys of the user.
    #[serde(default)]
    #[schema(required = false)]
    pub limits: RateLimits,
}

/// The order to change a user; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditUser {
    /// The name, which nobody else has.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The e-mail address; null for none.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<String>, max_length = 254)]
    pub email: Option<Option<String>>,
    /// What the user may do.
    pub role: Option<Role>,
    /// The team; null for none.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<Uuid>)]
    pub team_id: Option<Option<Uuid>>,
    /// Whether keys and sessions of the user open the gateway.
    pub active: Option<bool>,
    /// All limits of the user.
    pub limits: Option<RateLimits>,
}

/// Which users a list has.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UserFilter {
    /// Those of this team.
    pub team_id: Option<Uuid>,
    /// Those with this role.
    pub role: Option<Role>,
    /// Those that are, or are not, active.
    pub active: Option<bool>,
    /// Those whose name or e-mail address has this text in it.
    #[param(max_length = 200)]
    pub search: Option<String>,
}
