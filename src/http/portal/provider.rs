//! Signing in by an identity provider: the way to its page, and the way back.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::sign_in::{self, Next};
use crate::control::ControlError;
use crate::control::sign_in::oidc::{self, Callback};
use crate::http::arrival::{self, Arrival};
use crate::http::server::Edge;
use crate::http::session;

/// Where providers send browsers back to.
pub(super) const CALLBACK: &str = "/oauth/callback";

/// Sends the browser to a provider's page.
pub(super) async fn begin(
    request: HttpRequest,
    edge: Data<Edge>,
    provider: Path<Uuid>,
    query: Option<Query<Next>>,
) -> HttpResponse {
    let next = query.and_then(|query| query.into_inner().next).unwrap_or_default();
    let next = sign_in::own_page(&next).to_owned();
    let begun = match redirect_uri(&request, &edge) {
        Ok(uri) => oidc::begin(&edge.control, provider.into_inner(), uri, &next).await,
        Err(error) => Err(error),
    };
    match begun {
        Ok(begun) => {
            let mut response = HttpResponse::SeeOther()
                .insert_header((LOCATION, begun.url))
                .insert_header((CACHE_CONTROL, "no-store"))
                .finish();
            let is_secure = Arrival::of(request.head(), &edge.front).is_secure;
            session::begin_elsewhere(&mut response, begun.cookie, oidc::PATIENCE, is_secure);
            response
        }
        Err(error) => sign_in::refused_by_provider(&request, &edge, &error, &next),
    }
}

/// Takes the browser back.
pub(super) async fn end(
    request: HttpRequest,
    edge: Data<Edge>,
    back: Query<Callback>,
) -> HttpResponse {
    let cookie = request.cookie(session::ELSEWHERE);
    let origin = arrival::origin(&request, &edge.front);
    let cookie = cookie.as_ref().map(actix_web::cookie::Cookie::value);
    let mut response = match oidc::end(&edge.control, cookie, back.into_inner(), origin).await {
        Ok((signed_in, next)) => sign_in::welcome(&request, &edge, &signed_in, &next).await,
        Err(error) => sign_in::refused_by_provider(&request, &edge, &error, ""),
    };
    session::end_elsewhere(&mut response, Arrival::of(request.head(), &edge.front).is_secure);
    response
}

/// Where a provider sends the browser back to: below the configured address; without one only this
/// machine's own name is believed.
pub(in crate::http) fn redirect_uri(
    request: &HttpRequest,
    edge: &Edge,
) -> Result<String, ControlError> {
    if let Some(public) = &edge.front.public_url {
        return Ok(format!("{public}{CALLBACK}"));
    }
    let arrival = Arrival::of(request.head(), &edge.front);
    if arrival.is_local() {
        return Ok(format!("{}{CALLBACK}", arrival.origin));
    }
    let message = "This gateway does not know its own address: an admin has to set PUBLIC_URL.";
    Err(ControlError::Forbidden(message.into()))
}
