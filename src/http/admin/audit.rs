//! `/admin/audit`: the log, its export, and whether it is whole.

use actix_web::web::{Data, Json, Query, ServiceConfig};
use actix_web::{HttpResponse, Responder};
use utoipa::OpenApi;

use super::export::{self, Export, field};
use super::only;
use crate::control::audit::{self, AuditEntry, AuditFilter, Integrity};
use crate::control::{self, Page, Paging};
use crate::http::caller::Caller;
use crate::http::problem::{Problem, Refusals};
use crate::http::resource::get;
use crate::http::server::Edge;

#[derive(OpenApi)]
#[openapi(paths(list, download, verify))]
pub(super) struct Api;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/audit").route(get().to(list)))
        .service(only("/audit/export").route(get().to(download)))
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

/// All entries that the filter leaves, newest first, as a download.
#[utoipa::path(get, path = "/audit/export", tag = "audit", params(AuditFilter, Export),
    responses(
        (status = 200, content((String = "application/x-ndjson"), (String = "text/csv"))),
        Refusals))]
async fn download(
    caller: Caller,
    edge: Data<Edge>,
    filter: Query<AuditFilter>,
    format: Query<Export>,
) -> Result<HttpResponse, Problem> {
    let (control, filter) = (edge.control.clone(), filter.into_inner());
    let caller = control::Caller::clone(&caller);
    let first = audit::export(&control, &caller, filter.clone(), None).await?;
    Ok(export::download(format.format, first, move |last: AuditEntry| {
        let (control, caller, filter) = (control.clone(), caller.clone(), filter.clone());
        async move { audit::export(&control, &caller, filter, Some(last.id)).await }
    }))
}

impl export::Entry for AuditEntry {
    const NAME: &str = "audit";
    const COLUMNS: &[&str] = &[
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

    fn fields(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            self.at.to_rfc3339(),
            self.actor_kind.clone(),
            field(self.actor_id.as_ref()),
            self.actor_name.clone(),
            field(self.credential.as_ref()),
            field(self.address.as_ref()),
            self.action.clone(),
            field(self.subject_id.as_ref()),
            self.subject_name.clone(),
            field(self.before.as_ref()),
            field(self.after.as_ref()),
            self.hash.clone(),
        ]
    }
}

/// Whether the log is as it was written.
#[utoipa::path(get, path = "/audit/integrity", tag = "audit",
    responses((status = 200, body = Integrity), Refusals))]
async fn verify(caller: Caller, edge: Data<Edge>) -> Result<impl Responder, Problem> {
    Ok(Json(audit::verify(&edge.control, &caller).await?))
}
