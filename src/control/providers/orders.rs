//! The orders about an identity provider.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::control::field;
use crate::domain::principal::Role;
use crate::domain::provider::GroupRules;

/// The order to make an identity provider.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateIdentityProvider {
    /// The name that people see; nothing else of the kind has it.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Whether people come in by it; true where it is not given.
    pub enabled: Option<bool>,
    /// How it signs people in; without it, it only provisions them.
    pub oidc: Option<OrderOidc>,
    /// What its groups make of people, where it only provisions them.
    pub provisioning: Option<GroupRules>,
}

/// The order to change an identity provider; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditIdentityProvider {
    /// The name that people see.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Whether people come in by it.
    pub enabled: Option<bool>,
    /// How it signs people in.
    pub oidc: Option<OrderOidc>,
    /// What its groups make of people, where it only provisions them; all of it.
    pub provisioning: Option<GroupRules>,
}

/// How an OpenID provider is to sign people in; a new one needs `issuer` and `client_id`, and what else is
/// not given stays, or has its default.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderOidc {
    /// The issuer identifier, exactly as its tokens have it. It never changes: identities belong to it.
    #[schema(max_length = 500)]
    pub issuer: Option<String>,
    /// What the provider calls this gateway.
    #[schema(max_length = 255)]
    pub client_id: Option<String>,
    /// The client's secret; null for none.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<String>, max_length = 1000)]
    pub client_secret: Option<Option<SecretString>>,
    /// Further audiences whose ID tokens the inference API takes.
    pub audiences: Option<Vec<String>>,
    /// What is asked for at a sign-in; `openid` always is.
    pub scopes: Option<Vec<String>>,
    /// Where the provider's keys are; null for where its own document says.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub jwks_url: Option<Option<String>>,
    /// The claim that says for good who somebody is.
    #[schema(max_length = 100)]
    pub user_claim: Option<String>,
    /// The claim with the names of somebody's groups.
    #[schema(max_length = 100)]
    pub groups_claim: Option<String>,
    /// Groups whose members are admins; empty where groups say nothing about roles.
    pub admin_groups: Option<Vec<String>>,
    /// The team of a group's members, by the group's name; empty where groups say nothing about teams.
    pub team_groups: Option<BTreeMap<String, Uuid>>,
    /// Domains of verified e-mail addresses that may sign in; empty for all.
    pub allowed_domains: Option<Vec<String>>,
    /// Whether a verified address of an allowed domain leads to the user who has it already.
    pub link_by_email: Option<bool>,
    /// Whether somebody who is not known yet becomes a user.
    pub auto_provision: Option<bool>,
    /// The role of new users.
    pub default_role: Option<Role>,
    /// The team of new users; null for none.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<Uuid>)]
    pub default_team_id: Option<Option<Uuid>>,
}
