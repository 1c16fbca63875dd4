//! `/portal/sign-in` and `/portal/sign-out`: a browser session for whoever knows the admin key.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::notice::Notice;
use super::page::{self, Frame, render, see_other, with_status};
use super::{form, session};
use crate::http::auth;
use crate::http::server::Edge;

/// Where a sign-in leads when it came from nowhere else.
const HOME: &str = "/portal/overview";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    next: String,
    error: Option<&'static str>,
}

/// Where to go after the sign-in.
#[derive(Deserialize)]
pub(super) struct Next {
    next: Option<String>,
}

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Sent {
    admin_key: secrecy::SecretString,
    next: String,
}

/// What the form of signing out sends.
#[derive(Deserialize)]
pub(super) struct SignOut {
    token: String,
}

/// Shows the form.
pub(super) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    query: Option<Query<Next>>,
) -> HttpResponse {
    let next = query.and_then(|query| query.into_inner().next).unwrap_or_default();
    if form::signed_in(&request, &edge).is_ok() {
        return see_other(own_page(&next));
    }
    let frame = Frame::new("Sign in", &request, None);
    render(&SignIn { frame, next: own_page(&next).to_owned(), error: missing(&edge) })
}

/// Takes the form.
pub(super) async fn sign_in(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<Sent>,
) -> HttpResponse {
    if !form::same_origin(&request) {
        return page::forged();
    }
    let (sent, next) = (sent.admin_key.expose_secret().trim(), own_page(&sent.next));
    match edge.admin_key.as_deref() {
        Some(admin_key) if form::fits(sent) && auth::same_secret(sent.as_bytes(), admin_key) => {
            let mut response = see_other(next);
            let cookie = session::begin(admin_key, form::is_secure(&request));
            match response.add_cookie(&cookie) {
                Ok(()) => response,
                Err(_) => HttpResponse::InternalServerError().finish(),
            }
        }
        _ => {
            let error = missing(&edge).or(Some("This is not the admin key of this gateway."));
            let frame = Frame::new("Sign in", &request, None);
            let page = SignIn { frame, next: next.to_owned(), error };
            with_status(StatusCode::UNAUTHORIZED, &page)
        }
    }
}

/// Ends the session.
pub(super) async fn sign_out(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<SignOut>,
) -> HttpResponse {
    if let Err(barred) = form::sent(&request, &edge, &sent.token) {
        return barred.into();
    }
    let mut response = see_other(&format!("/portal/sign-in?notice={}", Notice::SignedOut.name()));
    match response.add_cookie(&session::end(form::is_secure(&request))) {
        Ok(()) => response,
        Err(_) => HttpResponse::InternalServerError().finish(),
    }
}

fn missing(edge: &Edge) -> Option<&'static str> {
    edge.admin_key.is_none().then_some("No admin key is configured: set ADMIN_API_KEY.")
}

/// A page of the portal; nobody is sent to another host.
fn own_page(next: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_lowercase() || matches!(c, '/' | '-');
    let inside = next.strip_prefix("/portal/").is_some_and(|rest| rest.chars().all(is_plain));
    if inside { next } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(own_page("/portal/live"), "/portal/live");
        for elsewhere in
            ["", "//evil.test", "https://evil.test", "/portal/\r\nx: y", "/portal/..\\"]
        {
            assert_eq!(own_page(elsewhere), HOME, "{elsewhere}");
        }
    }
}
