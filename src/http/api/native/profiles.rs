//! `GET /inference-profiles` and `/inference-profiles/{id}`: the profiles that may be called, from
//! memory.

use std::rc::Rc;

use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::actors::endpoints::Endpoints;
use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::domain::model::{self, Model};
use crate::domain::principal::Principal;
use crate::http::auth;
use crate::http::error::Refusal;

/// Since when the profiles are told to be there: Bedrock's own times are not known here.
const SINCE: &str = "1970-01-01T00:00:00Z";
const MAX_RESULTS: usize = 1000;

/// The query of ListInferenceProfiles.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    max_results: Option<String>,
    next_token: Option<String>,
    r#type: Option<String>,
}

/// A page of the profiles that the caller may use.
///
/// # Errors
/// The refusal that the client is to see.
pub async fn profiles(
    request: HttpRequest,
    asked: Query<Asked>,
    worker: Data<Rc<Worker>>,
) -> Result<HttpResponse, Refusal> {
    let gateway = &worker.gateway;
    let principal = auth::principal(&request, gateway).await?;
    let number = |text: &Option<String>, default| match text.as_deref().map(str::parse) {
        None => Ok(default),
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => Err(invalid("maxResults and nextToken take numbers of this list.")),
    };
    let (from, size) = (number(&asked.next_token, 0)?, number(&asked.max_results, 100)?);
    if !(1..=MAX_RESULTS).contains(&size) {
        return Err(invalid("maxResults takes a number from 1 to 1000.").into());
    }
    let all = match asked.r#type.as_deref() {
        None | Some("SYSTEM_DEFINED") => offered(&principal, &gateway.endpoints),
        Some("APPLICATION") => Vec::new(),
        Some(_) => return Err(invalid("type takes SYSTEM_DEFINED or APPLICATION.").into()),
    };
    let page: Vec<Value> = all.iter().skip(from).take(size).map(Offered::shown).collect();
    let end = from.saturating_add(page.len());
    let answer = if end < all.len() {
        json!({ "inferenceProfileSummaries": page, "nextToken": end.to_string() })
    } else {
        json!({ "inferenceProfileSummaries": page })
    };
    Ok(HttpResponse::Ok().json(answer))
}

/// The profile with this id or ARN.
///
/// # Errors
/// The refusal that the client is to see.
pub async fn profile(
    request: HttpRequest,
    id: Path<String>,
    worker: Data<Rc<Worker>>,
) -> Result<HttpResponse, Refusal> {
    let gateway = &worker.gateway;
    let principal = auth::principal(&request, gateway).await?;
    let all = offered(&principal, &gateway.endpoints);
    let found = all.iter().find(|known| known.id == *id || known.arn() == *id);
    let missing = || ApiError::new(ErrorKind::NotFound, "There is no such inference profile.");
    Ok(HttpResponse::Ok().json(found.ok_or_else(missing)?.shown()))
}

/// A profile that may be called.
struct Offered {
    id: String,
    model: &'static Model,
    region: String,
}

/// The profiles that a caller may use at its endpoints, those of wider geographies included.
fn offered(principal: &Principal, endpoints: &Endpoints) -> Vec<Offered> {
    let mut all = Vec::<Offered>::new();
    for session in &endpoints.pool(principal.team_id).sessions {
        let reachable = session.catalog.geography.wider();
        for model in model::all() {
            for wider in reachable.iter().filter(|wider| model.geographies.contains(wider)) {
                let id = format!("{wider}.{}", model.base);
                let is_known = all.iter().any(|offered| offered.id == id);
                if !is_known && principal.may_use(&id, Some(model)) {
                    all.push(Offered { id, model, region: session.endpoint.region.clone() });
                }
            }
        }
    }
    all
}

impl Offered {
    fn shown(&self) -> Value {
        let Self { id, model, region } = self;
        json!({
            "inferenceProfileName": model.display_name,
            "inferenceProfileArn": self.arn(),
            "inferenceProfileId": id,
            "models": [{
                "modelArn": format!("arn:{}:bedrock:{region}::foundation-model/{}", partition(region), model.base),
            }],
            "status": "ACTIVE",
            "type": "SYSTEM_DEFINED",
            "createdAt": SINCE,
            "updatedAt": SINCE,
            "description": format!("Routes requests to {}", model.display_name),
        })
    }

    /// The ARN without an account: whose it is, is for nobody to know.
    fn arn(&self) -> String {
        let Self { id, region, .. } = self;
        format!("arn:{}:bedrock:{region}:000000000000:inference-profile/{id}", partition(region))
    }
}

fn partition(region: &str) -> &'static str {
    if region.starts_with("us-gov-") { "aws-us-gov" } else { "aws" }
}

fn invalid(message: &'static str) -> ApiError {
    ApiError::new(ErrorKind::InvalidRequest, message)
}
