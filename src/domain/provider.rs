//! Identity providers: what is configured of one, what it says of a person, and what follows from that.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

use super::principal::Role;

/// Longest name that is made of what a provider says, in characters.
const MAX_NAME: usize = 80;
/// Issuers with which anybody may have an account.
const PUBLIC: [&str; 3] = [
    "https://accounts.google.com",
    "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
    "https://appleid.apple.com",
];

/// An OpenID provider as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The id.
    pub id: Uuid,
    /// The name that people see.
    pub name: String,
    /// Its issuer identifier, exactly as its tokens have it.
    pub issuer: String,
    /// What it calls this gateway.
    pub client_id: String,
    /// Further audiences whose ID tokens the inference API takes.
    pub audiences: Vec<String>,
    /// What is asked for at a sign-in.
    pub scopes: Vec<String>,
    /// Where its keys are, where its own document is not to be believed.
    pub jwks_url: Option<String>,
    /// The claim that says for good who somebody is.
    pub user_claim: String,
    /// The claim with the names of somebody's groups.
    pub groups_claim: String,
    /// What its groups make of people.
    pub groups: GroupRules,
    /// Domains of verified e-mail addresses that may sign in; empty for all.
    pub allowed_domains: Vec<String>,
    /// Whether a verified address leads to the user who has it already.
    pub link_by_email: bool,
    /// Whether somebody who is not known yet becomes a user.
    pub auto_provision: bool,
    /// Subjects and verified addresses of people who are admins, by `ADMIN_USERS`.
    pub admin_users: Vec<String>,
}

/// What the groups of a provider make of the people in them, and what people are without any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRules {
    /// Groups whose members are admins; empty where groups say nothing about roles.
    #[serde(default)]
    pub admin_groups: Vec<String>,
    /// The team of a group's members; empty where groups say nothing about teams.
    #[serde(default)]
    pub team_groups: BTreeMap<String, Uuid>,
    /// The role of new users.
    #[serde(default)]
    pub default_role: Role,
    /// The team of new users.
    #[serde(default)]
    pub default_team_id: Option<Uuid>,
}

impl GroupRules {
    /// Whether groups decide anything.
    #[must_use]
    pub fn decide(&self) -> bool {
        !self.admin_groups.is_empty() || !self.team_groups.is_empty()
    }

    /// What groups of these names decide.
    #[must_use]
    pub fn mapping(&self, groups: &[String]) -> Mapping {
        let is_admin = self.admin_groups.iter().any(|group| groups.contains(group));
        let by_group = if is_admin { Role::Admin } else { self.default_role };
        let team = self.team_groups.iter().find(|(group, _)| groups.contains(group));
        let team_id = team.map(|(_, team)| *team).or(self.default_team_id);
        Mapping {
            role: (!self.admin_groups.is_empty()).then_some(by_group),
            team_id: (!self.team_groups.is_empty()).then_some(team_id),
        }
    }
}

/// What a provider has proven of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who it is, for good.
    pub subject: String,
    /// The e-mail address, only where the provider says that it is verified.
    pub email: Option<String>,
    /// What the person is called; worth nothing for deciding anything.
    pub name: Option<String>,
    /// The names of the groups.
    pub groups: Vec<String>,
    /// When what proves it expires.
    pub expires_at: DateTime<Utc>,
}

/// What somebody's groups decide; `None` where they decide nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The role.
    pub role: Option<Role>,
    /// The team; `Some(None)` for none.
    pub team_id: Option<Option<Uuid>>,
}

/// Why somebody whom the provider knows does not come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAdmitted {
    /// The provider does not vouch for an address.
    #[error(
        "This provider admits people by the domain of a verified e-mail address, and has verified none of yours."
    )]
    NoVerifiedEmail,
    /// The address is of another domain.
    #[error("People with an e-mail address of this domain are not admitted.")]
    Domain,
    /// Nobody has made a user of this person.
    #[error("You are not a user of this gateway yet: ask an admin to add you.")]
    Unknown,
    /// The user is not active.
    #[error("Your access to this gateway has been withdrawn.")]
    Inactive,
}

impl Provider {
    /// Whether somebody may come in at all.
    ///
    /// # Errors
    /// Why not.
    pub fn admits(&self, claims: &Claims) -> Result<(), NotAdmitted> {
        if self.allowed_domains.is_empty() {
            return Ok(());
        }
        let email = claims.email.as_deref().ok_or(NotAdmitted::NoVerifiedEmail)?;
        let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
        let is_allowed = |allowed: &String| allowed.eq_ignore_ascii_case(domain);
        if self.allowed_domains.iter().any(is_allowed) { Ok(()) } else { Err(NotAdmitted::Domain) }
    }

    /// Whether somebody who is not known yet becomes a user: never just anybody with an account at a
    /// provider that the whole world has accounts with.
    #[must_use]
    pub fn provisions(&self, claims: &Claims) -> bool {
        let is_open = self.allowed_domains.is_empty() && PUBLIC.contains(&self.issuer.as_str());
        self.is_admin_user(claims) || (self.auto_provision && !is_open)
    }

    /// Whether an address of a user who is there already stands for them: only where the provider is
    /// trusted for the domain.
    #[must_use]
    pub fn links(&self) -> bool {
        self.link_by_email && !self.allowed_domains.is_empty()
    }

    /// Whether `ADMIN_USERS` names this person.
    #[must_use]
    pub fn is_admin_user(&self, claims: &Claims) -> bool {
        let email = claims.email.as_deref();
        self.admin_users.iter().any(|named| {
            *named == claims.subject || email.is_some_and(|email| email.eq_ignore_ascii_case(named))
        })
    }
}

impl Claims {
    /// A name for a new user: the address, else what the person is called, else the subject.
    #[must_use]
    pub fn user_name(&self) -> String {
        let named = self.email.as_ref().or(self.name.as_ref()).unwrap_or(&self.subject);
        let shown = |c: &char| {
            !c.is_control()
                && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        let cut: String = named.chars().filter(shown).take(MAX_NAME).collect();
        let cut = cut.trim();
        if cut.is_empty() { "somebody".to_owned() } else { cut.to_owned() }
    }
}

#[cfg(test)]
#[path = "provider/tests.rs"]
mod tests;
