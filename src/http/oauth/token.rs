//! `POST /oauth/token` and `POST /oauth/revoke`: a client fetches its tokens, fetches the next ones, signs out.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{Error, HttpRequest, HttpResponse};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{DEVICE_CODE, REFRESH_TOKEN, answer, failed, invalid_request, refused};
use crate::control::sign_in::poll::{self, Polled};
use crate::control::sign_in::refresh::refresh;
use crate::control::sign_in::tokens::{self, Tokens};
use crate::http::arrival::Arrival;
use crate::http::server::Edge;

/// What a client sends to get tokens.
#[derive(Deserialize)]
pub(super) struct Asked {
    grant_type: String,
    device_code: Option<SecretString>,
    refresh_token: Option<SecretString>,
}

/// What a client sends to sign out.
#[derive(Deserialize)]
pub(super) struct Revoked {
    token: SecretString,
}

/// Gives tokens, or says why not.
pub(super) async fn token(
    request: HttpRequest,
    edge: Data<Edge>,
    form: Result<Form<Asked>, Error>,
) -> HttpResponse {
    let Ok(Form(asked)) = form else { return invalid_request() };
    let issuer = Arrival::of(request.head(), &edge.front).origin;
    match (asked.grant_type.as_str(), asked.device_code, asked.refresh_token) {
        (DEVICE_CODE, Some(code), _) => {
            match poll::poll(&edge.control, code.expose_secret(), &issuer).await {
                Ok(polled) => answered(&polled),
                Err(error) => failed(&error),
            }
        }
        (REFRESH_TOKEN, _, Some(token)) => {
            match refresh(&edge.control, token.expose_secret(), &issuer).await {
                Ok(Some(tokens)) => granted(&tokens),
                Ok(None) => refused(StatusCode::UNAUTHORIZED, "invalid_grant", "Sign in again."),
                Err(error) => failed(&error),
            }
        }
        (DEVICE_CODE | REFRESH_TOKEN, ..) => invalid_request(),
        _ => {
            let takes = "This takes a device code or a refresh token.";
            refused(StatusCode::BAD_REQUEST, "unsupported_grant_type", takes)
        }
    }
}

/// Ends the session of a token; an unknown one is as good as ended (RFC 7009, 2.2).
pub(super) async fn revoke(edge: Data<Edge>, form: Result<Form<Revoked>, Error>) -> HttpResponse {
    let Ok(form) = form else { return invalid_request() };
    match tokens::revoke(&edge.control, form.token.expose_secret()).await {
        Ok(()) => answer(StatusCode::OK, &json!({})),
        Err(error) => failed(&error),
    }
}

fn answered(polled: &Polled) -> HttpResponse {
    let (error, description) = match polled {
        Polled::Granted(tokens) => return granted(tokens),
        Polled::Pending => ("authorization_pending", "Nobody has confirmed the code yet."),
        Polled::SlowDown => ("slow_down", "This asks too often."),
        Polled::Denied => ("access_denied", "The sign-in was turned away."),
        Polled::Expired => ("expired_token", "The code is unknown, used up or has expired."),
    };
    refused(StatusCode::BAD_REQUEST, error, description)
}

fn granted(tokens: &Tokens) -> HttpResponse {
    let mut body = json!({
        "access_token": tokens.access_token.expose_secret(),
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token.expose_secret(),
    });
    if let (Some(email), Some(body)) = (&tokens.email, body.as_object_mut()) {
        body.insert("email".to_owned(), json!(email));
    }
    answer(StatusCode::OK, &body)
}
