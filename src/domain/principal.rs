//! Who a request belongs to, once its credential is known, and what goes with that.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::model::Model;

/// What a user may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Admin,
    /// Use the gateway, and manage what is their own.
    #[default]
    Member,
}

impl Role {
    /// The word that rows and JSON have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }

    /// The role of that name; anything but `admin` is a member.
    #[must_use]
    pub fn of(name: &str) -> Self {
        if name == "admin" { Self::Admin } else { Self::Member }
    }
}

/// By what kind of credential somebody has shown who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// An API key, `sk-ccag-…`: for inference.
    ApiKey,
    /// The deployment's admin key.
    AdminKey,
    /// A browser's portal session.
    Session,
    /// An access token of the gateway's own device sign-in.
    AccessToken,
    /// An access token of the command line, which may manage what its user may.
    CliToken,
    /// An ID token of an identity provider.
    IdToken,
    /// A SCIM token of an identity provider.
    ScimToken,
}

impl CredentialKind {
    /// The word that rows, JSON and logs have.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::AdminKey => "admin_key",
            Self::Session => "session",
            Self::AccessToken => "access_token",
            Self::CliToken => "cli_token",
            Self::IdToken => "id_token",
            Self::ScimToken => "scim_token",
        }
    }
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much of the gateway a key, a user or a team may use; `None` means no limit of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimits {
    /// Requests per minute.
    #[schema(minimum = 1, maximum = 2147483647)]
    pub requests_per_minute: Option<u32>,
    /// Tokens per minute.
    #[schema(minimum = 1, maximum = 2147483647)]
    pub tokens_per_minute: Option<u32>,
    /// Requests that are served at the same time.
    #[schema(minimum = 1, maximum = 2147483647)]
    pub concurrent_streams: Option<u32>,
}

/// The owner of a credential, with what it may use and the limits that go with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// What was shown.
    pub credential: CredentialKind,
    /// The API key, where it was one.
    pub key_id: Option<Uuid>,
    /// The session of a signed-in client, where it was one's token.
    pub client_session_id: Option<Uuid>,
    /// The user that owns the credential.
    pub user_id: Uuid,
    /// The user's name.
    pub user_name: String,
    /// The user's role.
    pub role: Role,
    /// The key's team, else the user's.
    pub team_id: Option<Uuid>,
    /// That team's name.
    pub team_name: Option<String>,
    /// Ids of the models that may be used: what both key and team allow; `None` means all.
    pub models: Option<Vec<String>>,
    /// The key's own limits.
    pub key_limits: RateLimits,
    /// The user's limits, over all keys of the user.
    pub user_limits: RateLimits,
    /// The team's limits, over all its keys and users.
    pub team_limits: RateLimits,
    /// When the credential stops being valid.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Principal {
    /// False once the credential has expired.
    #[must_use]
    pub fn valid_at(&self, now: DateTime<Utc>) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether the caller came through Claude Code's own `/login`, whose sessions show what is spent in
    /// a form of their own.
    #[must_use]
    pub fn came_by_login(&self) -> bool {
        self.credential == CredentialKind::AccessToken
    }

    /// Whether a model may be used, by the profile that a request resolves to and the model behind
    /// it, where that is known.
    #[must_use]
    pub fn may_use(&self, profile: &str, model: Option<&Model>) -> bool {
        let Some(allowed) = &self.models else { return true };
        let id = model.map(|model| model.id);
        allowed.iter().any(|allowed| allowed == profile || Some(allowed.as_str()) == id)
    }
}

/// The models that two allow-lists have in common; `None` allows all.
#[must_use]
pub fn in_both(one: Option<Vec<String>>, other: Option<Vec<String>>) -> Option<Vec<String>> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(one.into_iter().filter(|model| other.contains(model)).collect())
        }
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::model;

    fn allowing(models: Option<&[&str]>) -> Principal {
        Principal {
            credential: CredentialKind::ApiKey,
            key_id: None,
            client_session_id: None,
            user_id: Uuid::nil(),
            user_name: String::new(),
            role: Role::Member,
            team_id: None,
            team_name: None,
            models: models.map(|models| models.iter().map(ToString::to_string).collect()),
            key_limits: RateLimits::default(),
            user_limits: RateLimits::default(),
            team_limits: RateLimits::default(),
            expires_at: None,
        }
    }

    #[test]
    fn an_allow_list_is_exact_and_an_empty_one_allows_nothing() {
        let (one, other) = (&model::all()[0], &model::all()[1]);
        assert!(allowing(None).may_use("us.anything", None));
        assert!(allowing(Some(&[one.id])).may_use("us.x", Some(one)));
        assert!(!allowing(Some(&[one.id])).may_use("us.x", Some(other)));
        assert!(!allowing(Some(&[one.id])).may_use("arn:x", None));
        assert!(allowing(Some(&["arn:x"])).may_use("arn:x", None));
        assert!(!allowing(Some(&[])).may_use("us.x", Some(one)));
    }

    #[test]
    fn key_and_team_must_both_allow_a_model() {
        let list = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect());
        assert_eq!(in_both(list(&["a", "b"]), list(&["b", "c"])), list(&["b"]));
        assert_eq!(in_both(list(&["a"]), list(&["c"])), list(&[]));
        assert_eq!(in_both(None, list(&["c"])), list(&["c"]));
        assert_eq!(in_both(None, None), None);
    }
}
