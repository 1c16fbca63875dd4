//! What the buttons on a destination's page do.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use uuid::Uuid;

use super::{address, shown};
use crate::control::notifications;
use crate::http::portal::form::{self, Answer};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::see_other;
use crate::http::portal::sent::Sent;
use crate::http::server::Edge;

/// Sends a test notification.
pub(in crate::http::portal) async fn test(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let test = notifications::test(&edge.control, &visitor.caller, *id).await?;
    let notice = if test.delivered { Notice::TestArrived } else { Notice::TestFailed };
    Ok(see_other(&address(*id, notice)))
}

/// Makes the destination active.
pub(in crate::http::portal) async fn activate(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    notifications::activate(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&address(*id, Notice::Activated)))
}

/// Makes the destination a draft again.
pub(in crate::http::portal) async fn deactivate(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    notifications::deactivate(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&address(*id, Notice::Deactivated)))
}

/// Gives the webhook a new secret, which is shown this once.
pub(in crate::http::portal) async fn rotate(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let made = notifications::rotate(&edge.control, &visitor.caller, *id).await?;
    Ok(shown(&request, &visitor, &made, Notice::Saved))
}

/// Takes the destination away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    notifications::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/notifications?notice={}", Notice::Deleted.name())))
}
