//! `GET /`: how to point Claude Code at this gateway, and how to undo it.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::page::{Frame, render};
use super::session::Session;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "connect.html")]
struct Connect {
    frame: Frame,
    base_url: String,
}

/// Serves the page, with the address the visitor came by.
pub async fn connect(request: HttpRequest, edge: Data<Edge>) -> HttpResponse {
    let session = Session::of(&request, &edge);
    let connection = request.connection_info().clone();
    let base_url = format!("{}://{}", connection.scheme(), connection.host());
    render(&Connect { frame: Frame::new("Connect", &request, session.as_ref()), base_url })
}
