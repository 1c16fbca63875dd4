//! `/admin/audit`: the log, its export, and whether it is whole.

use actix_web::web::{Bytes, Data, Json, Query, ServiceConfig, get};
use actix_web::{HttpResponse, Responder};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::only;
use crate::control::audit::{self, AuditEntry, AuditFilter, Integrity};
use crate::control::{self, Control, Page, Paging};
use crate::http::caller::Caller;
use crate::http::csv;
use crate::http::problem::{Problem, Refusals};
use crate::http::server::Edge;

const COLUMNS: [&str; 13] = [
    "id",
    "at",
    "actor_kind",
    "actor_id",
    "actor_name",
    "credential",
    "address",
    "action",
    "subject_id",
    "subject_name",
    "before",
    "after",
    "hash",
];

#[derive(OpenApi)]
#[openapi(paths(list, export, verify))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/audit").route(get().to(list)))
        .service(only("/audit/export").route(get().to(export)))
        .service(only("/audit/integrity").route(get().to(verify)));
}

/// The audit log, newest first.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditFilter, Paging),
    responses((status = 200, body = Page<AuditEntry>), Refusals))]
async fn list(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<AuditFilter>,
    paging: Query<Paging>,
) -> Result<impl Responder, Problem> {
    let (filter, paging) = (filter.into_inner(), paging.into_inner());
    Ok(Json(audit::list(&edge.control, &caller, filter, paging).await?))
}

/// How an export is written.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// A line of JSON for each entry.
    #[default]
    Ndjson,
    /// Comma-separated values with a head line.
    Csv,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Export {
    /// How it is written; `ndjson` where it is not given.
    #[serde(default)]
    #[param(required = false)]
    format: Format,
}

/// All entries that the filter leaves, newest first, as a download.
#[utoipa::path(get, path = "/audit/export", tag = "audit", params(AuditFilter, Export),
    responses(
        (status = 200, content((String = "application/x-ndjson"), (String = "text/csv"))),
        Refusals))]
async fn export(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<AuditFilter>,
    export: Query<Export>,
) -> Result<HttpResponse, Problem> {
    let format = export.format;
    let (kind, name) = match format {
        Format::Ndjson => ("application/x-ndjson", "audit.ndjson"),
        Format::Csv => ("text/csv; charset=utf-8", "audit.csv"),
    };
    let (control, filter) = (edge.control.clone(), filter.into_inner());
    let caller = control::Caller::clone(&caller);
    // The first part before the head of the answer, so that a refusal has a true status.
    let first = audit::export(&control, &caller, filter.clone(), None).await?;
    let head = matches!(format, Format::Csv).then(|| Ok(Bytes::from(csv::row(COLUMNS))));
    let parts = parts(control, caller, filter, first)
        .map(move |part| part.map(|entries| Bytes::from(written(&entries, format))));
    Ok(HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("content-disposition", format!("attachment; filename=\"{name}\"")))
        .insert_header(("cache-control", "no-store"))
        .streaming(stream::iter(head).chain(parts)))
}

/// The parts of the log from the first one on, each read once the one before it is sent.
fn parts(
    control: Control,
    caller: control::Caller,
    filter: AuditFilter,
    first: Vec<AuditEntry>,
) -> impl Stream<Item = Result<Vec<AuditEntry>, Problem>> {
    stream::try_unfold(Some(first), move |part| {
        let (control, caller, filter) = (control.clone(), caller.clone(), filter.clone());
        async move {
            let Some(part) = part else { return Ok::<_, Problem>(None) };
            let Some(last) = part.last().map(|entry| entry.id) else { return Ok(None) };
            let next = audit::export(&control, &caller, filter, Some(last)).await;
            Ok(Some((part, Some(next?))))
        }
    })
}

fn written(entries: &[AuditEntry], format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in entries {
        match format {
            Format::Ndjson => {
                out.extend(serde_json::to_vec(entry).unwrap_or_default());
                out.push(b'\n');
            }
            Format::Csv => out.extend(csv::row(fields(entry))),
        }
    }
    out
}

fn fields(entry: &AuditEntry) -> [String; 13] {
    let json = |value: &Option<serde_json::Value>| {
        value.as_ref().map_or_else(String::new, ToString::to_string)
    };
    [
        entry.id.to_string(),
        entry.at.to_rfc3339(),
        entry.actor_kind.clone(),
        entry.actor_id.map_or_else(String::new, |id| id.to_string()),
        entry.actor_name.clone(),
        entry.credential.clone().unwrap_or_default(),
        entry.address.clone().unwrap_or_default(),
        entry.action.clone(),
        entry.subject_id.clone().unwrap_or_default(),
        entry.subject_name.clone(),
        json(&entry.before),
        json(&entry.after),
        entry.hash.clone(),
    ]
}

/// Whether the log is as it was written.
#[utoipa::path(get, path = "/audit/integrity", tag = "audit",
    responses((status = 200, body = Integrity), Refusals))]
async fn verify(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(audit::verify(&edge.control, &caller).await?))
}
