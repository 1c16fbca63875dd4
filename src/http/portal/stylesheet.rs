//! `GET /static/portal.css`: the one stylesheet, out of the binary.

use actix_web::HttpResponse;

const STYLESHEET: &str = include_str!("../../../static/portal.css");

/// Serves the stylesheet.
pub async fn stylesheet() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header(("cache-control", "public, max-age=300"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(STYLESHEET)
}
