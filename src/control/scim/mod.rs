//! Provisioning by SCIM: what an identity provider may see and change is its own, and nothing else.

mod groups;
mod list;
mod noun;
pub(super) mod standing;
pub mod tokens;
mod users;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use list::{Listed, Query};
pub use noun::Noun;
pub use users::Edit;

use super::error::ControlError;
use crate::domain::hex;
use crate::domain::scim::{Attributes, ResourceType, assemble};

/// A resource with its ETag.
#[derive(Debug, Clone)]
pub struct Resource {
    /// The id.
    pub id: Uuid,
    /// The resource, whole.
    pub members: Map<String, Value>,
    /// The ETag: changes with anything that is shown.
    pub version: String,
}

impl Resource {
    fn of(
        kind: &ResourceType,
        id: Uuid,
        attributes: Attributes,
        times: (DateTime<Utc>, DateTime<Utc>),
        base: &str,
    ) -> Self {
        let mut members = assemble(kind, &id.to_string(), attributes, times, base);
        let hash = Sha256::digest(Value::Object(members.clone()).to_string());
        let short = hash.get(..8).map(hex::encode).unwrap_or_default();
        let version = format!("W/\"{short}\"");
        if let Some(Value::Object(meta)) = members.get_mut("meta") {
            meta.insert("version".to_owned(), version.clone().into());
        }
        Self { id, members, version }
    }

    /// Refuses a change to a resource that is no longer as the caller knows it.
    fn is_current(&self, if_match: Option<&str>) -> Result<(), ControlError> {
        let fits = if_match.is_none_or(|wanted| wanted.trim() == "*" || self.is_in(wanted));
        if fits { Ok(()) } else { Err(ControlError::Stale) }
    }

    /// Whether its ETag is in a list of such.
    #[must_use]
    pub fn is_in(&self, etags: &str) -> bool {
        let opaque = |etag: &str| etag.trim().trim_start_matches("W/").to_owned();
        etags.split(',').any(|etag| opaque(etag) == opaque(&self.version))
    }
}

/// An attribute that is text.
fn text(attributes: &mut Attributes, name: &str) -> Option<String> {
    match attributes.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}

/// The refusal of a name or id that the provider has given to another resource.
fn taken(error: crate::storage::StorageError) -> ControlError {
    match error {
        crate::storage::StorageError::Duplicate(_) => {
            let message = "The provider has another resource of this name or externalId.";
            ControlError::conflict("uniqueness", message)
        }
        error => error.into(),
    }
}
