//! Sign-in of clients: the endpoints of OAuth that Claude Code's own `/login`, the command line and the
//! token helper use (RFC 8414, 8628, 6749 section 6, 7009), and what a signed-in Claude Code asks for besides.

mod device;
mod session;
mod token;

use actix_web::http::StatusCode;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::arrival::Arrival;
use super::resource::{Only, get, post};
use super::server::Edge;
use crate::control::ControlError;

const DEVICE_AUTHORIZATION: &str = "/oauth/device_authorization";
const TOKEN: &str = "/oauth/token";
const REVOKE: &str = "/oauth/revoke";
/// The kinds of grant that the token endpoint knows.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const REFRESH_TOKEN: &str = "refresh_token";

/// The routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/.well-known/oauth-authorization-server").route(get().to(metadata)))
        .service(only(DEVICE_AUTHORIZATION).route(post().to(device::start)))
        .service(only(TOKEN).route(post().to(token::token)))
        .service(only(REVOKE).route(post().to(token::revoke)))
        .service(only("/managed/settings").route(get().to(session::managed_settings)))
        .service(only("/v1/metrics").route(post().to(session::telemetry)))
        .service(only("/v1/logs").route(post().to(session::telemetry)))
        .service(only("/v1/traces").route(post().to(session::telemetry)));
}

fn only(path: &str) -> Only {
    Only::at(path, super::server::method_not_allowed)
}

/// `GET /.well-known/oauth-authorization-server`
async fn metadata(request: HttpRequest, edge: Data<Edge>) -> HttpResponse {
    let origin = Arrival::of(request.head(), &edge.front).origin;
    answer(
        StatusCode::OK,
        &json!({
            "issuer": origin,
            "device_authorization_endpoint": format!("{origin}{DEVICE_AUTHORIZATION}"),
            "token_endpoint": format!("{origin}{TOKEN}"),
            "revocation_endpoint": format!("{origin}{REVOKE}"),
            "grant_types_supported": [DEVICE_CODE, REFRESH_TOKEN],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
            "revocation_endpoint_auth_methods_supported": ["none"],
            "gateway_protocol_version": 1,
        }),
    )
}

fn answer(status: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(status).insert_header(("cache-control", "no-store")).json(body)
}

/// A refusal in the form of OAuth.
fn refused(status: StatusCode, error: &str, description: &str) -> HttpResponse {
    answer(status, &json!({ "error": error, "error_description": description }))
}

fn invalid_request() -> HttpResponse {
    refused(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        "This takes a form, with what the grant needs.",
    )
}

/// What went wrong here, in the form of OAuth.
fn failed(error: &ControlError) -> HttpResponse {
    match error {
        ControlError::TooMany { .. } => {
            refused(StatusCode::TOO_MANY_REQUESTS, "slow_down", &error.to_string())
        }
        ControlError::Unavailable => {
            let mut response = refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                &error.to_string(),
            );
            let retry = actix_web::http::header::HeaderValue::from_static("1");
            response.headers_mut().insert(actix_web::http::header::RETRY_AFTER, retry);
            response
        }
        _ => refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            "server_error",
            "The gateway failed on this.",
        ),
    }
}
