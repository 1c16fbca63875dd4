//! `GET /admin/status`: the supervision tree and what goes through it.

use std::rc::Rc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

use crate::actors::worker::Worker;
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::server::Edge;

/// Serves the status to whoever has the admin key.
///
/// # Errors
/// Where the admin key is missing.
pub async fn status(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    auth::admin(request.headers(), edge.admin_key.as_deref())?;
    let gateway = &worker.gateway;
    let actors: Vec<_> = gateway
        .board
        .children()
        .iter()
        .map(|child| {
            json!({
                "name": child.label,
                "state": if child.running() { "running" } else { "down" },
                "restarts": child.restarts(),
                "last_crash": child.last_crash().as_deref(),
            })
        })
        .collect();
    let (open, idle, most) = gateway.database.connections();
    let (failures, quarantined, dropped) = gateway.usage.troubles();
    Ok(HttpResponse::Ok().json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "draining": gateway.readiness.is_draining(),
        "live_streams": gateway.live.count(),
        "actors": actors,
        "database": { "connections": open, "idle": idle, "max_connections": most },
        "usage": {
            "journal_bytes": gateway.usage.pending_bytes(),
            "write_failures": failures,
            "quarantined": quarantined,
            "dropped": dropped,
        },
    })))
}
