//! An endpoint as callers see it, and the orders about endpoints.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::credential::{CredentialOrder, CredentialView};
use crate::control::field;
use crate::storage::endpoints::{EndpointRow, ProfileRow};

/// An AWS account and region as reached with one credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Endpoint {
    /// The id.
    pub id: Uuid,
    /// The name, which no other endpoint has; in usage, metrics and verdicts.
    pub name: String,
    /// The AWS region.
    pub region: String,
    /// The geography whose profiles are used; null for the region's own.
    pub geography: Option<String>,
    /// What its requests are authorised with.
    pub credential: CredentialView,
    /// The base URL of `bedrock-runtime`; null for AWS's own.
    pub runtime_url: Option<String>,
    /// The base URL of `bedrock`, the control plane; null for AWS's own.
    pub control_url: Option<String>,
    /// The lowest is preferred.
    pub priority: i32,
    /// Whether it takes requests.
    pub enabled: bool,
    /// Whether it serves those who have no endpoints of their own.
    #[serde(rename = "default")]
    pub is_default: bool,
    /// Application inference profiles that stand in for models here.
    pub profiles: Vec<ModelProfile>,
    /// The guardrail that every conversation here is held against.
    pub guardrail: Option<EndpointGuardrail>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
}

/// An application inference profile, for cost tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelProfile {
    /// The model it stands in for.
    #[schema(min_length = 1, max_length = 2048)]
    pub model: String,
    /// Its ARN.
    #[schema(min_length = 1, max_length = 2048)]
    pub profile: String,
}

/// A guardrail of Bedrock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointGuardrail {
    /// Its id or ARN.
    #[schema(min_length = 1, max_length = 2048)]
    pub id: String,
    /// The number of its version, or `DRAFT`.
    #[schema(min_length = 1, max_length = 8)]
    pub version: String,
}

impl Endpoint {
    pub(super) fn of(row: EndpointRow, profiles: &[ProfileRow]) -> Self {
        let own = profiles.iter().filter(|profile| profile.endpoint_id == row.id);
        let own = own.map(|profile| ModelProfile {
            model: profile.model.clone(),
            profile: profile.profile.clone(),
        });
        Self {
            profiles: own.collect(),
            credential: CredentialView::of(&row),
            id: row.id,
            name: row.name,
            region: row.region,
            geography: row.geography,
            runtime_url: row.runtime_url,
            control_url: row.control_url,
            priority: row.priority,
            enabled: row.enabled,
            is_default: row.is_default,
            guardrail: row
                .guardrail_id
                .zip(row.guardrail_version)
                .map(|(id, version)| EndpointGuardrail { id, version }),
            created_at: row.created_at,
        }
    }
}

/// The order to make an endpoint.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateEndpoint {
    /// The name, which no other endpoint has.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// The AWS region, such as `us-east-1`.
    #[schema(min_length = 4, max_length = 32)]
    pub region: String,
    /// The geography whose profiles are used: `us`, `eu`, `apac`, `au`, `jp`, `us-gov` or `global`; the
    /// region's own where it is not given.
    pub geography: Option<String>,
    /// What its requests are authorised with; the gateway's own credentials where it is not given.
    #[serde(default)]
    #[schema(required = false)]
    pub credential: CredentialOrder,
    /// Another base URL of `bedrock-runtime`, such as a VPC endpoint's.
    #[schema(max_length = 500)]
    pub runtime_url: Option<String>,
    /// Another base URL of `bedrock`.
    #[schema(max_length = 500)]
    pub control_url: Option<String>,
    /// The lowest is preferred; 100 where it is not given.
    #[schema(minimum = 0, maximum = 1000)]
    pub priority: Option<i32>,
    /// Whether it takes requests; it does where this is not given.
    pub enabled: Option<bool>,
    /// Whether it serves those who have no endpoints of their own. The first such endpoint takes the
    /// place of the environment's.
    #[serde(default, rename = "default")]
    #[schema(required = false)]
    pub is_default: bool,
    /// Application inference profiles that stand in for models here.
    #[serde(default)]
    #[schema(required = false, max_items = 100)]
    pub profiles: Vec<ModelProfile>,
    /// The guardrail that every conversation here is held against.
    pub guardrail: Option<EndpointGuardrail>,
}

/// The order to change an endpoint; what is not given stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditEndpoint {
    /// The name, which no other endpoint has.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// The AWS region.
    #[schema(min_length = 4, max_length = 32)]
    pub region: Option<String>,
    /// The geography whose profiles are used; null for the region's own.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<String>)]
    pub geography: Option<Option<String>>,
    /// What its requests are authorised with, in the place of what they are.
    pub credential: Option<CredentialOrder>,
    /// Another base URL of `bedrock-runtime`; null for AWS's own.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub runtime_url: Option<Option<String>>,
    /// Another base URL of `bedrock`; null for AWS's own.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<String>, max_length = 500)]
    pub control_url: Option<Option<String>>,
    /// The lowest is preferred.
    #[schema(minimum = 0, maximum = 1000)]
    pub priority: Option<i32>,
    /// Whether it takes requests.
    pub enabled: Option<bool>,
    /// Whether it serves those who have no endpoints of their own.
    #[serde(rename = "default")]
    pub is_default: Option<bool>,
    /// All its application inference profiles.
    #[schema(max_items = 100)]
    pub profiles: Option<Vec<ModelProfile>>,
    /// The guardrail that every conversation here is held against; null for none.
    #[serde(default, deserialize_with = "field::given")]
    #[schema(value_type = Option<EndpointGuardrail>)]
    pub guardrail: Option<Option<EndpointGuardrail>>,
}
