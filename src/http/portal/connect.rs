//! `GET /`: how to point Claude Code at this gateway.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::page::render;
use crate::http::error::Refusal;

#[derive(Template)]
#[template(path = "connect.html")]
struct Connect {
    base_url: String,
    version: &'static str,
}

/// Serves the page, with the address the visitor came by.
///
/// # Errors
/// Where the template fails.
pub async fn connect(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    let connection = request.connection_info();
    let base_url = format!("{}://{}", connection.scheme(), connection.host());
    Ok(render(&Connect { base_url, version: env!("CARGO_PKG_VERSION") })?)
}
