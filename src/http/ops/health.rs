//! Liveness and readiness.

use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::actors::worker::Worker;

/// `GET /health`: the process answers.
pub async fn health() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

/// `GET /ready`: new work is taken. A database that is away does not change that.
pub async fn ready(worker: Data<Rc<Worker>>) -> HttpResponse {
    if worker.gateway.readiness.is_draining() {
        return HttpResponse::ServiceUnavailable()
            .json(serde_json::json!({ "status": "draining" }));
    }
    HttpResponse::Ok().json(serde_json::json!({ "status": "ready" }))
}

/// `HEAD /` and `/api/hello`: clients warm their connection with it.
pub async fn hello() -> HttpResponse {
    HttpResponse::Ok().finish()
}
