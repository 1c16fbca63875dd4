//! `/portal/sign-in` and `/portal/sign-out`: a browser session, by password, with the admin key, or by an
//! identity provider.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use uuid::Uuid;

use super::form::{self, Answer};
use super::notice::Notice;
use super::page::{self, Frame, render, see_other, with_status};
use crate::control::sign_in::{self, SignedIn, oidc};
use crate::control::{ControlError, sessions};
use crate::http::arrival::{self, Arrival};
use crate::http::server::Edge;
use crate::http::session;

/// Where a sign-in leads when it came from nowhere else.
const HOME: &str = "/portal";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn {
    frame: Frame,
    next: String,
    by_password: bool,
    username: String,
    password_error: Option<String>,
    key_error: Option<String>,
    providers: Vec<(Uuid, String)>,
    provider_error: Option<String>,
}

/// Where to go after the sign-in.
#[derive(Deserialize)]
pub(super) struct Next {
    pub(super) next: Option<String>,
}

/// What the forms send: a name and a password, or the admin key.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    username: String,
    password: Option<SecretString>,
    admin_key: Option<SecretString>,
    #[serde(default)]
    next: String,
}

/// What the form of signing out sends.
#[derive(Deserialize)]
pub(super) struct SignOut {
    token: String,
}

/// Shows the forms.
pub(super) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    query: Option<Query<Next>>,
) -> HttpResponse {
    let next = query.and_then(|query| query.into_inner().next).unwrap_or_default();
    if form::known(&request, &edge).await.is_ok() {
        return see_other(own_page(&next));
    }
    render(&blank(&request, &edge, &next))
}

fn blank(request: &HttpRequest, edge: &Edge, next: &str) -> SignIn {
    let no_key = edge.admin_key.is_none();
    SignIn {
        frame: Frame::new("Sign in", request, None),
        next: own_page(next).to_owned(),
        by_password: sign_in::takes_passwords(&edge.control),
        username: String::new(),
        password_error: None,
        providers: oidc::providers(&edge.control),
        provider_error: None,
        key_error: no_key.then(|| "No admin key is configured: set ADMIN_API_KEY.".to_owned()),
    }
}

/// Takes the forms.
pub(super) async fn sign_in(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<Sent>,
) -> HttpResponse {
    if !form::same_origin(&request, &edge) {
        return page::forged();
    }
    let sent = sent.into_inner();
    let (next, username) = (sent.next.clone(), sent.username.clone());
    let is_key = sent.admin_key.is_some();
    match attempt(&request, &edge, sent).await {
        Ok(signed_in) => welcome(&request, &edge, &signed_in, &next).await,
        Err(error) => {
            let mut page = blank(&request, &edge, &next);
            let text = Some(sentence(&error));
            if is_key {
                page.key_error = text;
            } else {
                (page.password_error, page.username) = (text, username);
            }
            refused(&error, &page)
        }
    }
}

/// The page for somebody who was not signed in by a provider.
pub(super) fn refused_by_provider(
    request: &HttpRequest,
    edge: &Edge,
    error: &ControlError,
    next: &str,
) -> HttpResponse {
    let mut page = blank(request, edge, next);
    page.provider_error = Some(sentence(error));
    refused(error, &page)
}

async fn attempt(request: &HttpRequest, edge: &Edge, sent: Sent) -> Result<SignedIn, ControlError> {
    let origin = arrival::origin(request, &edge.front);
    let long = |secret: &SecretString| !form::fits(secret.expose_secret());
    if sent.admin_key.as_ref().is_some_and(long) || !form::fits(&sent.username) {
        return Err(ControlError::Unauthenticated("This is too long for a name or a key.".into()));
    }
    match (sent.admin_key, sent.password) {
        (Some(key), _) => sign_in::by_admin_key(&edge.control, &key, origin).await,
        (None, Some(password)) => {
            sign_in::by_password(&edge.control, &sent.username, password, origin).await
        }
        (None, None) => Err(ControlError::Unauthenticated("A password is needed.".into())),
    }
}

