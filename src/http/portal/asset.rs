//! `GET /static/…`: the stylesheet and the script, out of the binary.

use actix_web::HttpResponse;
use actix_web::web::Path;

use super::page;

const STYLESHEET: &str = include_str!("../../../static/portal.css");
const SCRIPT: &str = include_str!("../../../static/portal.js");

/// Serves one of the files.
pub(super) async fn asset(name: Path<String>) -> HttpResponse {
    let (kind, text) = match name.as_str() {
        "portal.css" => ("text/css; charset=utf-8", STYLESHEET),
        "portal.js" => ("text/javascript; charset=utf-8", SCRIPT),
        _ => return page::not_found(),
    };
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header(("cache-control", "public, max-age=300"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(text)
}
