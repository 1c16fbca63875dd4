//! What all pages have in common: the frame around them, and what browsers may do with them.

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, LOCATION};
use actix_web::web::{Data, Query};
use actix_web::{Error, HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::form::Visitor;
use super::nav::{self, Group};
use super::notice::Notice;
use crate::http::server::Edge;

/// Everything comes from this host, and nothing stands in the page itself.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The frame around a page: title, navigation by role, and the message of a form just sent.
pub(super) struct Frame {
    /// The title, which is also the heading and the word of the navigation.
    pub(super) title: &'static str,
    /// The session's token for forms; `None` for a visitor who is not signed in.
    pub(super) token: Option<String>,
    /// The name of whoever is signed in.
    pub(super) name: Option<String>,
    /// Whether there is a password to change.
    pub(super) has_password: bool,
    /// The pages that are for whoever looks.
    pub(super) groups: Vec<Group>,
    /// Whether people and usage are made up.
    pub(super) is_demo: bool,
    /// What the form just sent has done.
    pub(super) notice: Option<Notice>,
    /// The gateway's version.
    pub(super) version: &'static str,
}

#[derive(Deserialize)]
struct Said {
    notice: Option<Notice>,
}

impl Frame {
    /// The frame of a page for whoever is signed in.
    pub(super) fn new(
        title: &'static str,
        request: &HttpRequest,
        visitor: Option<&Visitor>,
    ) -> Self {
        let said = Query::<Said>::from_query(request.query_string()).ok();
        Self {
            title,
            token: visitor.map(Visitor::token),
            name: visitor.map(Visitor::name),
            has_password: visitor.is_some_and(|visitor| visitor.has_password),
            groups: nav::groups(visitor, request.path()),
            is_demo: request.app_data::<Data<Edge>>().is_some_and(|edge| edge.is_demo),
            notice: said.and_then(|said| said.notice),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

#[derive(Template)]
#[template(path = "message.html")]
struct Message {
    frame: Frame,
    text: String,
}

/// Renders a page.
pub(super) fn render(page: &impl Template) -> HttpResponse {
    with_status(StatusCode::OK, page)
}

/// Renders a page that answers with another status than 200.
pub(super) fn with_status(status: StatusCode, page: &impl Template) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse::build(status)
            .content_type(ContentType::html())
            .insert_header(("content-security-policy", POLICY))
            .insert_header(("x-content-type-options", "nosniff"))
            .insert_header(("referrer-policy", "same-origin"))
            .insert_header(("cache-control", "no-store"))
            .body(html),
        Err(error) => {
            tracing::error!(%error, "A page cannot be rendered.");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// Sends the browser on to a path of this host, with a `GET`.
pub(super) fn see_other(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// The page that says that there is none.
pub(super) fn not_found() -> HttpResponse {
    message(StatusCode::NOT_FOUND, "There is no such page.")
}

/// The page for a form whose token or origin is not right.
pub(super) fn forged() -> HttpResponse {
    let text =
        "This form was not sent from a page of this session. Open the page again and repeat.";
    message(StatusCode::FORBIDDEN, text)
}

/// The page for a member who wants an admin's page.
pub(super) fn admins_only() -> HttpResponse {
    message(StatusCode::FORBIDDEN, "Only admins have this page.")
}

/// The page for a moment in which the database is away.
pub(super) fn unavailable() -> HttpResponse {
    message(StatusCode::SERVICE_UNAVAILABLE, "The database cannot be reached right now. Try again.")
}

/// The page for what an address asks and does not make sense.
pub(super) fn refused(text: String) -> HttpResponse {
    message(StatusCode::BAD_REQUEST, &text)
}

/// The page for a fault of the gateway's own.
pub(super) fn failed() -> HttpResponse {
    message(StatusCode::INTERNAL_SERVER_ERROR, "The gateway failed on this; its log says why.")
}

/// The page for a method that a route does not have.
pub(super) fn method_not_allowed(_: &HttpRequest) -> Result<HttpResponse, Error> {
    Ok(message(StatusCode::METHOD_NOT_ALLOWED, "This is not possible here."))
}

fn message(status: StatusCode, text: &str) -> HttpResponse {
    let version = env!("CARGO_PKG_VERSION");
    let frame = Frame {
        title: "Not possible",
        token: None,
        name: None,
        has_password: false,
        groups: nav::groups(None, ""),
        is_demo: false,
        notice: None,
        version,
    };
    with_status(status, &Message { frame, text: text.to_owned() })
}
