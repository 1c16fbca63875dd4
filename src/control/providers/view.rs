//! An identity provider as callers see it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::principal::Role;
use crate::domain::provider::GroupRules;
use crate::storage::oidc::{OidcRow, Whole};

/// Where people come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IdentityProvider {
    /// The id.
    pub id: Uuid,
    /// The name that people see.
    pub name: String,
    /// `oidc` where it signs people in, `scim` where it only provisions them.
    pub kind: String,
    /// Whether people come in by it, and whether sessions that began with it go on.
    pub enabled: bool,
    /// How it signs people in.
    pub oidc: Option<Oidc>,
    /// What its groups make of people, where it only provisions them; null where nothing does, and where
    /// `oidc` says it.
    pub provisioning: Option<GroupRules>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

/// How an OpenID provider signs people in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Oidc {
    /// The issuer identifier.
    pub issuer: String,
    /// What the provider calls this gateway.
    pub client_id: String,
    /// Whether there is a client secret; it is never shown.
    pub has_client_secret: bool,
    /// Further audiences whose ID tokens the inference API takes.
    pub audiences: Vec<String>,
    /// What is asked for at a sign-in.
    pub scopes: Vec<String>,
    /// Where the provider's keys are, where its own document is not to be believed.
    pub jwks_url: Option<String>,
    /// The claim that says for good who somebody is.
    pub user_claim: String,
    /// The claim with the names of somebody's groups.
    pub groups_claim: String,
    /// Groups whose members are admins.
    pub admin_groups: Vec<String>,
    /// The team of a group's members, by the group's name.
    pub team_groups: BTreeMap<String, Uuid>,
    /// Domains of verified e-mail addresses that may sign in; empty for all.
    pub allowed_domains: Vec<String>,
    /// Whether a verified address leads to the user who has it already.
    pub link_by_email: bool,
    /// Whether somebody who is not known yet becomes a user.
    pub auto_provision: bool,
    /// The role of new users.
    pub default_role: Role,
    /// The team of new users.
    pub default_team_id: Option<Uuid>,
    /// `environment` where the connection comes from `OIDC_ISSUER`, else `admin`.
    pub configured_by: String,
}

impl IdentityProvider {
    pub(super) fn of((row, oidc): Whole) -> Self {
        Self {
            id: row.id,
            name: row.name,
            kind: row.kind,
            enabled: row.enabled,
            oidc: oidc.map(Oidc::of),
            provisioning: row.provisioning.and_then(|rules| serde_json::from_value(rules).ok()),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl Oidc {
    fn of(row: OidcRow) -> Self {
        Self {
            issuer: row.issuer,
            client_id: row.client_id,
            has_client_secret: row.client_secret.is_some(),
            audiences: row.audiences,
            scopes: row.scopes,
            jwks_url: row.jwks_url,
            user_claim: row.user_claim,
            groups_claim: row.groups_claim,
            admin_groups: row.admin_groups,
            team_groups: serde_json::from_value(row.team_groups).unwrap_or_default(),
            allowed_domains: row.allowed_domains,
            link_by_email: row.link_by_email,
            auto_provision: row.auto_provision,
            default_role: Role::of(&row.default_role),
            default_team_id: row.default_team_id,
            configured_by: row.configured_by,
        }
    }
}
