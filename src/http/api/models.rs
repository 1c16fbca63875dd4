//! `GET /v1/models` and `/v1/models/{id}`: what may be asked for, from memory. Claude Code discovers
//! the gateway's models here and waits for 3 s at most.

use std::rc::Rc;

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use super::access;
use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::{Cursor, Offer, Page};
use crate::http::auth;
use crate::http::error::Refusal;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1000;

/// The query of the list, as it was sent.
#[derive(Debug, Deserialize)]
pub struct Asked {
    limit: Option<String>,
    after_id: Option<String>,
    before_id: Option<String>,
}

/// A page of the models, newest first.
///
/// # Errors
/// 401 without a valid key, 400 for a query that makes no sense.
pub async fn models(
    request: HttpRequest,
    asked: Query<Asked>,
    worker: Data<Rc<Worker>>,
) -> Result<HttpResponse, Refusal> {
    let principal = auth::principal(&request, &worker.gateway).await?;
    let offers = access::offers(&principal, &worker.gateway.endpoints);
    let page = Page::of(&offers, asked.cursor()?, asked.limit()?)
        .map_err(|error| ApiError::new(ErrorKind::InvalidRequest, error.to_string()))?;
    Ok(HttpResponse::Ok().json(json!({
        "data": page.offers.iter().map(shown).collect::<Vec<_>>(),
        "has_more": page.has_more,
        "first_id": page.offers.first().map(Offer::id),
        "last_id": page.offers.last().map(Offer::id),
    })))
}

/// The model behind an id, alias, profile id or ARN.
///
/// # Errors
/// 401 without a valid key, 404 for a name that stands for no model here.
pub async fn model(
    request: HttpRequest,
    id: Path<String>,
    worker: Data<Rc<Worker>>,
) -> Result<HttpResponse, Refusal> {
    let principal = auth::principal(&request, &worker.gateway).await?;
    let endpoints = &worker.gateway.endpoints;
    let resolved = endpoints.pool(principal.team_id).resolve(&id).map_err(ApiError::from)?;
    let offer = Offer::of(&resolved, &id).map_err(ApiError::from)?;
    access::permitted(&principal, &id, endpoints)?;
    Ok(HttpResponse::Ok().json(shown(&offer)))
}

impl Asked {
    fn cursor(&self) -> Result<Cursor<'_>, ApiError> {
        match (&self.after_id, &self.before_id) {
            (None, None) => Ok(Cursor::Start),
            (Some(id), None) => Ok(Cursor::After(id)),
            (None, Some(id)) => Ok(Cursor::Before(id)),
            (Some(_), Some(_)) => Err(ApiError::new(
                ErrorKind::InvalidRequest,
                "after_id and before_id exclude each other: send one of them.",
            )),
        }
    }

    fn limit(&self) -> Result<usize, ApiError> {
        let Some(limit) = &self.limit else { return Ok(DEFAULT_LIMIT) };
        let parsed = limit.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        parsed.ok_or_else(|| {
            let message = format!("limit: must be a whole number from 1 to {MAX_LIMIT}");
            ApiError::new(ErrorKind::InvalidRequest, message)
        })
    }
}

/// An entry in Anthropic's shape. An unknown date of release is the epoch there, never absent.
fn shown(offer: &Offer) -> Value {
    json!({
        "type": "model",
        "id": offer.id(),
        "display_name": offer.display_name(),
        "created_at": format!("{}T00:00:00Z", offer.released().unwrap_or_default()),
        "max_input_tokens": offer.context(),
        "max_tokens": offer.max_output(),
    })
}
