//! Service Quotas `ListServiceQuotas` (JSON 1.1): how much an account may ask of each model in a region.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::endpoint::domain;
use super::service::{Access, Call, ServiceError, call};
use crate::domain::quota::Quota;

const SERVICE: &str = "Service Quotas";
/// Quotas that are asked for at once, the most that the service gives.
const PAGE: usize = 100;
/// Pages that are read at the most.
const MAX_PAGES: usize = 30;
/// The pauses after a throttle: the service takes few calls a second.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];
/// What the service says when it is asked too often.
const THROTTLES: [&str; 2] = ["TooManyRequestsException", "ThrottlingException"];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Asked<'a> {
    service_code: &'static str,
    max_results: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    #[serde(default)]
    quotas: Vec<Told>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Told {
    #[serde(default)]
    quota_name: String,
    #[serde(default)]
    value: f64,
}

/// Reads the quotas of the models that the gateway knows, in the order of models.
///
/// # Errors
/// [`ServiceError`], also where there are more than can be read.
pub async fn quotas(access: &Access<'_>, region: &str) -> Result<Vec<Quota>, ServiceError> {
    let mut found = Vec::new();
    let mut token: Option<String> = None;
    for _ in 0..MAX_PAGES {
        let page = page(access, region, token.as_deref()).await?;
        found.extend(page.quotas.iter().filter_map(|told| Quota::of(&told.quota_name, told.value)));
        token = page.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            found.sort_unstable();
            found.dedup();
            return Ok(found);
        }
    }
    let most = format!("there are more than {} quotas", PAGE * MAX_PAGES);
    Err(ServiceError::refused(SERVICE, "too many", &most))
}

async fn page(
    access: &Access<'_>,
    region: &str,
    token: Option<&str>,
) -> Result<Page, ServiceError> {
    for pause in PAUSES {
        match once(access, region, token).await {
            Err(ServiceError::Refused { code, .. }) if THROTTLES.contains(&code.as_str()) => {
                tokio::time::sleep(pause).await;
            }
            answered => return answered,
        }
    }
    once(access, region, token).await
}

async fn once(
    access: &Access<'_>,
    region: &str,
    token: Option<&str>,
) -> Result<Page, ServiceError> {
    let asked = Asked { service_code: "bedrock", max_results: PAGE, next_token: token };
    let unread = |error: serde_json::Error| {
        ServiceError::refused(SERVICE, "200", &format!("the answer is no list of quotas: {error}"))
    };
    let sent = Call {
        service: SERVICE,
        scope: "servicequotas",
        region,
        domain: domain(region),
        content_type: "application/x-amz-json-1.1",
        target: Some("ServiceQuotasV20190624.ListServiceQuotas"),
        body: serde_json::to_vec(&asked).map_err(unread)?.into(),
    };
    match call(access, sent).await? {
        (200, answer) => serde_json::from_slice(&answer).map_err(unread),
        (status, answer) => Err(ServiceError::of_json(SERVICE, status, &answer)),
    }
}
