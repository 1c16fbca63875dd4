//! The admin API: JSON for operators and tools. Nothing below `/admin` answers without a valid
//! credential; who may do what is for the control plane to say.

mod analytics;
mod audit;
mod budgets;
#[cfg(feature = "chaos")]
mod chaos;
mod client_sessions;
mod endpoints;
mod export;
mod identity_providers;
mod keys;
mod model_mappings;
mod notifications;
mod openapi;
mod prices;
mod scim_tokens;
mod sessions;
mod settings;
mod status;
mod teams;
mod usage;
mod users;
mod verdicts;

use actix_web::HttpResponse;
use actix_web::middleware::from_fn;
use actix_web::web::{self, JsonConfig, ServiceConfig};

pub use openapi::openapi;

use super::caller::authenticate;
use super::problem::{self, Problem};
#[cfg(feature = "chaos")]
use super::resource::post;
use super::resource::{Only, get};
use crate::control::ControlError;

/// Largest body of an order, in bytes.
const MAX_ORDER: usize = 256 * 1024;

/// The routes.
pub fn routes(config: &mut ServiceConfig) {
    let admin = web::scope("/admin")
        .wrap(from_fn(authenticate))
        .app_data(JsonConfig::default().limit(MAX_ORDER))
        .configure(keys::routes)
        .configure(users::routes)
        .configure(teams::routes)
        .configure(settings::routes)
        .configure(sessions::routes)
        .configure(scim_tokens::routes)
        .configure(client_sessions::routes)
        .configure(identity_providers::routes)
        .configure(audit::routes)
        .configure(budgets::routes)
        .configure(verdicts::routes)
        .configure(endpoints::routes)
        .configure(model_mappings::routes)
        .configure(prices::routes)
        .configure(notifications::routes)
        .configure(usage::routes)
        .configure(analytics::routes)
        .service(only("/status").route(get().to(status::status)));
    #[cfg(feature = "chaos")]
    let admin = admin.service(only("/chaos/{actor}").route(post().to(chaos::chaos)));
    config
        .service(admin.default_service(web::to(not_found)))
        .service(only("/openapi.json").route(get().to(openapi)));
}

/// A resource that answers 405 to the methods it has no route for.
fn only(path: &str) -> Only {
    Only::at(path, problem::method_not_allowed)
}

async fn not_found() -> Result<HttpResponse, Problem> {
    Err(ControlError::NotFound("route").into())
}
