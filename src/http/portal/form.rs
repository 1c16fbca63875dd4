//! Who a page or a form is for: the signed-in, or admins only; and what every form must pass before it
//! is read: it comes from a page of this host, and from this session.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::page;
use super::sign_in::sentence;
use crate::control::sessions::{self, SessionSecret};
use crate::control::{Caller, ControlError, Who};
use crate::domain::principal::Role;
use crate::http::arrival::{self, Arrival};
use crate::http::server::Edge;
use crate::http::session;

/// The longest text that a field takes, in bytes.
const MAX_FIELD: usize = 4096;

/// A browser that is signed in.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    /// Whoever is signed in.
    pub(super) caller: Caller,
    /// Whether it is a user with a password.
    pub(super) has_password: bool,
    secret: SessionSecret,
}

impl Visitor {
    /// The session of the browser behind a request, where there is one.
    pub(super) async fn of(
        request: &HttpRequest,
        edge: &Edge,
    ) -> Result<Option<Self>, ControlError> {
        let Some(secret) = session::secret(request.cookie(session::SESSION)) else {
            return Ok(None);
        };
        let address = Arrival::of(request.head(), &edge.front).address;
        let found = sessions::find(&edge.control, &secret).await?;
        Ok(found.map(|(who, has_password)| {
            let caller = Caller { who, address };
            Self { caller, has_password, secret }
        }))
    }

    /// What each form of the session's pages must carry.
    pub(super) fn token(&self) -> String {
        self.secret.form_token()
    }

    /// The session's secret.
    pub(super) fn secret(&self) -> &SessionSecret {
        &self.secret
    }

    /// Whether the pages of admins are for it.
    pub(super) fn is_admin(&self) -> bool {
        match &self.caller.who {
            Who::User { role, .. } => *role == Role::Admin,
            Who::System | Who::AdminKey => true,
            Who::Scim { .. } => false,
        }
    }

    /// The name of whoever is signed in.
    pub(super) fn name(&self) -> String {
        self.caller.identity().name
    }

    pub(super) fn must_change_password(&self) -> bool {
        matches!(&self.caller.who, Who::User { must_change_password: true, .. })
    }
}

/// Why a page or a form is not for this browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::http) enum Barred {
    /// It is not signed in; with the path it wanted.
    SignedOut(String),
    /// The password must be changed first.
    PasswordChangeNeeded,
    /// Only admins have this page.
    AdminsOnly,
    /// The form was not sent from a page of its session.
    Forged,
    /// There is no such thing, or none that this browser may see.
    NotFound,
    /// What the address asks for does not make sense; says why.
    Refused(String),
    /// The database is away.
    Unavailable,
    /// The gateway failed; the log has it.
    Failed,
}

/// What a handler of pages answers.
pub(super) type Answer = Result<HttpResponse, Barred>;

impl Barred {
    /// What a handler has refused, or the framework before it.
    pub(in crate::http) fn of(error: &actix_web::Error) -> Self {
        if let Some(barred) = error.as_error::<Self>() {
            return barred.clone();
        }
        match error.as_response_error().status_code() {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::Refused("This is more than a form takes.".to_owned())
            }
            status if status.is_server_error() => Self::Failed,
            _ => Self::Refused("The form cannot be read.".to_owned()),
        }
    }
}

impl fmt::Display for Barred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl ResponseError for Barred {
    fn status_code(&self) -> StatusCode {
        self.error_response().status()
    }

    fn error_response(&self) -> HttpResponse {
        self.clone().into()
    }
}

impl From<ControlError> for Barred {
    fn from(error: ControlError) -> Self {
        match error {
            ControlError::Unauthenticated(_) => Self::SignedOut(String::new()),
            ControlError::PasswordChangeNeeded => Self::PasswordChangeNeeded,
            ControlError::Forbidden(_) | ControlError::ForbiddenField(_) => Self::AdminsOnly,
            ControlError::NotFound(_) => Self::NotFound,
            ControlError::Unavailable => Self::Unavailable,
            ControlError::Fault => Self::Failed,
            error => Self::Refused(sentence(&error)),
        }
    }
}

impl From<Barred> for HttpResponse {
    fn from(barred: Barred) -> Self {
        match barred {
            Barred::SignedOut(path) => {
                let next = utf8_percent_encode(&path, NON_ALPHANUMERIC);
                page::see_other(&format!("/portal/sign-in?next={next}"))
            }
            Barred::PasswordChangeNeeded => page::see_other("/portal/password"),
            Barred::AdminsOnly => page::admins_only(),
            Barred::Forged => page::forged(),
            Barred::NotFound => page::not_found(),
            Barred::Refused(text) => page::refused(text),
            Barred::Unavailable => page::unavailable(),
            Barred::Failed => page::failed(),
        }
    }
}

/// The signed-in browser behind a request.
///
/// # Errors
/// Where it is not signed in, or must change its password first.
pub(super) async fn signed_in(request: &HttpRequest, edge: &Edge) -> Result<Visitor, Barred> {
    let visitor = known(request, edge).await?;
    if visitor.must_change_password() { Err(Barred::PasswordChangeNeeded) } else { Ok(visitor) }
}

/// The signed-in browser behind a request, even one that must change its password.
///
/// # Errors
/// Where it is not signed in.
pub(super) async fn known(request: &HttpRequest, edge: &Edge) -> Result<Visitor, Barred> {
    let visitor = Visitor::of(request, edge).await.map_err(|_| Barred::Unavailable)?;
    visitor.ok_or_else(|| Barred::SignedOut(request.path().to_owned()))
}

/// The signed-in browser of an admin.
///
/// # Errors
/// Where it is none.
pub(super) async fn admin(request: &HttpRequest, edge: &Edge) -> Result<Visitor, Barred> {
    let visitor = signed_in(request, edge).await?;
    if visitor.is_admin() { Ok(visitor) } else { Err(Barred::AdminsOnly) }
}

/// The browser of a session that sends a form with `token`, even one that must change its password.
///
/// # Errors
/// Where there is none, or the form is not its own.
pub(super) async fn sent_by_known(
    request: &HttpRequest,
    edge: &Edge,
    token: &str,
) -> Result<Visitor, Barred> {
    own(known(request, edge).await?, request, edge, token)
}

/// The browser of a session that sends a form with `token`.
///
/// # Errors
/// Where there is none, or the form is not its own.
pub(super) async fn sent(
    request: &HttpRequest,
    edge: &Edge,
    token: &str,
) -> Result<Visitor, Barred> {
    own(signed_in(request, edge).await?, request, edge, token)
}

/// The browser of an admin's session that sends a form with `token`.
///
/// # Errors
/// Where there is none, it is no admin's, or the form is not its own.
pub(super) async fn sent_by_admin(
    request: &HttpRequest,
    edge: &Edge,
    token: &str,
) -> Result<Visitor, Barred> {
    own(admin(request, edge).await?, request, edge, token)
}

fn own(
    visitor: Visitor,
    request: &HttpRequest,
    edge: &Edge,
    token: &str,
) -> Result<Visitor, Barred> {
    let is_own = same_origin(request, edge) && visitor.secret.owns(token);
    if is_own { Ok(visitor) } else { Err(Barred::Forged) }
}

/// Whether a form comes from a page of this host.
pub(super) fn same_origin(request: &HttpRequest, edge: &Edge) -> bool {
    arrival::is_same_origin(request.headers(), &edge.front)
}

/// Whether a field's text is of a length that anything here takes.
pub(super) fn fits(text: &str) -> bool {
    text.len() <= MAX_FIELD
}
