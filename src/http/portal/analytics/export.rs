//! `/portal/analytics/export`: the sums as CSV, by group or over time.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::Utc;

use super::narrow::Narrowed;
use crate::control::ControlError;
use crate::control::analytics::{self, Dimension, Group, Point};
use crate::http::csv;
use crate::http::portal::form::{self, Answer};
use crate::http::portal::sent::Sent;
use crate::http::portal::words;
use crate::http::server::Edge;

/// What there is one row for: name, label.
pub(super) const BY: [(&str, &str); 7] = [
    ("user", "By user"),
    ("team", "By team"),
    ("key", "By key"),
    ("model", "By model"),
    ("endpoint", "By endpoint"),
    ("project", "By project"),
    ("time", "Over time, by model"),
];
/// Groups of an export at the most.
const MOST: u32 = 1000;

/// Sends the rows.
pub(in crate::http::portal) async fn export(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    let narrowed = Narrowed::of(&asked, Utc::now())?;
    let (control, caller, filter) = (&edge.control, &visitor.caller, &narrowed.filter);
    let by = asked.text("by");
    let rows: Vec<Vec<u8>> = if by == "time" {
        let grain = narrowed.range.grain;
        let points =
            analytics::over_time(control, caller, filter, grain, Some((Dimension::Model, 50)));
        over_time(&points.await?)
    } else {
        let dimension = Dimension::named(by).ok_or_else(|| {
            ControlError::invalid("by", "takes user, team, key, model, endpoint, project or time")
        })?;
        by_group(&analytics::breakdown(control, caller, filter, dimension, MOST).await?)
    };
    let name = if by == "time" { "time" } else { by };
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"usage-by-{name}.csv\""),
        ))
        .insert_header(("cache-control", "no-store"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(rows.concat()))
}

fn by_group(groups: &[Group]) -> Vec<Vec<u8>> {
    let head = [
        "id",
        "name",
        "requests",
        "completed",
        "failed",
        "users",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "web_searches",
        "cost_usd",
        "cache_saved_usd",
        "last_used",
    ];
    let row = |group: &Group| {
        let sums = &group.sums;
        let counts = [
            sums.requests,
            sums.completed,
            sums.failed,
            sums.users,
            sums.input_tokens,
            sums.output_tokens,
            sums.cache_read_tokens,
            sums.cache_write_5m_tokens,
            sums.cache_write_1h_tokens,
            sums.web_searches,
        ];
        let mut fields = vec![group.id.clone(), group.name.clone().unwrap_or_default()];
        fields.extend(counts.map(|count| count.to_string()));
        fields.extend([sums.cost_nanos, sums.cache_saved_nanos].map(usd));
        fields.push(words::machine(group.last_at));
        csv::row(fields)
    };
    std::iter::once(csv::row(head)).chain(groups.iter().map(row)).collect()
}

fn over_time(points: &[Point]) -> Vec<Vec<u8>> {
    let head = csv::row(["starts_at", "model", "requests", "tokens", "cost_usd"]);
    let row = |point: &Point| {
        csv::row([
            words::machine(point.starts_at),
            point.id.clone().unwrap_or_else(|| "others".to_owned()),
            point.requests.to_string(),
            point.tokens.to_string(),
            usd(point.cost_nanos),
        ])
    };
    std::iter::once(head).chain(points.iter().map(row)).collect()
}

/// Dollars to the last billionth, for programs.
fn usd(nanos: i64) -> String {
    let (sign, nanos) = (if nanos < 0 { "-" } else { "" }, nanos.unsigned_abs());
    format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_exact() {
        assert_eq!(usd(1_234_567_890), "1.234567890");
        assert_eq!(usd(-5), "-0.000000005");
    }
}
