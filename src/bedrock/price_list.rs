//! The AWS Price List: a public file, read without credentials.

use std::time::Duration;

use thiserror::Error;

use crate::domain::price::list::Offer;
use crate::domain::price::{Price, Reach};

/// Largest file that is read, in bytes.
const MAX_FILE: usize = 128 * 1024 * 1024;
/// How long the file may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// AWS's own address of the list.
pub const BASE_URL: &str = "https://pricing.us-east-1.amazonaws.com";

/// The list cannot be read; prices stay as they are.
#[derive(Debug, Error)]
#[error("the AWS Price List cannot be read: {0}")]
pub struct PriceListError(String);

/// Reads the prices that Bedrock charges in a region.
///
/// # Errors
/// [`PriceListError`], also where the file holds no price of a known model.
pub async fn fetch(
    client: &awc::Client,
    base_url: &str,
    region: &str,
) -> Result<Vec<Price>, PriceListError> {
    let failed = |error: &dyn std::fmt::Display| PriceListError(error.to_string());
    let url = format!(
        "{base_url}/offers/v1.0/aws/AmazonBedrockFoundationModels/current/{region}/index.json"
    );
    let mut response =
        client.get(&url).timeout(DEADLINE).send().await.map_err(|error| failed(&error))?;
    if !response.status().is_success() {
        return Err(failed(&format!("{url} answers {}", response.status())));
    }
    let reading = tokio::time::timeout(DEADLINE, response.body().limit(MAX_FILE));
    let file = reading.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    let offer: Offer = serde_json::from_slice(&file).map_err(|error| failed(&error))?;
    let gov = region.starts_with("us-gov-");
    let prices = offer.prices(if gov { Reach::GovCloud } else { Reach::Geo });
    if prices.is_empty() {
        return Err(failed(&format!("{url} has no whole price of a known model")));
    }
    Ok(prices)
}
