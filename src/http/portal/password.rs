//! `/portal/password`: the password of whoever is signed in.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::form::{self, Visitor};
use super::notice::Notice;
use super::page::{Frame, render, see_other, with_status};
use super::sign_in::sentence;
use crate::control::{ControlError, sign_in};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "password.html")]
struct Password {
    frame: Frame,
    token: String,
    must_change: bool,
    current_error: Option<String>,
    new_error: Option<String>,
    repeated_error: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Sent {
    token: String,
    current_password: SecretString,
    new_password: SecretString,
    repeated_password: SecretString,
}

/// Shows the form.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> HttpResponse {
    match form::known(&request, &edge).await {
        Ok(visitor) => render(&blank(&request, &visitor)),
        Err(barred) => barred.into(),
    }
}

fn blank(request: &HttpRequest, visitor: &Visitor) -> Password {
    Password {
        frame: Frame::new("Password", request, Some(visitor)),
        token: visitor.token(),
        must_change: visitor.must_change_password(),
        current_error: None,
        new_error: None,
        repeated_error: None,
    }
}

/// Takes the form.
pub(super) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<Sent>,
) -> HttpResponse {
    let sent = sent.into_inner();
    let visitor = match form::sent_by_known(&request, &edge, &sent.token).await {
        Ok(visitor) => visitor,
        Err(barred) => return barred.into(),
    };
    let mut page = blank(&request, &visitor);
    if sent.new_password.expose_secret() != sent.repeated_password.expose_secret() {
        page.repeated_error = Some("This is not the same as the new password.".to_owned());
        return with_status(StatusCode::BAD_REQUEST, &page);
    }
    let (current, new) = (sent.current_password, sent.new_password);
    match sign_in::change_password(&edge.control, &visitor.caller, current, new).await {
        Ok(()) => see_other(&format!("/portal?notice={}", Notice::PasswordChanged.name())),
        Err(error) => {
            let text = Some(sentence(&error));
            if matches!(error.field(), Some("new_password")) {
                page.new_error = text;
            } else {
                page.current_error = text;
            }
            let status = match error {
                ControlError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
                _ => StatusCode::BAD_REQUEST,
            };
            with_status(status, &page)
        }
    }
}
