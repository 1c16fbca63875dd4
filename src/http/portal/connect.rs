//! `GET /`: how to point Claude Code at this gateway, and how to undo it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::form::Visitor;
use super::page::{Frame, render};
use crate::http::arrival::Arrival;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "connect.html")]
struct Connect {
    frame: Frame,
    base_url: String,
}

/// Serves the page, with the address the visitor came by.
pub async fn connect(request: HttpRequest, edge: Data<Edge>) -> HttpResponse {
    // The page is for visitors too, also while the database is away.
    let visitor = Visitor::of(&request, &edge).await.ok().flatten();
    let base_url = Arrival::of(request.head(), &edge.front).origin;
    render(&Connect { frame: Frame::new("Connect", &request, visitor.as_ref()), base_url })
}
