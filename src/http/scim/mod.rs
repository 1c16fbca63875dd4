//! SCIM 2.0 for identity providers: `/scim/v2`. Nothing answers without a provider's SCIM token.

mod answer;
mod asked;
mod discovery;
mod resources;

use actix_web::HttpResponse;
use actix_web::middleware::from_fn;
use actix_web::web::{self, JsonConfig, ServiceConfig};

pub use answer::render;

use super::caller::authenticate;
use super::problem::{self, Problem};
use super::resource::Only;
use crate::control::ControlError;

/// Where the routes begin.
const BASE: &str = "/scim/v2";
/// Largest body, in bytes: a group with some 30,000 members.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// The routes.
pub fn routes(config: &mut ServiceConfig) {
    let json = JsonConfig::default().limit(MAX_BODY).content_type(|mime| {
        mime.essence_str() == "application/scim+json" || mime.essence_str() == "application/json"
    });
    let scim = web::scope(BASE)
        .wrap(from_fn(authenticate))
        .app_data(json)
        .configure(discovery::routes)
        .configure(resources::routes)
        .service(web::resource("/Me").to(not_implemented))
        .service(web::resource("/Bulk").to(not_implemented))
        .service(web::resource("/.search").to(not_implemented));
    config.service(scim.default_service(web::to(not_found)));
}

/// A resource that answers 405 to the methods it has no route for.
fn only(path: &str) -> Only {
    Only::at(path, problem::method_not_allowed)
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(ControlError::NotFound("resource").into())
}

async fn not_implemented() -> HttpResponse {
    answer::not_implemented()
}
