//! Labels, and which values each may have: every set is closed, or bounded by what admins made.

use crate::domain::model;

/// A label of a metric.
#[derive(Debug, Clone, Copy)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// The values that it may have.
    pub values: Values,
}

/// The values that a label may have. None of them is anything that a client sends.
#[derive(Debug, Clone, Copy)]
pub enum Values {
    /// These.
    Of(&'static [&'static str]),
    /// Anthropic's ids of the built-in models, and `other`.
    Models,
    /// Names of endpoints, which admins give; after the first [`MAX_ENDPOINTS`] `other`.
    Endpoints,
    /// The actors of the supervision tree.
    Actors,
    /// The patterns of the routes, and `other`.
    Routes,
    /// Three-digit HTTP statuses.
    Statuses,
    /// This build's version.
    Version,
}

/// Endpoints that have a value of their own in the labels of this process.
pub const MAX_ENDPOINTS: usize = 64;
/// What stands for everything that has no value of its own.
pub const OTHER: &str = "other";

impl Values {
    /// Whether `value` is one of them, as far as it can be told without knowing the admins' names.
    #[must_use]
    pub fn take(self, value: &str) -> bool {
        match self {
            Self::Of(values) => values.contains(&value),
            Self::Models => value == OTHER || model::all().iter().any(|model| model.id == value),
            Self::Endpoints | Self::Version => !value.is_empty(),
            Self::Actors => {
                value.bytes().all(|b| b.is_ascii_lowercase() || b"-0123456789".contains(&b))
            }
            Self::Routes => value == OTHER || value.starts_with('/'),
            Self::Statuses => value.len() == 3 && value.parse::<u16>().is_ok(),
        }
    }

    /// The values, as the documentation tells them.
    #[must_use]
    pub fn told(self) -> String {
        match self {
            Self::Of(values) => {
                let values: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
                values.join(", ")
            }
            Self::Models => "the id of a built-in model, else `other`".to_owned(),
            Self::Endpoints => {
                format!("the name of an endpoint; after {MAX_ENDPOINTS} of them `other`")
            }
            Self::Actors => "the name of an actor".to_owned(),
            Self::Routes => "the pattern of a route, else `other`".to_owned(),
            Self::Statuses => "the HTTP status".to_owned(),
            Self::Version => "the version of this build".to_owned(),
        }
    }
}

impl Label {
    /// A label of these values.
    #[must_use]
    pub const fn of(name: &'static str, values: &'static [&'static str]) -> Self {
        Self { name, values: Values::Of(values) }
    }

    /// `model`
    pub const MODEL: Self = Self { name: "model", values: Values::Models };
    /// `endpoint`
    pub const ENDPOINT: Self = Self { name: "endpoint", values: Values::Endpoints };
    /// `actor`
    pub const ACTOR: Self = Self { name: "actor", values: Values::Actors };
}
