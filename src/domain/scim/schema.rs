//! How a schema describes its attributes (RFC 7643, section 7), and how attributes are found.

use serde_json::{Value, json};

/// The type of an attribute's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    String,
    /// True or false.
    Boolean,
    /// A time (RFC 3339).
    DateTime,
    /// A URI.
    Reference,
    /// An object of sub-attributes.
    Complex,
}

/// One attribute.
#[derive(Debug)]
pub struct Attribute {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) is_many: bool,
    pub(super) is_required: bool,
    pub(super) is_case_exact: bool,
    pub(super) mutability: &'static str,
    pub(super) uniqueness: &'static str,
    pub(super) canonical: &'static [&'static str],
    pub(super) refers_to: &'static [&'static str],
    pub(super) sub: &'static [Attribute],
    description: &'static str,
}

impl Attribute {
    pub(super) const fn of(name: &'static str, kind: Kind, description: &'static str) -> Self {
        Self {
            name,
            kind,
            is_many: false,
            is_required: false,
            is_case_exact: false,
            mutability: "readWrite",
            uniqueness: "none",
            canonical: &[],
            refers_to: &[],
            sub: &[],
            description,
        }
    }

    pub(super) const fn text(name: &'static str, description: &'static str) -> Self {
        Self::of(name, Kind::String, description)
    }

    pub(super) const fn complex(
        name: &'static str,
        sub: &'static [Attribute],
        description: &'static str,
    ) -> Self {
        let mut attribute = Self::of(name, Kind::Complex, description);
        attribute.sub = sub;
        attribute
    }

    pub(super) const fn many(mut self) -> Self {
        self.is_many = true;
        self
    }

    pub(super) const fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    pub(super) const fn exact(mut self) -> Self {
        self.is_case_exact = true;
        self
    }

    pub(super) const fn mutability(mut self, mutability: &'static str) -> Self {
        self.mutability = mutability;
        self
    }

    pub(super) const fn unique(mut self) -> Self {
        self.uniqueness = "server";
        self
    }

    pub(super) const fn canonical(mut self, values: &'static [&'static str]) -> Self {
        self.canonical = values;
        self
    }

    pub(super) const fn refers_to(mut self, types: &'static [&'static str]) -> Self {
        self.refers_to = types;
        self.is_case_exact = true;
        self
    }

    pub(super) fn is_read_only(&self) -> bool {
        self.mutability == "readOnly"
    }

    pub(super) fn sub(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub, name)
    }

    fn describe(&self) -> Value {
        let described = json!({
            "name": self.name,
            "type": match self.kind {
                Kind::String => "string",
                Kind::Boolean => "boolean",
                Kind::DateTime => "dateTime",
                Kind::Reference => "reference",
                Kind::Complex => "complex",
            },
            "multiValued": self.is_many,
            "description": self.description,
            "required": self.is_required,
            "caseExact": self.is_case_exact,
            "mutability": self.mutability,
            "returned": "default",
            "uniqueness": self.uniqueness,
        });
        let canonical = (!self.canonical.is_empty()).then(|| self.canonical.into());
        let refers_to = (self.kind == Kind::Reference).then(|| self.refers_to.into());
        let sub = (!self.sub.is_empty()).then(|| self.sub.iter().map(Self::describe).collect());
        let further =
            [("canonicalValues", canonical), ("referenceTypes", refers_to), ("subAttributes", sub)];
        let further =
            further.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        let Value::Object(members) = described else { return described };
        Value::Object(members.into_iter().chain(further).collect())
    }
}

/// Finds an attribute by its name, in any case.
pub(super) fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// A schema.
#[derive(Debug)]
pub struct Schema {
    /// The URN.
    pub id: &'static str,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) attributes: &'static [Attribute],
}

impl Schema {
    /// As `/Schemas` shows it, where the routes begin at `base`.
    #[must_use]
    pub fn describe(&self, base: &str) -> Value {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": self.attributes.iter().map(Attribute::describe).collect::<Value>(),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.id) },
        })
    }
}

/// A kind of resource: its schema and the extensions of it.
#[derive(Debug)]
pub struct ResourceType {
    /// The name, which is its id too.
    pub name: &'static str,
    /// Where its resources are, below the base.
    pub endpoint: &'static str,
    pub(super) description: &'static str,
    pub(super) schema: &'static Schema,
    pub(super) extensions: &'static [&'static Schema],
}

impl ResourceType {
    /// As `/ResourceTypes` shows it, where the routes begin at `base`.
    #[must_use]
    pub fn describe(&self, base: &str) -> Value {
        let extension = |schema: &&Schema| json!({ "schema": schema.id, "required": false });
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": self.name,
            "name": self.name,
            "endpoint": self.endpoint,
            "description": self.description,
            "schema": self.schema.id,
            "schemaExtensions": self.extensions.iter().map(extension).collect::<Value>(),
            "meta": {
                "resourceType": "ResourceType",
                "location": format!("{base}/ResourceTypes/{}", self.name),
            },
        })
    }

    pub(super) fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extensions.iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(urn))
    }
}
