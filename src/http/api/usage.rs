//! `GET /api/oauth/usage`: what Claude Code's own `/usage` shows of budgets, in its form.

use std::rc::Rc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use crate::actors::worker::Worker;
use crate::control::{ControlError, budgets};
use crate::domain::budget::{Nanos, Period};
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::limit::Purse;
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::server::Edge;

/// What the caller has spent, and of what.
///
/// # Errors
/// 401 without a valid credential, 503 where the database is away.
pub async fn usage(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    let principal = auth::principal(&request, &worker.gateway).await?;
    let spending = budgets::spending_of_caller(&edge.control, &principal).await;
    let (purses, spent) = spending.map_err(|error| refusal(&error))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store"));
    Ok(response.json(shown(&purses, spent)))
}

fn refusal(error: &ControlError) -> ApiError {
    ApiError::new(ErrorKind::Unavailable, error.to_string()).retry_after(5)
}

fn shown(purses: &[Purse], spent: [i64; 3]) -> Value {
    let capped: Vec<&Purse> =
        purses.iter().filter(|purse| purse.applied.budget.cap() < i64::MAX).collect();
    let fullest = capped.iter().map(|purse| percent(purse)).max();
    let limits: Vec<Value> = capped
        .iter()
        .map(|purse| {
            let percent = percent(purse);
            json!({
                "kind": "spend",
                "group": purse.applied.budget.period.name(),
                "percent": percent,
                "resets_at": date(purse.applied.window.ends),
                "severity": if percent > 75 { "warning" } else { "normal" },
                "is_active": Some(percent) == fullest,
            })
        })
        .collect();
    let of = |period: Period, spent: i64| {
        let purse = capped
            .iter()
            .filter(|purse| purse.applied.budget.period == period)
            .max_by_key(|purse| percent(purse));
        let limit = purse.map(|purse| cents(purse.applied.budget.cap()));
        let used = purse.map_or(spent, |purse| purse.spent);
        (limit, cents(used), purse.map(|purse| percent(purse)))
    };
    let [daily, weekly, monthly] = spent;
    let (limit, used, utilization) = of(Period::Monthly, monthly);
    let other = |period, spent| {
        let (limit, used, utilization) = of(period, spent);
        json!({ "limit": limit, "used_credits": used, "utilization": utilization })
    };
    json!({
        "extra_usage": {
            "is_enabled": true,
            "monthly_limit": limit,
            "used_credits": used,
            "utilization": utilization,
            "currency": "USD",
            "daily": other(Period::Daily, daily),
            "weekly": other(Period::Weekly, weekly),
        },
        "limits": limits,
    })
}

/// What is spent of the cap, in whole percent.
fn percent(purse: &Purse) -> i64 {
    match purse.applied.budget.cap() {
        0 => 100,
        cap => i64::try_from(i128::from(purse.spent) * 100 / i128::from(cap)).unwrap_or(i64::MAX),
    }
}

fn cents(nanos: i64) -> f64 {
    Nanos(nanos.saturating_mul(100)).dollars()
}

fn date(seconds: i64) -> String {
    let date = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    date.to_rfc3339_opts(SecondsFormat::Secs, true)
}
