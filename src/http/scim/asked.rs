//! What a request asks for, beyond its body.

use actix_web::HttpRequest;
use actix_web::http::header::{IF_MATCH, IF_NONE_MATCH};
use actix_web::web::Data;
use serde::Deserialize;
use serde_json::Value;

use super::BASE;
use crate::control::scim::Query;
use crate::domain::scim::Projection;
use crate::http::arrival::Arrival;
use crate::http::server::Edge;

/// The parameters of lists and of single resources.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Parameters {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    attributes: Option<String>,
    excluded_attributes: Option<String>,
}

impl Parameters {
    pub(super) fn projection(&self) -> Projection {
        Projection::of(self.attributes.as_deref(), self.excluded_attributes.as_deref())
    }

    pub(super) fn query(self) -> Query {
        Query {
            projection: self.projection(),
            filter: self.filter.filter(|filter| !filter.trim().is_empty()),
            start_index: self.start_index,
            count: self.count,
        }
    }
}

/// The same in the body of a search (RFC 7644, section 3.4.3).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search {
    filter: Option<String>,
    start_index: Option<i64>,
    count: Option<i64>,
    #[serde(default)]
    attributes: Value,
    #[serde(default)]
    excluded_attributes: Value,
}

impl Search {
    pub(super) fn query(self) -> Query {
        let names = |list: &Value| {
            let names: Vec<&str> =
                list.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            (!names.is_empty()).then(|| names.join(","))
        };
        let parameters = Parameters {
            filter: self.filter,
            start_index: self.start_index,
            count: self.count,
            attributes: names(&self.attributes),
            excluded_attributes: names(&self.excluded_attributes),
        };
        parameters.query()
    }
}

/// Where the routes begin, as the caller names the gateway.
pub(super) fn base(request: &HttpRequest, edge: &Data<Edge>) -> String {
    format!("{}{BASE}", Arrival::of(request.head(), &edge.front).origin)
}

/// The ETags that the resource must have to be changed.
pub(super) fn if_match(request: &HttpRequest) -> Option<String> {
    request.headers().get(IF_MATCH)?.to_str().ok().map(str::to_owned)
}

/// The ETags of what the caller has already.
pub(super) fn if_none_match(request: &HttpRequest) -> Option<&str> {
    request.headers().get(IF_NONE_MATCH)?.to_str().ok()
}
