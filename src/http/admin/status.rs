//! `GET /admin/status`: the supervision tree and what goes through it.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::actors::worker::Worker;
use crate::http::caller::Caller;
use crate::http::problem::Problem;

/// Serves the status to admins.
///
/// # Errors
/// Where the caller is none.
pub async fn status(caller: Caller, worker: Data<Rc<Worker>>) -> Result<HttpResponse, Problem> {
    caller.admin()?;
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
    let troubles = gateway.usage.troubles();
    Ok(HttpResponse::Ok().json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "started_at": gateway.started_at,
        "draining": gateway.readiness.is_draining(),
        "live_streams": gateway.live.count(),
        "actors": actors,
        "database": { "connections": open, "idle": idle, "max_connections": most },
        "usage": {
            "journal_bytes": gateway.usage.pending_bytes(),
            "write_failures": troubles.failures,
            "quarantined": troubles.quarantined,
            "dropped": troubles.dropped,
        },
    })))
}
