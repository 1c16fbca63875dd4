//! The orders to a key that need no field: rotate it, revoke it, take it away.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use uuid::Uuid;

use super::new::show;
use crate::control::keys::{self, RotateKey};
use crate::http::portal::form::{self, Answer};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::see_other;
use crate::http::portal::sent::Sent;
use crate::http::server::Edge;

/// Puts a new key in its place, and shows it.
pub(in crate::http::portal) async fn rotate(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent(&request, &edge, sent.text("token")).await?;
    let overlap_seconds = sent.read("overlap_seconds", "takes a number of seconds")?;
    let order = RotateKey { overlap_seconds };
    let new = keys::rotate(&edge.control, &visitor.caller, *id, order).await?;
    Ok(show(&request, &edge, &visitor, &new, true))
}

/// Revokes the key.
pub(in crate::http::portal) async fn revoke(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent(&request, &edge, sent.text("token")).await?;
    keys::revoke(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/keys/{id}?notice={}", Notice::KeyRevoked.name())))
}

/// Takes the key away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent(&request, &edge, sent.text("token")).await?;
    keys::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/keys?notice={}", Notice::Deleted.name())))
}
