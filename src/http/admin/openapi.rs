//! `GET /openapi.json`: the admin API as OpenAPI 3.1, put together from the annotations of its
//! handlers.

use actix_web::HttpResponse;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::export::Format;
use super::{
    analytics, audit, budgets, client_sessions, endpoints, identity_providers, keys,
    model_mappings, notifications, prices, scim_tokens, sessions, settings, teams, usage, users,
    verdicts,
};
use crate::http::problem::Details;

#[derive(OpenApi)]
#[openapi(
    info(title = "CCAG admin API", description = "Manages a Claude Code AWS Gateway."),
    modifiers(&Security),
    security(("admin_key" = []), ("session" = [], "csrf" = [])),
    components(schemas(Details<'static>, Format)),
    nest(
        (path = "/admin", api = keys::Api),
        (path = "/admin", api = users::Api),
        (path = "/admin", api = teams::Api),
        (path = "/admin", api = settings::Api),
        (path = "/admin", api = sessions::Api),
        (path = "/admin", api = scim_tokens::Api),
        (path = "/admin", api = client_sessions::Api),
        (path = "/admin", api = identity_providers::Api),
        (path = "/admin", api = audit::Api),
        (path = "/admin", api = budgets::Api),
        (path = "/admin", api = verdicts::Api),
        (path = "/admin", api = endpoints::Api),
        (path = "/admin", api = model_mappings::Api),
        (path = "/admin", api = prices::Api),
        (path = "/admin", api = notifications::Api),
        (path = "/admin", api = usage::Api),
        (path = "/admin", api = analytics::Api),
    ),
)]
struct Api;

struct Security;

impl Modify for Security {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        let components = api.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer);
        let bearer = bearer.description(Some("The admin key (ADMIN_API_KEY), or an access token."));
        components.add_security_scheme("admin_key", SecurityScheme::Http(bearer.build()));
        let session = ApiKey::Cookie(ApiKeyValue::new("ccag_session"));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
        let csrf = ApiKey::Header(ApiKeyValue::new("x-csrf-token"));
        components.add_security_scheme("csrf", SecurityScheme::ApiKey(csrf));
    }
}

/// Serves the description.
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().json(Api::openapi())
}
