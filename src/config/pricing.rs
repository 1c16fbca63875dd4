//! Where prices come from.

use std::time::Duration;

use super::environment::Environment;

/// Whether and how prices are refreshed from the AWS Price List.
#[derive(Debug, Clone)]
pub struct PricingConfig {
    /// `PRICING_REFRESH_ENABLED`
    pub refresh: bool,
    /// `PRICING_REFRESH_INTERVAL`, in seconds
    pub interval: Duration,
    /// `PRICE_LIST_URL`, for mirrors and tests
    pub base_url: Option<String>,
}

impl PricingConfig {
    pub(super) fn read(environment: &mut Environment<'_>) -> Self {
        let refresh = environment.parsed("PRICING_REFRESH_ENABLED", "true or false", |text| {
            text.to_ascii_lowercase().parse().ok()
        });
        let interval = environment.number("PRICING_REFRESH_INTERVAL", 60..=2_592_000, 86_400);
        Self {
            refresh: refresh.unwrap_or(true),
            interval: Duration::from_secs(interval),
            base_url: environment.url("PRICE_LIST_URL"),
        }
    }
}
