//! Who calls the control plane: found once per request, before anything of it is parsed, and handed
//! to handlers as the extractor [`Caller`].

use std::future::{Ready, ready};
use std::ops::Deref;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest};
use chrono::Utc;
use tracing::Span;
use tracing::field::display;

use super::arrival::{self, Arrival};
use super::auth;
use super::problem::Problem;
use super::server::Edge;
use super::session;
use crate::actors::identity::Shown;
use crate::actors::worker::Worker;
use crate::control::scim::tokens;
use crate::control::{self, ControlError, Who, sessions};
use crate::domain::key::KeyHash;
use crate::domain::principal::Principal;

/// The header that carries the token of a session's forms.
const FORM_TOKEN: &str = "x-csrf-token";

/// The caller of a request.
#[derive(Debug, Clone)]
pub struct Caller(control::Caller);

impl Deref for Caller {
    type Target = control::Caller;

    fn deref(&self) -> &control::Caller {
        &self.0
    }
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = request.extensions().get::<Self>().cloned();
        ready(found.ok_or_else(|| Problem(unauthenticated()).into()))
    }
}

/// The middleware of the routes that nobody may call without a valid credential.
///
/// # Errors
/// Where there is none, as a [`Problem`].
pub async fn authenticate<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let edge = request.app_data::<Data<Edge>>();
    let address = edge.and_then(|edge| Arrival::of(request.head(), &edge.front).address);
    let who = who(&request).await.map_err(Problem)?;
    if let Who::User { id, .. } = &who {
        Span::current().record("user_id", display(id));
    }
    request.extensions_mut().insert(Caller(control::Caller { who, address }));
    next.call(request).await
}

async fn who(request: &ServiceRequest) -> Result<Who, ControlError> {
    let (worker, edge) = (request.app_data::<Data<Rc<Worker>>>(), request.app_data::<Data<Edge>>());
    let (Some(worker), Some(edge)) = (worker, edge) else { return Err(ControlError::Fault) };
    match by_key(request.headers(), worker, edge).await? {
        Some(who) => Ok(who),
        None => by_session(request, edge).await?.ok_or_else(unauthenticated),
    }
}

/// Who sends a session's cookie; to change something, its form token too, which no other site knows.
async fn by_session(request: &ServiceRequest, edge: &Edge) -> Result<Option<Who>, ControlError> {
    let cookie = request.request().cookie(session::SESSION);
    let Some(secret) = session::secret(cookie) else { return Ok(None) };
    let token = request.headers().get(FORM_TOKEN).and_then(|token| token.to_str().ok());
    let is_own = token.is_some_and(|token| secret.owns(token))
        && arrival::is_same_origin(request.headers(), &edge.front);
    if !request.method().is_safe() && !is_own {
        let message = "With a session's cookie, x-csrf-token must hold the token of its forms.";
        return Err(ControlError::Forbidden(message.into()));
    }
    Ok(sessions::find(&edge.control, &secret).await?.map(|(who, _)| who))
}

/// Who sends an admin key, a SCIM token, a token or an API key; `None` where none is sent.
async fn by_key(
    headers: &HeaderMap,
    worker: &Worker,
    edge: &Edge,
) -> Result<Option<Who>, ControlError> {
    if auth::admin(headers, edge.admin_key.as_deref()).is_ok() {
        return Ok(Some(Who::AdminKey));
    }
    let (mut sent, mut is_token) = (false, false);
    for key in auth::sent_keys(headers) {
        sent = true;
        if let Some(who) = tokens::who(&edge.control, key).await? {
            return Ok(Some(who));
        }
        if let Some(token) = auth::token(key) {
            let shown = worker.gateway.identity.shown(token).await;
            match shown.map_err(|_| ControlError::Unavailable)? {
                Shown::Somebody(principal, until) if Utc::now() < until => {
                    return Ok(Some(user(&principal)));
                }
                _ => {
                    is_token = true;
                    continue;
                }
            }
        }
        let Some(hash) = KeyHash::of(key) else { continue };
        let principal = worker.gateway.keys.find(hash).await;
        let principal = principal.map_err(|_| ControlError::Unavailable)?;
        if let Some(principal) = principal.filter(|principal| principal.valid_at(Utc::now())) {
            return Ok(Some(user(&principal)));
        }
    }
    match (sent, is_token) {
        (false, _) => Ok(None),
        (true, false) => Err(unauthenticated()),
        (true, true) => {
            let message = "This sign-in has expired or was ended. Sign in again.";
            Err(ControlError::Unauthenticated(message.into()))
        }
    }
}

fn user(principal: &Principal) -> Who {
    Who::User {
        id: principal.user_id,
        name: principal.user_name.clone(),
        role: principal.role,
        team_id: principal.team_id,
        credential: principal.credential,
        session_id: None,
        must_change_password: false,
    }
}

fn unauthenticated() -> ControlError {
    let message = "This needs the admin key as a bearer token, or a signed-in session.";
    ControlError::Unauthenticated(message.into())
}
