//! `POST /oauth/device_authorization`: a client begins to sign in. Claude Code sends nothing but `surface`,
//! and neither more nor less is asked for.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{Error, HttpRequest, HttpResponse};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use serde_json::json;

use super::{answer, failed, invalid_request};
use crate::control::sign_in::device::{self, INTERVAL, LIFETIME};
use crate::http::arrival::{Arrival, origin};
use crate::http::server::Edge;

/// What a client sends; all else is ignored.
#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    surface: String,
}

/// Begins a sign-in.
pub(super) async fn start(
    request: HttpRequest,
    edge: Data<Edge>,
    form: Result<Form<Asked>, Error>,
) -> HttpResponse {
    let Ok(form) = form else { return invalid_request() };
    match device::start(&edge.control, &form.surface, origin(&request, &edge.front)).await {
        Err(error) => failed(&error),
        Ok(started) => {
            let page = format!("{}/device", Arrival::of(request.head(), &edge.front).origin);
            answer(
                StatusCode::OK,
                &json!({
                    "device_code": started.device_code.expose_secret(),
                    "user_code": started.user_code,
                    "verification_uri": page,
                    "verification_uri_complete": format!("{page}?user_code={}", started.user_code),
                    "expires_in": LIFETIME,
                    "interval": INTERVAL,
                }),
            )
        }
    }
}