/// Lets a browser in; the session that it had before ends.
pub(super) async fn welcome(
    request: &HttpRequest,
    edge: &Edge,
    signed_in: &SignedIn,
    next: &str,
) -> HttpResponse {
    if let Ok(before) = form::known(request, edge).await {
        let _ = sessions::sign_out(&edge.control, &before.caller, before.secret()).await;
    }
    let to = if signed_in.must_change_password { "/portal/password" } else { own_page(next) };
    let mut response = see_other(to);
    let is_secure = Arrival::of(request.head(), &edge.front).is_secure;
    session::begin(&mut response, signed_in, is_secure);
    response
}

fn refused(error: &ControlError, page: &SignIn) -> HttpResponse {
    let status = match error {
        ControlError::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
        ControlError::Forbidden(_) => StatusCode::FORBIDDEN,
        ControlError::Away(_) | ControlError::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        ControlError::NotFound(_) => StatusCode::NOT_FOUND,
        ControlError::Fault => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNAUTHORIZED,
    };
    with_status(status, page)
}

/// What went wrong, as a sentence.
pub(super) fn sentence(error: &ControlError) -> String {
    let text = match error {
        ControlError::Invalid { takes, .. } => takes.to_string(),
        other => other.to_string(),
    };
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

/// Ends the session.
pub(super) async fn sign_out(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<SignOut>,
) -> HttpResponse {
    let visitor = match form::sent_by_known(&request, &edge, &sent.token).await {
        Ok(visitor) => visitor,
        Err(barred) => return barred.into(),
    };
    if sessions::sign_out(&edge.control, &visitor.caller, visitor.secret()).await.is_err() {
        return page::unavailable();
    }
    let mut response = see_other(&format!("/portal/sign-in?notice={}", Notice::SignedOut.name()));
    session::end(&mut response, Arrival::of(request.head(), &edge.front).is_secure);
    response
}

/// `GET /portal`: the page that somebody who comes in begins with.
pub(super) async fn home(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::signed_in(&request, &edge).await?;
    let page = if visitor.is_admin() { "overview" } else { "dashboard" };
    let query = request.query_string();
    Ok(see_other(&format!("/portal/{page}{}{query}", if query.is_empty() { "" } else { "?" })))
}

/// A page of the portal; nobody is sent to another host.
pub(super) fn own_page(next: &str) -> &str {
    let is_plain = |c: char| c.is_ascii_lowercase() || matches!(c, '/' | '-');
    let is_code = |c: char| c.is_ascii_uppercase() || c == '-';
    let inside = next.strip_prefix("/portal/").is_some_and(|rest| rest.chars().all(is_plain));
    let code = next.strip_prefix("/device").map(|rest| rest.trim_start_matches("?user_code="));
    let confirms = code.is_some_and(|code| code.len() <= 20 && code.chars().all(is_code));
    if next == "/" || inside || confirms { next } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(own_page("/portal/live"), "/portal/live");
        assert_eq!(own_page("/"), "/");
        for confirming in ["/device", "/device?user_code=WDJB-MJHT"] {
            assert_eq!(own_page(confirming), confirming);
        }
        for elsewhere in [
            "",
            "/device.evil.test",
            "/device?user_code=A&next=B",
            "//evil.test",
            "https://evil.test",
            "/portal/\r\nx: y",
            "/portal/..\\",
        ] {
            assert_eq!(own_page(elsewhere), HOME, "{elsewhere}");
        }
    }

    #[test]
    fn an_error_is_a_sentence() {
        assert_eq!(
            sentence(&ControlError::Unavailable),
            "The database cannot be reached right now."
        );
        assert_eq!(sentence(&ControlError::invalid("f", "takes a word")), "Takes a word.");
    }
}
