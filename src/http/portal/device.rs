//! `/device`: somebody confirms the code of a client that signs in. The page shows the code, who asks and from
//! where; it never sends itself, so that a link alone lets nobody in.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::form::{self, Barred, Visitor};
use super::page::{self, Frame, with_status};
use super::sign_in::sentence;
use crate::control::ControlError;
use crate::control::sign_in::device::{self, Waiting};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "device.html")]
struct Device {
    frame: Frame,
    user_code: String,
    name: String,
    asked: Option<Asked>,
    /// What has been decided, as a sentence.
    decided: Option<&'static str>,
    error: Option<String>,
}

/// A client that asks, as the page shows it.
struct Asked {
    client: &'static str,
    address: String,
    user_agent: String,
}

#[derive(Deserialize)]
pub(super) struct Code {
    user_code: Option<String>,
}

/// What the buttons send.
#[derive(Deserialize)]
pub(super) struct Decision {
    token: String,
    user_code: String,
    decision: String,
}

/// Shows the code, or asks for one.
pub(super) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    query: Option<Query<Code>>,
) -> HttpResponse {
    let code = query.and_then(|query| query.into_inner().user_code).unwrap_or_default();
    let visitor = match form::signed_in(&request, &edge).await {
        Ok(visitor) => visitor,
        Err(Barred::SignedOut(_)) => {
            return Barred::SignedOut(format!("/device?user_code={}", letters(&code))).into();
        }
        Err(barred) => return barred.into(),
    };
    if code.is_empty() {
        return with_status(StatusCode::OK, &blank(&request, &visitor, ""));
    }
    let mut shown = blank(&request, &visitor, &code);
    match device::waiting(&edge.control, &visitor.caller, &code).await {
        Ok(waiting) => {
            shown.user_code.clone_from(&waiting.user_code);
            shown.asked = Some(Asked::of(waiting));
            with_status(StatusCode::OK, &shown)
        }
        Err(error) => refused(&error, shown),
    }
}

/// Takes the decision.
pub(super) async fn decide(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<Decision>,
) -> HttpResponse {
    let visitor = match form::sent_by_known(&request, &edge, &sent.token).await {
        Ok(visitor) if visitor.must_change_password() => {
            return Barred::PasswordChangeNeeded.into();
        }
        Ok(visitor) => visitor,
        Err(barred) => return barred.into(),
    };
    let approved = match sent.decision.as_str() {
        "approve" => true,
        "deny" => false,
        _ => return page::forged(),
    };
    let mut shown = blank(&request, &visitor, &sent.user_code);
    match device::decide(&edge.control, &visitor.caller, &sent.user_code, approved).await {
        Ok(_) => {
            shown.decided = Some(if approved {
                "The client is signed in. You can close this page."
            } else {
                "The client was turned away. You can close this page."
            });
            with_status(StatusCode::OK, &shown)
        }
        Err(error) => refused(&error, shown),
    }
}

impl Asked {
    fn of(waiting: Waiting) -> Self {
        Self {
            client: waiting.surface.name(),
            address: waiting.address.unwrap_or_else(|| "an unknown address".to_owned()),
            user_agent: waiting.user_agent.unwrap_or_default(),
        }
    }
}

fn blank(request: &HttpRequest, visitor: &Visitor, code: &str) -> Device {
    Device {
        frame: Frame::new("Sign in a client", request, Some(visitor)),
        user_code: letters(code),
        name: visitor.name(),
        asked: None,
        decided: None,
        error: None,
    }
}

fn refused(error: &ControlError, mut shown: Device) -> HttpResponse {
    let (status, text) = match error {
        ControlError::NotFound(_) => (
            StatusCode::NOT_FOUND,
            "No client waits with this code. Codes are good for ten minutes, and once.".to_owned(),
        ),
        ControlError::TooMany { .. } => (StatusCode::TOO_MANY_REQUESTS, sentence(error)),
        ControlError::Forbidden(_) => (StatusCode::FORBIDDEN, sentence(error)),
        ControlError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, sentence(error)),
        _ => (StatusCode::INTERNAL_SERVER_ERROR, sentence(error)),
    };
    shown.error = Some(text);
    with_status(status, &shown)
}

/// What of a code may stand in an address.
fn letters(code: &str) -> String {
    let kept = code.chars().filter(|c| c.is_ascii_alphabetic() || *c == '-').take(12);
    kept.map(|c| c.to_ascii_uppercase()).collect()
}
