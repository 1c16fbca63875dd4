//! `/setup`: scripts that point Claude Code at this gateway, and the exchange of a setup token for
//! an API key. What a client says of the gateway's address is not believed: a script has the configured
//! one, or that of this very machine.

use actix_web::http::header::HOST;
use actix_web::web::{Data, Json, JsonConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Deserialize;

use super::arrival::Arrival;
use super::error::Refusal;
use super::problem::Problem;
use super::resource::{Only, get, post};
use super::server::{Edge, method_not_allowed};
use crate::control::{Caller, Who, keys};
use crate::domain::error::{ApiError, ErrorKind};

const SH: &str = include_str!("../../templates/setup/setup.sh");
const PS1: &str = include_str!("../../templates/setup/setup.ps1");
/// What stands for the gateway's address in the scripts.
const PLACE: &str = "__CCAG_URL__";
/// Largest body, in bytes.
const MAX_BODY: usize = 4096;

/// The routes.
pub fn routes(config: &mut ServiceConfig) {
    let only = |path: &str| Only::at(path, method_not_allowed);
    config
        .service(only("/setup").route(get().to(sh)))
        .service(only("/setup.ps1").route(get().to(ps1)))
        .service(
            only("/setup/redeem")
                .app_data(JsonConfig::default().limit(MAX_BODY))
                .route(post().to(redeem)),
        );
}

async fn sh(request: HttpRequest, edge: Data<Edge>) -> Result<HttpResponse, Refusal> {
    script(SH, &request, &edge)
}

async fn ps1(request: HttpRequest, edge: Data<Edge>) -> Result<HttpResponse, Refusal> {
    script(PS1, &request, &edge)
}

fn script(text: &str, request: &HttpRequest, edge: &Edge) -> Result<HttpResponse, Refusal> {
    let address = address(request, edge).ok_or_else(|| {
        let message = "The gateway does not know its own address: its admin must set PUBLIC_URL.";
        ApiError::new(ErrorKind::NotFound, message)
    })?;
    Ok(HttpResponse::Ok()
        .insert_header(("content-type", "text/plain; charset=utf-8"))
        .insert_header(("cache-control", "no-store"))
        .body(text.replace(PLACE, &address)))
}

/// The address that scripts may name: the configured one, else this machine's own.
pub(super) fn address(request: &HttpRequest, edge: &Edge) -> Option<String> {
    if let Some(url) = &edge.front.public_url {
        return is_plain(url).then(|| url.trim_end_matches('/').to_owned());
    }
    let host = request.headers().get(HOST)?.to_str().ok()?;
    let (name, port) = host.rsplit_once(':')?;
    let is_local = matches!(name, "127.0.0.1" | "localhost" | "[::1]");
    let scheme = if edge.front.has_tls { "https" } else { "http" };
    (is_local && port.parse::<u16>().is_ok()).then(|| format!("{scheme}://{host}"))
}

/// Whether it can stand in quotation marks in any shell.
fn is_plain(url: &str) -> bool {
    url.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":/.-_[]~".contains(&byte))
}

/// The order to exchange a setup token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Redeem {
    token: SecretString,
}

async fn redeem(
    request: HttpRequest,
    edge: Data<Edge>,
    order: Json<Redeem>,
) -> Result<HttpResponse, Problem> {
    let address = Arrival::of(request.head(), &edge.front).address;
    let caller = Caller { who: Who::System, address };
    let made = keys::redeem(&edge.control, &caller, &order.token).await?;
    Ok(HttpResponse::Created().insert_header(("cache-control", "no-store")).json(made))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_have_nothing_but_the_address_to_fill_in() {
        for script in [SH, PS1] {
            assert!(script.contains(PLACE));
            let filled = script.replace(PLACE, "https://ccag.example.com");
            assert!(!filled.contains("__"), "something else is to be filled in");
            assert!(!filled.contains("--insecure") && !filled.contains(" -k "));
        }
    }

    #[test]
    fn an_address_that_a_shell_could_read_is_none() {
        assert!(is_plain("https://ccag.example.com:8443/x"));
        for bad in ["https://a'b", "https://a$(x)", "https://a`x`", "https://a b", "https://a\"b"] {
            assert!(!is_plain(bad), "{bad}");
        }
    }
}
