//! Answers as RFC 7644 has them.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CONTENT_TYPE, ETAG, HeaderValue, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::control::ControlError;
use crate::control::scim::{Listed, Resource};
use crate::domain::scim::{ERROR, LIST, Projection, ResourceType};
use crate::http::problem;
use crate::http::request_id::mark;

const SCIM_JSON: &str = "application/scim+json; charset=utf-8";

/// An answer with this body.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, SCIM_JSON)).insert_header(("cache-control", "no-store"));
    response.json(body)
}

/// A resource as it is shown.
pub(super) fn resource(
    status: StatusCode,
    resource: Resource,
    projection: &Projection,
    kind: &ResourceType,
) -> HttpResponse {
    let location = resource.members.get("meta").and_then(|meta| meta.get("location"));
    let location = location.and_then(Value::as_str).map(str::to_owned);
    let mut response = HttpResponse::build(status);
    response.insert_header((CONTENT_TYPE, SCIM_JSON)).insert_header(("cache-control", "no-store"));
    response.insert_header((ETAG, resource.version.as_str()));
    if let Some(location) = location {
        response.insert_header((LOCATION, location));
    }
    response.json(Value::Object(projection.apply(resource.members, kind)))
}

/// The answer to a caller that has the resource already.
pub(super) fn not_modified(resource: &Resource) -> HttpResponse {
    HttpResponse::NotModified().insert_header((ETAG, resource.version.as_str())).finish()
}

/// A page of a list.
pub(super) fn list(listed: Listed) -> HttpResponse {
    let shown: Vec<Value> = listed.resources.into_iter().map(Value::Object).collect();
    page(listed.total, listed.start_index, shown)
}

/// A list that is no longer than a page.
pub(super) fn all(resources: Vec<Value>) -> HttpResponse {
    page(resources.len(), 1, resources)
}

fn page(total: usize, start_index: usize, resources: Vec<Value>) -> HttpResponse {
    let body = json!({
        "schemas": [LIST],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    json(StatusCode::OK, &body)
}

/// The answer of routes that the standard names and the gateway does not have.
pub(super) fn not_implemented() -> HttpResponse {
    let status = StatusCode::NOT_IMPLEMENTED;
    json(status, &error(status, None, "The gateway does not implement this."))
}

/// The answer that tells of `refused`.
#[must_use]
pub fn render(refused: &ControlError, request_id: &str) -> HttpResponse {
    let status = problem::status(refused);
    let kind = match refused {
        ControlError::Scim(fault) => Some(fault.kind.name()),
        ControlError::Conflict { code: "uniqueness", .. } => Some("uniqueness"),
        ControlError::Invalid { .. } => Some("invalidSyntax"),
        _ => None,
    };
    let mut response = json(status, &error(status, kind, &refused.to_string()));
    let headers = response.headers_mut();
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    mark(headers, request_id);
    response
}

fn error(status: StatusCode, kind: Option<&str>, detail: &str) -> Map<String, Value> {
    let mut error = Map::new();
    error.insert("schemas".to_owned(), json!([ERROR]));
    error.insert("status".to_owned(), status.as_u16().to_string().into());
    error.insert("detail".to_owned(), detail.into());
    error.extend(kind.map(|kind| ("scimType".to_owned(), kind.into())));
    error
}
