//! Which Claude a client means, and the Bedrock profile that serves it.
//!
//! Names match exactly: a guess by prefix would send a new model's name to an old model.

use thiserror::Error;

use super::capability::Capability;
use super::error::{ApiError, ErrorKind};
pub use super::geography::Geography;
pub use catalog::{Catalog, Mappings};
pub use listed::ListedProfile;
pub use offer::{Cursor, Offer, Page, UnknownCursor};

mod catalog;
mod listed;
mod offer;
mod table;
#[cfg(test)]
mod tests;

/// A model that Bedrock serves.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// Anthropic's id.
    pub id: &'static str,
    /// Name for people.
    pub display_name: &'static str,
    /// Other first-party names of it.
    pub aliases: &'static [&'static str],
    /// Bedrock's id of the foundation model.
    pub base: &'static str,
    /// Geographies that have an inference profile for it.
    pub geographies: &'static [Geography],
    /// What its requests may hold, and its limits.
    pub capability: &'static Capability,
}

impl Model {
    /// The id of the profile in `geography`, or in the next wider one that has one.
    #[must_use]
    pub fn profile(&self, geography: Geography) -> Option<String> {
        let found = geography.wider().iter().find(|wider| self.geographies.contains(wider))?;
        Some(format!("{found}.{}", self.base))
    }

    fn is(&self, name: &str) -> bool {
        self.id == name || self.base == name || self.aliases.contains(&name)
    }
}

/// What a requested model name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Profile id or ARN: the model segment of the URL, not yet percent-encoded.
    pub profile: String,
    /// The model behind it; `None` for ARNs that do not tell.
    pub model: Option<&'static Model>,
    /// Whether the name asked for the long context by the suffix `[1m]`.
    pub long_context: bool,
}

/// A name that stands for no model here; a `not_found_error`.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum UnknownModel {
    /// Nobody knows the name.
    #[error(
        "model: {0} is not a model of this gateway; use an id such as claude-sonnet-5-5, a Bedrock inference profile id or its ARN"
    )]
    Name(String),
    /// The model exists, but not where it was asked for.
    #[error(
        "model: {requested} has no inference profile in geography {geography}; Bedrock has {available}"
    )]
    Geography {
        /// The name asked for.
        requested: String,
        /// Where it was looked for.
        geography: Geography,
        /// The profile ids that exist.
        available: String,
    },
}

impl From<UnknownModel> for ApiError {
    fn from(unknown: UnknownModel) -> Self {
        Self::new(ErrorKind::NotFound, unknown.to_string())
    }
}

/// All models, newest first.
#[must_use]
pub fn all() -> &'static [Model] {
    table::MODELS
}

/// Finds what `requested` stands for; names without a geography get a profile of `geography`.
///
/// # Errors
/// [`UnknownModel`] where the name is unknown, or the geography has no profile for it.
pub fn resolve(requested: &str, geography: Geography) -> Result<Resolved, UnknownModel> {
    let name = strip_ignoring_case(requested, "[1m]");
    let long_context = name.is_some();
    let name = name.unwrap_or(requested);
    if let Some((_, resource)) = bedrock_arn(name) {
        let model = by_profile(resource);
        return Ok(Resolved { profile: name.to_owned(), model, long_context });
    }
    if let Some(model) = by_profile(name).filter(|model| model.base != name) {
        return Ok(Resolved { profile: name.to_owned(), model: Some(model), long_context });
    }
    let model = find(name).ok_or_else(|| UnknownModel::Name(shown(requested)))?;
    let profile = model.profile(geography).ok_or_else(|| UnknownModel::Geography {
        requested: shown(requested),
        geography,
        available: profiles(model),
    })?;
    Ok(Resolved { profile, model: Some(model), long_context })
}

/// The model of an Anthropic id, alias or Bedrock base id.
#[must_use]
pub fn find(name: &str) -> Option<&'static Model> {
    all().iter().find(|model| model.is(name))
}

/// The model of a base id with or without a geography before it.
fn by_profile(id: &str) -> Option<&'static Model> {
    let base = Geography::split(id).map_or(id, |(_, base)| base);
    all().iter().find(|model| model.base == base)
}

/// Splits the ARN of a Bedrock model or profile into what leads to the resource, and the resource.
fn bedrock_arn(name: &str) -> Option<(&str, &str)> {
    let mut parts = name.splitn(6, ':');
    let known = parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some("bedrock");
    let (kind, resource) = parts.nth(2).filter(|_| known)?.split_once('/')?;
    (!resource.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic()))
        .then_some((kind, resource))
}

fn strip_ignoring_case<'n>(name: &'n str, suffix: &str) -> Option<&'n str> {
    let (rest, end) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
    end.eq_ignore_ascii_case(suffix).then_some(rest)
}

fn profiles(model: &Model) -> String {
    let ids: Vec<String> =
        model.geographies.iter().map(|geography| format!("{geography}.{}", model.base)).collect();
    ids.join(", ")
}

/// A name as an error shows it: bounded.
fn shown(name: &str) -> String {
    name.chars().take(200).collect()
}
