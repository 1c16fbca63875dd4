//! What every form must pass before it is read: it comes from a page of this host, and from this
//! session.

use actix_web::http::header::ORIGIN;
use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::page;
use super::session::Session;
use crate::http::server::Edge;

/// The longest text that a field takes, in bytes.
const MAX_FIELD: usize = 4096;

/// Why a page or a form is not for this browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Barred {
    /// It is not signed in; with the path it wanted.
    SignedOut(String),
    /// The form was not sent from a page of its session.
    Forged,
}

impl From<Barred> for HttpResponse {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::SignedOut(path) => {
                let next = utf8_percent_encode(&path, NON_ALPHANUMERIC);
                page::see_other(&format!("/portal/sign-in?next={next}"))
            }
            Barred::Forged => page::forged(),
        }
    }
}

/// The session of a signed-in browser.
///
/// # Errors
/// Where there is none.
pub(super) fn signed_in(request: &HttpRequest, edge: &Edge) -> Result<Session, Barred> {
    Session::of(request, edge).ok_or_else(|| Barred::SignedOut(request.path().to_owned()))
}

/// The session of a browser that sends a form with `token`.
///
/// # Errors
/// Where there is none, or the form is not its own.
pub(super) fn sent(request: &HttpRequest, edge: &Edge, token: &str) -> Result<Session, Barred> {
    let session = signed_in(request, edge)?;
    if same_origin(request) && session.owns(token) { Ok(session) } else { Err(Barred::Forged) }
}

/// Whether a form comes from a page of this host. Browsers send `Origin` with each `POST`.
pub(super) fn same_origin(request: &HttpRequest) -> bool {
    let Some(origin) = request.headers().get(ORIGIN) else { return true };
    let connection = request.connection_info();
    let own = format!("{}://{}", connection.scheme(), connection.host());
    origin.as_bytes().eq_ignore_ascii_case(own.as_bytes())
}

/// Whether the browser came by HTTPS.
pub(super) fn is_secure(request: &HttpRequest) -> bool {
    request.connection_info().scheme() == "https"
}

/// Whether a field's text is of a length that anything here takes.
pub(super) fn fits(text: &str) -> bool {
    text.len() <= MAX_FIELD
}
