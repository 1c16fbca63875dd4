//! What headers tell of limits and budgets: Anthropic's own for limits, `x-ccag-budget-*` for
//! everybody, and `anthropic-ratelimit-unified-*` for sessions that Claude Code signed in to, which
//! warns people by them.

#[cfg(test)]
mod tests;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::domain::budget::dollars;
use crate::domain::limit::{Purse, Rate, Scope, Standing};
use crate::http::told::Told;

/// Tells of a request that was let through.
pub(super) fn tell(told: &mut Told, standing: &Standing, by_login: bool) {
    tell_budget(told, standing);
    let names = [
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-requests-remaining",
        "anthropic-ratelimit-requests-reset",
    ];
    rate(told, standing.requests, names);
    let names = [
        "anthropic-ratelimit-tokens-limit",
        "anthropic-ratelimit-tokens-remaining",
        "anthropic-ratelimit-tokens-reset",
    ];
    rate(told, standing.tokens, names);
    if by_login {
        unified(told, standing);
    }
}

fn rate(told: &mut Told, rate: Option<Rate>, [limit, remaining, reset]: [&'static str; 3]) {
    let Some(rate) = rate else { return };
    told.of_success(limit, &rate.limit.to_string());
    told.of_success(remaining, &rate.remaining.to_string());
    told.of_success(reset, &date(rate.window.ends));
}

/// Tells of the budget, whatever becomes of the request.
pub(super) fn tell_budget(told: &mut Told, standing: &Standing) {
    let Some(purse) = standing.purse() else { return };
    told.always("x-ccag-budget-status", purse.status().name());
    told.always("x-ccag-budget-percent", &purse.applied.budget.percent(purse.spent).to_string());
    told.always("x-ccag-budget-remaining-usd", &dollars(purse.remaining()));
    told.always("x-ccag-budget-resets", &date(purse.applied.window.ends));
}

/// The share of its cap that a budget has spent; `None` where it never blocks.
fn utilization(purse: &Purse) -> Option<f64> {
    match purse.applied.budget.cap() {
        i64::MAX => None,
        0 => Some(1.0),
        cap => Some(purse.spent as f64 / cap as f64),
    }
}

/// Of several caps the fullest one is told.
fn unified(told: &mut Told, standing: &Standing) {
    let capped = standing.purses.iter().filter_map(|p| utilization(p).map(|share| (p, share)));
    let Some((purse, share)) = capped.max_by(|a, b| a.1.total_cmp(&b.1)) else { return };
    let threshold = [(0.95, "0.95"), (0.75, "0.75")].into_iter().find(|(above, _)| share > *above);
    let status = if threshold.is_some() { "allowed_warning" } else { "allowed" };
    let reset = purse.applied.window.ends.to_string();
    told.of_success("anthropic-ratelimit-unified-status", status);
    told.of_success("anthropic-ratelimit-unified-reset", &reset);
    told.of_success("anthropic-ratelimit-unified-overage-reset", &reset);
    let shown = two_decimals(share).min(0.99).to_string();
    told.of_success("anthropic-ratelimit-unified-overage-utilization", &shown);
    if let Some((_, threshold)) = threshold {
        told.of_success("anthropic-ratelimit-unified-overage-surpassed-threshold", threshold);
    }
    told.of_success("anthropic-ratelimit-unified-representative-claim", "overage");
    told.of_success("anthropic-ratelimit-unified-overage-status", status);
}

/// Tells a session of a budget that is spent. Without `representative-claim` and `overage-status`, with which
/// the client would show words of its own instead of the message.
pub(super) fn tell_block(told: &mut Told, purse: &Purse) {
    let reset = purse.applied.window.ends.to_string();
    let share = two_decimals(utilization(purse).unwrap_or(1.0)).max(1.0).to_string();
    told.always("anthropic-ratelimit-unified-status", "rejected");
    told.always("anthropic-ratelimit-unified-reset", &reset);
    told.always("anthropic-ratelimit-unified-overage-reset", &reset);
    told.always("anthropic-ratelimit-unified-overage-utilization", &share);
    told.always("anthropic-ratelimit-unified-overage-surpassed-threshold", "1");
    let period = purse.applied.budget.period.name();
    told.always("anthropic-ratelimit-unified-overage-period", period);
    let reason = "org_spend_cap_reached";
    told.always("anthropic-ratelimit-unified-overage-disabled-reason", reason);
    if purse.applied.account.scope == Scope::Team {
        told.always("anthropic-ratelimit-unified-overage-scope", "group_pool");
    }
}

/// Tells that what is spent cannot be read.
pub(super) fn tell_unknown(told: &mut Told) {
    told.always("anthropic-ratelimit-unified-overage-disabled-reason", "fetch_error");
}

fn two_decimals(share: f64) -> f64 {
    (share * 100.0).round() / 100.0
}

fn date(seconds: i64) -> String {
    let date: DateTime<Utc> = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
