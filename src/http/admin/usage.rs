//! `/admin/usage`: requests one by one, and their export.

use actix_web::web::{Data, Json, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;

use super::export::{self, Export, field};
use super::only;
use crate::control::usage::{self, Chosen, Requests, UsageRow};
use crate::control::{Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::get;
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, download))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/usage").route(get().to(list)))
        .service(only("/usage/export").route(get().to(download)));
}

/// Requests, latest first; members see their own.
#[utoipa::path(get, path = "/usage", tag = "usage", params(Chosen, Requests, Paging),
    responses((status = 200, body = Page<UsageRow>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    requests: Query<Requests>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let which = (chosen.into_inner(), requests.into_inner());
    Ok(Json(usage::list(&edge.control, &caller, which, paging.into_inner()).await?))
}

/// All requests that the filter leaves, latest first, as a download; members get their own.
#[utoipa::path(get, path = "/usage/export", tag = "usage", params(Chosen, Requests, Export),
    responses(
        (status = 200, content((String = "application/x-ndjson"), (String = "text/csv"))),
        Refusals))]
async fn download(
    caller: Caller,
    edge: Data<Edge>,
    chosen: Query<Chosen>,
    requests: Query<Requests>,
    format: Query<Export>,
) -> Result<HttpResponse, Problem> {
    let (export, control) =
        (usage::Export::begin(&caller, &chosen, &requests)?, edge.control.clone());
    let first = export.part(&control, None).await?;
    Ok(export::download(format.format, first, move |last: UsageRow| {
        let (export, control) = (export.clone(), control.clone());
        async move { export.part(&control, Some(&last)).await }
    }))
}

impl export::Entry for UsageRow {
    const NAME: &str = "usage";
    const COLUMNS: &[&str] = &[
        "request_id",
        "started_at",
        "ended_at",
        "user_id",
        "user_name",
        "team_id",
        "team_name",
        "key_id",
        "key_name",
        "session_id",
        "agent_id",
        "parent_agent_id",
        "project",
        "client_version",
        "model",
        "model_id",
        "profile",
        "endpoint",
        "streaming",
        "input_tokens",
        "output_tokens",
        "cache_read_tokens",
        "cache_write_5m_tokens",
        "cache_write_1h_tokens",
        "tokens_estimated",
        "web_searches",
        "cost_usd",
        "cache_saved_usd",
        "priced",
        "price_id",
        "outcome",
        "status",
        "error_type",
        "reason",
        "stop_reason",
        "tools",
        "first_token_ms",
        "duration_ms",
    ];

    fn fields(&self) -> Vec<String> {
        vec![
            self.request_id.clone(),
            self.started_at.to_rfc3339(),
            self.ended_at.to_rfc3339(),
            field(self.user_id.as_ref()),
            field(self.user_name.as_ref()),
            field(self.team_id.as_ref()),
            field(self.team_name.as_ref()),
            field(self.key_id.as_ref()),
            field(self.key_name.as_ref()),
            field(self.session_id.as_ref()),
            field(self.agent_id.as_ref()),
            field(self.parent_agent_id.as_ref()),
            field(self.project.as_ref()),
            field(self.client_version.as_ref()),
            field(self.model.as_ref()),
            field(self.model_id.as_ref()),
            field(self.profile.as_ref()),
            field(self.endpoint.as_ref()),
            self.streaming.to_string(),
            self.input_tokens.to_string(),
            self.output_tokens.to_string(),
            self.cache_read_tokens.to_string(),
            self.cache_write_5m_tokens.to_string(),
            self.cache_write_1h_tokens.to_string(),
            self.tokens_estimated.to_string(),
            self.web_searches.unwrap_or(0).to_string(),
            dollars(self.cost_nanos),
            dollars(self.cache_saved_nanos.unwrap_or(0)),
            self.priced.to_string(),
            field(self.price_id.as_ref()),
            self.outcome.clone(),
            self.status.to_string(),
            field(self.error_type.as_ref()),
            field(self.reason.as_ref()),
            field(self.stop_reason.as_ref()),
            self.tools.as_deref().unwrap_or_default().join(" "),
            field(self.first_token_ms.as_ref()),
            (self.ended_at - self.started_at).num_milliseconds().to_string(),
        ]
    }
}

/// Nano-dollars as dollars, exact.
fn dollars(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.unsigned_abs();
    format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_exact() {
        for (nanos, text) in [
            (0, "0.000000000"),
            (1, "0.000000001"),
            (145_035, "0.000145035"),
            (-1_500_000_000, "-1.500000000"),
            (i64::MAX, "9223372036.854775807"),
        ] {
            assert_eq!(dollars(nanos), text);
        }
    }
}
