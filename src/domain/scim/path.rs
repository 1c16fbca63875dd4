//! Names of attributes as filters, changes and projections write them: an optional schema's URN, an
//! attribute, an optional sub-attribute (RFC 7644, section 3.10); and what they name in a schema.

use serde_json::{Map, Value};

use super::schema::{Attribute, ResourceType, Schema, find};
use super::schemas::COMMON;

/// A name as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    text: String,
}

/// What a name stands for in the resources of one type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The extension whose attribute it is; `None` means the resource itself.
    pub(super) extension: Option<&'static Schema>,
    /// The attribute; `None` means the whole extension.
    pub(super) attribute: Option<&'static Attribute>,
    /// The sub-attribute.
    pub(super) sub: Option<&'static Attribute>,
}

impl Name {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.to_owned() }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What it stands for in resources of this type; `None` where that is nothing.
    pub(super) fn place(&self, kind: &ResourceType) -> Option<Place> {
        let whole = |schema| Place { extension: Some(schema), attribute: None, sub: None };
        if let Some(schema) = kind.extension(&self.text) {
            return Some(whole(schema));
        }
        let (urn, rest) = match self.text.rsplit_once(':') {
            Some((urn, rest)) => (Some(urn), rest),
            None => (None, self.text.as_str()),
        };
        let extension = match urn {
            Some(urn) if urn.eq_ignore_ascii_case(kind.schema.id) => None,
            Some(urn) => Some(kind.extension(urn)?),
            None => None,
        };
        let (first, sub) = match rest.split_once('.') {
            Some((first, sub)) => (first, Some(sub)),
            None => (rest, None),
        };
        let attribute = match extension {
            Some(schema) => find(schema.attributes, first),
            None => find(kind.schema.attributes, first).or_else(|| find(&COMMON, first)),
        }?;
        let sub = match sub {
            Some(sub) => Some(attribute.sub(sub)?),
            None => None,
        };
        Some(Place { extension, attribute: Some(attribute), sub })
    }
}

impl Place {
    /// The object that the attribute is a member of.
    pub(super) fn container<'r>(
        &self,
        resource: &'r Map<String, Value>,
    ) -> Option<&'r Map<String, Value>> {
        match self.extension {
            Some(schema) => resource.get(schema.id)?.as_object(),
            None => Some(resource),
        }
    }

    /// The same, made where it is missing.
    pub(super) fn container_mut<'r>(
        &self,
        resource: &'r mut Map<String, Value>,
    ) -> Option<&'r mut Map<String, Value>> {
        match self.extension {
            Some(schema) => object(resource.entry(schema.id).or_insert(Value::Null)),
            None => Some(resource),
        }
    }
}

/// The object that a value is; what is none becomes an empty one.
pub(super) fn object(value: &mut Value) -> Option<&mut Map<String, Value>> {
    if !value.is_object() {
        *value = Value::Object(Map::new());
    }
    value.as_object_mut()
}
