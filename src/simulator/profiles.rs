//! The control plane's answers about inference profiles.

use serde::Deserialize;
use serde_json::{Value, json};

use super::models::{self, APPLICATION, MODELS, Model};
use super::reply::{Exception, Refusal};

const ACCOUNT: &str = "111122223333";
const SINCE: &str = "2026-11-01T00:00:00Z";

/// The query of ListInferenceProfiles; names that AWS does not know count for nothing.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Query {
    #[serde(rename = "maxResults")]
    max_results: Option<String>,
    #[serde(rename = "nextToken")]
    next_token: Option<String>,
    r#type: Option<String>,
}

/// One page of the profiles of `region`.
///
/// # Errors
/// A validation error for a query that AWS would refuse.
pub(super) fn list(region: &str, query: &Query) -> Result<Value, Refusal> {
    let refused = |message: &str| Refusal::new(Exception::Validation, message);
    let size = match query.max_results.as_deref().map(str::parse::<usize>) {
        None => 100,
        Some(Ok(size @ 1..=1000)) => size,
        Some(_) => {
            return Err(refused(
                "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: Member must be between 1 and 1000",
            ));
        }
    };
    let from = match query.next_token.as_deref().map(str::parse::<usize>) {
        None => 0,
        Some(Ok(from)) => from,
        Some(Err(_)) => return Err(refused("The provided nextToken is invalid.")),
    };
    let wanted = query.r#type.as_deref().unwrap_or("SYSTEM_DEFINED");
    let all: Vec<Value> = match wanted {
        "SYSTEM_DEFINED" => system_defined(region),
        "APPLICATION" => application(region).into_iter().collect(),
        _ => {
            return Err(refused(
                "1 validation error detected: Value at 'type' failed to satisfy constraint: Member must satisfy enum value set: [SYSTEM_DEFINED, APPLICATION]",
            ));
        }
    };
    let page: Vec<&Value> = all.iter().skip(from).take(size).collect();
    let end = from.saturating_add(page.len());
    let mut answer = json!({"inferenceProfileSummaries": page});
    if let Some(fields) = answer.as_object_mut().filter(|_| end < all.len()) {
        fields.insert("nextToken".to_owned(), json!(end.to_string()));
    }
    Ok(answer)
}

/// The profile with this id or ARN.
///
/// # Errors
/// ResourceNotFoundException where `region` has none.
pub(super) fn get(region: &str, id: &str) -> Result<Value, Refusal> {
    let field = |profile: &Value, name: &str| profile.get(name).and_then(Value::as_str) == Some(id);
    let mut all = system_defined(region).into_iter().chain(application(region));
    all.find(|it| field(it, "inferenceProfileId") || field(it, "inferenceProfileArn")).ok_or_else(
        || {
            Refusal::new(
                Exception::ResourceNotFound,
                "The specified inference profile was not found.",
            )
        },
    )
}

fn system_defined(region: &str) -> Vec<Value> {
    let profile = |(id, model): (String, &Model)| {
        let prefix = id.split('.').next().unwrap_or_default().to_uppercase();
        let name = format!("{prefix} {}", model.name());
        profile(region, &id, "inference-profile", &name, model)
    };
    models::profiles(region).into_iter().map(profile).collect()
}

fn application(region: &str) -> Option<Value> {
    let (id, base) = APPLICATION;
    let model = MODELS.iter().find(|model| model.base == base)?;
    Some(profile(region, id, "application-inference-profile", "simulated-team", model))
}

fn profile(region: &str, id: &str, kind: &str, name: &str, model: &Model) -> Value {
    let partition = if region.starts_with("us-gov-") { "aws-us-gov" } else { "aws" };
    json!({
        "inferenceProfileName": name,
        "inferenceProfileArn": format!("arn:{partition}:bedrock:{region}:{ACCOUNT}:{kind}/{id}"),
        "inferenceProfileId": id,
        "models": [{"modelArn": format!("arn:{partition}:bedrock:{region}::foundation-model/{}", model.base)}],
        "status": "ACTIVE",
        "type": if kind == "inference-profile" { "SYSTEM_DEFINED" } else { "APPLICATION" },
        "createdAt": SINCE,
        "updatedAt": SINCE,
        "description": format!("Routes requests to {} (simulated)", model.name()),
    })
}
