//! Bedrock's control plane: which inference profiles an endpoint has.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::ask::Question;
use super::credentials::Credential;
use super::endpoint::Endpoint;
use super::service_error::ServiceError;
use crate::domain::model::ListedProfile;

const SERVICE: &str = "Bedrock's control plane";
/// How long a page may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// Profiles that are asked for at once.
const PAGE: usize = 200;
/// Pages of one type that are read at the most.
const MAX_PAGES: usize = 10;
/// What the ids of Claude's foundation models begin with.
const CLAUDE: &str = "anthropic.claude";
/// Longest text of a profile that is kept, in bytes.
const MAX_TEXT: usize = 2048;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    inference_profile_summaries: Vec<Summary>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    inference_profile_id: String,
    inference_profile_arn: String,
    #[serde(default)]
    inference_profile_name: String,
    #[serde(default)]
    models: Vec<Source>,
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    #[serde(default)]
    model_arn: String,
}

/// Lists the profiles of Claude that are active at an endpoint, those that somebody made last.
///
/// # Errors
/// [`ServiceError`], also where there are more than can be read.
pub async fn inference_profiles(
    client: &awc::Client,
    endpoint: &Endpoint,
    credential: &Credential,
) -> Result<Vec<ListedProfile>, ServiceError> {
    let mut found = Vec::new();
    for (kind, application) in [("SYSTEM_DEFINED", false), ("APPLICATION", true)] {
        let mut token = None;
        for page in 0.. {
            if page == MAX_PAGES {
                let most = format!("there are more than {} profiles", PAGE * MAX_PAGES);
                return Err(ServiceError::refused(SERVICE, "too many", &most));
            }
            let url = url(endpoint, kind, token.as_deref());
            let question = Question {
                client,
                service: SERVICE,
                region: &endpoint.region,
                credential,
                url: &url,
                body: None,
                guardrail: None,
                deadline: DEADLINE,
            };
            let answer = question.ask().await?;
            let page: Page = serde_json::from_slice(&answer).map_err(|error| {
                let message = format!("the answer is no list of profiles: {error}");
                ServiceError::refused(SERVICE, "200", &message)
            })?;
            let listed = page.inference_profile_summaries.into_iter();
            found.extend(listed.filter_map(|summary| read(summary, application)));
            token = page.next_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
    }
    Ok(found)
}

fn url(endpoint: &Endpoint, kind: &str, token: Option<&str>) -> String {
    let base = format!("{}/inference-profiles?maxResults={PAGE}", endpoint.control_url);
    // Sorted, as the signature has it.
    let token = token.map_or_else(String::new, |token| {
        format!("&nextToken={}", utf8_percent_encode(token, NON_ALPHANUMERIC))
    });
    format!("{base}{token}&type={kind}")
}

/// An active profile of Claude.
fn read(summary: Summary, application: bool) -> Option<ListedProfile> {
    let arn = summary.models.into_iter().next()?.model_arn;
    let (_, base) = arn.split_once("foundation-model/")?;
    let profile = ListedProfile {
        base: base.to_owned(),
        id: summary.inference_profile_id,
        arn: summary.inference_profile_arn,
        name: summary.inference_profile_name.chars().take(200).collect(),
        application,
    };
    let fits = [&profile.base, &profile.id, &profile.arn]
        .iter()
        .all(|text| text.len() <= MAX_TEXT && text.bytes().all(|byte| byte.is_ascii_graphic()));
    (fits && summary.status == "ACTIVE" && base.starts_with(CLAUDE)).then_some(profile)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_asked_for_by_a_token_that_is_encoded() {
        let endpoint = Endpoint::new("default", "eu-west-1", None, None);
        assert_eq!(
            url(&endpoint, "APPLICATION", Some("a+b/c=")),
            "https://bedrock.eu-west-1.amazonaws.com/inference-profiles?maxResults=200&nextToken=a%2Bb%2Fc%3D&type=APPLICATION"
        );
    }

    #[test]
    fn only_active_profiles_of_claude_are_kept() {
        let summary = |base: &str, status: &str| Summary {
            inference_profile_id: "abc".to_owned(),
            inference_profile_arn: "arn".to_owned(),
            inference_profile_name: "n".repeat(300),
            models: vec![Source {
                model_arn: format!("arn:aws:bedrock:x::foundation-model/{base}"),
            }],
            status: status.to_owned(),
        };
        let kept = read(summary("anthropic.claude-opus-7", "ACTIVE"), true).unwrap();
        assert_eq!((kept.base.as_str(), kept.name.len()), ("anthropic.claude-opus-7", 200));
        assert_eq!(read(summary("anthropic.claude-opus-7", "CREATING"), true), None);
        assert_eq!(read(summary("amazon.nova-lite-v1:0", "ACTIVE"), false), None);
        assert_eq!(read(summary("anthropic.claude \n", "ACTIVE"), false), None);
    }
}
