//! Service Quotas, as far as it is about Bedrock.

use serde::Deserialize;
use serde_json::{Value, json};

use super::models::{MODELS, Model};

/// The operation, as its header names it.
pub(super) const TARGET: &str = "ServiceQuotasV20190624.ListServiceQuotas";
/// What a quota's name begins with, and its value.
const KINDS: [(&str, u64); 5] = [
    ("Cross-region model inference requests per minute for", 250),
    ("Cross-region model inference tokens per minute for", 2_000_000),
    ("Global cross-region model inference requests per minute for", 500),
    ("Global cross-region model inference tokens per minute for", 4_000_000),
    ("Global cross-region model inference tokens per day for", 2_880_000_000),
];

/// A request for a page.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Asked {
    service_code: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// A refusal: its type and its sentence.
pub(super) type Refused = (&'static str, &'static str);

/// One page of the quotas of Bedrock.
///
/// # Errors
/// What is wrong with the request.
pub(super) fn list(body: &[u8]) -> Result<Value, Refused> {
    let illegal = |sentence| ("IllegalArgumentException", sentence);
    let asked: Asked =
        serde_json::from_slice(body).map_err(|_| ("SerializationException", "no JSON"))?;
    if asked.service_code != "bedrock" {
        return Err((
            "NoSuchResourceException",
            "The request failed because the specified service does not exist.",
        ));
    }
    let size = asked.max_results.unwrap_or(100);
    if !(1..=100).contains(&size) {
        return Err(illegal("MaxResults must be between 1 and 100."));
    }
    let from = asked.next_token.map_or(Ok(0), |token| token.parse::<usize>());
    let from =
        from.map_err(|_| ("InvalidPaginationTokenException", "Invalid input was provided."))?;
    let all: Vec<Value> = MODELS.iter().flat_map(of_model).collect();
    let page: Vec<&Value> = all.iter().skip(from).take(size).collect();
    let end = from.saturating_add(page.len());
    let token = (end < all.len()).then(|| end.to_string());
    Ok(json!({ "Quotas": page, "NextToken": token }))
}

fn of_model(model: &Model) -> impl Iterator<Item = Value> {
    let name = in_words(model);
    KINDS.into_iter().enumerate().map(move |(index, (kind, value))| {
        let name = format!("{kind} Anthropic {name}");
        json!({
            "ServiceCode": "bedrock",
            "ServiceName": "Amazon Bedrock",
            "QuotaCode": format!("L-{index}{:07X}", name.len()),
            "QuotaName": name,
            "Value": value as f64,
            "Unit": "None",
            "Adjustable": true,
            "GlobalQuota": false,
        })
    })
}

/// `Claude Sonnet 4.5` for `claude-sonnet-4-5-20250929`.
fn in_words(model: &Model) -> String {
    let mut parts = model.name().split('-').skip(1).filter(|part| part.len() < 8);
    let line = parts.next().unwrap_or_default();
    let version: Vec<&str> = parts.collect();
    let mut letters = line.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    let line: String = first.into_iter().chain(letters).collect();
    format!("Claude {line} {}", version.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::quota::Quota;

    #[test]
    fn every_quota_is_one_that_the_gateway_reads() {
        let mut token = Value::Null;
        let mut seen = 0;
        loop {
            let asked = json!({ "ServiceCode": "bedrock", "MaxResults": 40, "NextToken": token });
            let page = list(asked.to_string().as_bytes()).unwrap();
            for quota in page["Quotas"].as_array().unwrap() {
                let name = quota["QuotaName"].as_str().unwrap();
                assert!(Quota::of(name, quota["Value"].as_f64().unwrap()).is_some(), "{name}");
                seen += 1;
            }
            token = page["NextToken"].clone();
            if token.is_null() {
                break;
            }
        }
        assert_eq!(seen, MODELS.len() * KINDS.len());
        assert!(list(br#"{"ServiceCode":"bedrock","MaxResults":101}"#).is_err());
    }
}
