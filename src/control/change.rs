//! What a command has changed, as its audit row tells it.

use serde::Serialize;
use serde_json::Value;

use super::caller::{Caller, Who};
use crate::storage::audit::Entry;

/// What a command has changed. Its views go into the audit log as they are, so they hold no secret.
#[derive(Debug, Clone)]
pub struct Change {
    pub(super) action: &'static str,
    pub(super) tables: &'static [&'static str],
    subject_id: Option<String>,
    subject_name: String,
    before: Option<Value>,
    after: Option<Value>,
    followed: Vec<Change>,
}

impl Change {
    /// A change by `action` (`noun.verb`) to rows of `tables`, which are announced.
    #[must_use]
    pub fn new(action: &'static str, tables: &'static [&'static str]) -> Self {
        Self {
            action,
            tables,
            subject_id: None,
            subject_name: String::new(),
            before: None,
            after: None,
            followed: Vec::new(),
        }
    }

    /// What was changed.
    #[must_use]
    pub fn of(mut self, id: impl ToString, name: &str) -> Self {
        self.subject_id = Some(id.to_string());
        name.clone_into(&mut self.subject_name);
        self
    }

    /// How it was.
    #[must_use]
    pub fn before(mut self, view: &impl Serialize) -> Self {
        self.before = serde_json::to_value(view).ok();
        self
    }

    /// How it is now.
    #[must_use]
    pub fn after(mut self, view: &impl Serialize) -> Self {
        self.after = serde_json::to_value(view).ok();
        self
    }

    /// With what followed from it, each of which has an audit row of its own.
    #[must_use]
    pub fn and(mut self, followed: Vec<Self>) -> Self {
        self.followed = followed;
        self
    }

    /// It and all that followed from it.
    pub(super) fn all(mut self) -> impl Iterator<Item = Self> {
        let followed = std::mem::take(&mut self.followed);
        std::iter::once(self).chain(followed)
    }

    pub(super) fn entry(self, caller: &Caller) -> Entry {
        let (actor_kind, actor_id, actor_name, credential) = match &caller.who {
            Who::System => ("system", None, "system".to_owned(), None),
            Who::AdminKey => ("admin_key", None, "admin key".to_owned(), Some("admin_key")),
            Who::User { id, name, credential, .. } => {
                ("user", Some(*id), name.clone(), Some(credential.name()))
            }
            Who::Scim { provider_id, provider } => {
                ("scim", Some(*provider_id), provider.clone(), Some("scim_token"))
            }
        };
        Entry {
            actor_kind,
            actor_id,
            actor_name,
            credential,
            address: caller.address.map(|address| address.to_string()),
            action: self.action,
            subject_id: self.subject_id,
            subject_name: self.subject_name,
            before: self.before,
            after: self.after,
        }
    }
}
