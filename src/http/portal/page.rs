//! What all pages have in common: they are HTML, and load nothing from anywhere else.

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use askama::Template;

use crate::domain::error::{ApiError, ErrorKind};

/// Renders a page.
///
/// # Errors
/// Where the template fails.
pub(super) fn render(page: &impl Template) -> Result<HttpResponse, ApiError> {
    let html = page.render().map_err(|error| ApiError::new(ErrorKind::Api, error.to_string()))?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header(("content-security-policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"))
        .insert_header(("x-content-type-options", "nosniff"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(("cache-control", "no-store"))
        .body(html))
}
