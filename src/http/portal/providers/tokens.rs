//! The SCIM tokens of a provider: made and shown once, and taken away.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use secrecy::ExposeSecret as _;
use uuid::Uuid;

use super::one::{With, back, one};
use crate::control::scim::tokens::{self, CreateScimToken};
use crate::http::arrival::Arrival;
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Barred};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render};
use crate::http::portal::sent::Sent;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "scim_token.html")]
struct Secret<'s> {
    frame: Frame,
    provider: Uuid,
    name: String,
    secret: &'s str,
    scim_url: String,
}

/// Makes a token, and shows it the only time.
pub(in crate::http::portal) async fn create(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let made = async {
        let expires_at = sent.end_of("expires")?;
        let order = CreateScimToken { name: sent.text("token_name").to_owned(), expires_at };
        tokens::create(&edge.control, &visitor.caller, *id, order).await
    };
    match made.await {
        Ok(new) => Ok(render(&Secret {
            frame: Frame::new("New SCIM token", &request, Some(&visitor)),
            provider: *id,
            name: new.token.name.clone(),
            secret: new.secret.expose_secret(),
            scim_url: format!("{}/scim/v2", Arrival::of(request.head(), &edge.front).origin),
        })),
        Err(error) => {
            let fault = Fault::of(error)?;
            let with = With { token: Some((&sent, &fault)), ..With::default() };
            Ok(fault.page(&one(&request, &edge, &visitor, *id, with).await?))
        }
    }
}

/// Takes a token away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let token = sent.id("token_id")?.ok_or(Barred::NotFound)?;
    tokens::delete(&edge.control, &visitor.caller, *id, token).await?;
    Ok(back(*id, Notice::Deleted))
}
