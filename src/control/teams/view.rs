//! A team as callers see it, and the orders and questions about teams.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::control::field;
use crate::domain::principal::RateLimits;
use crate::storage::rate_limits;
use crate::storage::teams::TeamRow;

/// People who share limits, a budget and the models they may use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Team {
    /// The id.
    pub id: Uuid,
    /// The name, which no other team has.
    pub name: String,
    /// How many users are in it.
    pub members: u64,
    /// The models it may use; null means all.
    pub models: Option<Vec<String>>,
    /// Limits over all its users and keys.
    pub limits: RateLimits,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

impl Team {
    pub(super) fn of((row, members): (TeamRow, i64)) -> Self {
        let columns = [row.requests_per_minute, row.tokens_per_minute, row.concurrent_streams];
        Self {
            id: row.id,
            name: row.name,
            members: u64::try_from(members).unwrap_or(0),
            models: row.models,
            limits: rate_limits(columns),
            created_at: row.created_at,
        }
    }
}

/// The order to make a team.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTeam {
    /// The name, which no other team has.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The models it may use; all where it is not given.
    #[schema(max_items = 100)]
    pub models: Option<Vec<String>>,
    /// Limits over all its users and keys.
    #[serde(default)]
    #[schema(required = false)]
    pub limits: RateLimits,
}

/// The order to change a team; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditTeam {
    /// The name, which no other team has.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The models it may use; null for all.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<Vec<String>>, max_items = 100)]
    pub models: Option<Option<Vec<String>>>,
    /// All limits of the team.
    pub limits: Option<RateLimits>,
}

/// Which teams a list has.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TeamFilter {
    /// Those whose name has this text in it.
    #[param(max_length = 200)]
    pub search: Option<String>,
}
