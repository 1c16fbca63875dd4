//! A budget as callers see it, and the orders and questions about budgets.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::control::field;
use crate::domain::budget::{self, Nanos, Period, Policy, Target};
use crate::storage::budgets::BudgetRow;

/// How much money may be spent in a period, and what happens on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Budget {
    /// The id.
    pub id: Uuid,
    /// What it is for.
    pub target: Target,
    /// The user, team or key; null for the default of all users.
    pub subject_id: Option<Uuid>,
    /// The name of that; `All users` for the default.
    pub subject_name: String,
    /// In what time it may be spent (UTC).
    pub period: Period,
    /// What may be spent; null means no limit, whatever the defaults say.
    pub amount_usd: Option<Nanos>,
    /// What happens on the way: a preset, or one to five rules.
    pub policy: Policy,
    /// When it was set.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Budget {
    pub(super) fn of(row: BudgetRow) -> Option<Self> {
        let budget = row.budget()?;
        Some(Self {
            id: budget.id,
            target: budget.target,
            subject_id: Some(budget.subject_id).filter(|id| !id.is_nil()),
            subject_name: row.subject_name,
            period: budget.period,
            amount_usd: budget.amount.map(Nanos),
            policy: budget.policy,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }

    /// The budget as it is reckoned with.
    pub(super) fn inner(&self) -> budget::Budget {
        budget::Budget {
            id: self.id,
            target: self.target,
            subject_id: self.subject_id.unwrap_or_default(),
            period: self.period,
            amount: self.amount_usd.map(|amount| amount.0),
            policy: self.policy.clone(),
        }
    }
}

/// The order to set a budget.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateBudget {
    /// What it is for.
    pub target: Target,
    /// The user, team or key; not given for the default of all users.
    pub subject_id: Option<Uuid>,
    /// In what time it may be spent.
    pub period: Period,
    /// What may be spent; null (for users and team defaults) means no limit, whatever the defaults say.
    pub amount_usd: Option<Nanos>,
    /// What happens on the way; `standard` where it is not given.
    pub policy: Option<Policy>,
}

/// The order to change a budget; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditBudget {
    /// What may be spent; null (for users and team defaults) means no limit.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<Nanos>)]
    pub amount_usd: Option<Option<Nanos>>,
    /// What happens on the way.
    pub policy: Option<Policy>,
}

/// Which budgets a list has.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct BudgetFilter {
    /// Those for this.
    #[param(inline)]
    pub target: Option<Target>,
    /// Those of this user, team or key.
    pub subject_id: Option<Uuid>,
    /// Those for whom this text is part of the name, in any case.
    #[param(max_length = 200)]
    pub search: Option<String>,
}
