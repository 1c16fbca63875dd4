//! What was told: the notifications themselves.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::view::NotificationCategory;
use crate::control::Control;
use crate::control::caller::Caller;
use crate::control::error::ControlError;
use crate::control::page::{Page, Paging};
use crate::storage::Connection;
use crate::storage::notifications::{self, NotificationRow};

/// A notification.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Notification {
    /// The id: `webhook-id` of its deliveries.
    pub id: Uuid,
    /// Names the fact; no other notification has it.
    pub key: String,
    /// `budget`, `rate_limit` or `health`.
    pub category: String,
    /// What happened.
    pub r#type: String,
    /// `info`, `warning`, `high` or `critical`.
    pub severity: String,
    /// What destinations get.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// `pending`, `queued` for its destinations, or `skipped` because none wanted it.
    pub state: String,
    /// When it happened.
    pub created_at: DateTime<Utc>,
}

impl Notification {
    fn of(row: NotificationRow) -> Self {
        let NotificationRow { id, key, category, event_type, severity, payload, state, created_at } =
            row;
        Self { id, key, category, r#type: event_type, severity, payload, state, created_at }
    }
}

/// Which notifications a list has.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct NotificationFilter {
    /// Those of this category.
    #[param(inline)]
    pub category: Option<NotificationCategory>,
}

/// A page of the notifications, latest first; for admins.
///
/// # Errors
/// [`ControlError`]
pub async fn told(
    control: &Control,
    caller: &Caller,
    asked: NotificationFilter,
    paging: Paging,
) -> Result<Page<Notification>, ControlError> {
    caller.admin()?;
    let category = asked.category.map(|category| category.category().name());
    let (before, size, rows) = (paging.before()?, paging.size()?, paging.rows()?);
    let found = control
        .read(async move |c: &mut Connection| notifications::list(c, category, before, rows).await);
    let found = found.await?.into_iter().map(Notification::of).collect();
    Ok(Page::of(found, size, |told| told.id.to_string()))
}
