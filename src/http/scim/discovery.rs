//! What the gateway can do by SCIM: `/ServiceProviderConfig`, `/ResourceTypes`, `/Schemas`.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::{answer, asked, only};
use crate::control::ControlError;
use crate::domain::scim::{RESOURCE_TYPES, SCHEMAS};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::resource::get;
use crate::http::server::Edge;

pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(only("/ServiceProviderConfig").route(get().to(service)))
        .service(only("/ResourceTypes").route(get().to(types)))
        .service(only("/ResourceTypes/{name}").route(get().to(one_type)))
        .service(only("/Schemas").route(get().to(schemas)))
        .service(only("/Schemas/{id}").route(get().to(schema)));
}

async fn service(
    caller: Caller,
    request: HttpRequest,
    edge: Data<Edge>,
) -> Result<HttpResponse, Problem> {
    caller.provider()?;
    let base = asked::base(&request, &edge);
    let no = json!({ "supported": false });
    let body = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": 200 },
        "changePassword": no,
        "sort": no,
        "etag": { "supported": true },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "SCIM token",
            "description": "A token that an admin of the gateway makes for the identity provider.",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base}/ServiceProviderConfig"),
        },
    });
    Ok(answer::json(StatusCode::OK, &body))
}

async fn types(
    caller: Caller,
    request: HttpRequest,
    edge: Data<Edge>,
) -> Result<HttpResponse, Problem> {
    caller.provider()?;
    refuse_filter(&request)?;
    let base = asked::base(&request, &edge);
    Ok(answer::all(RESOURCE_TYPES.iter().map(|kind| kind.describe(&base)).collect()))
}

async fn one_type(
    caller: Caller,
    request: HttpRequest,
    edge: Data<Edge>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    caller.provider()?;
    let base = asked::base(&request, &edge);
    let found = RESOURCE_TYPES.iter().find(|kind| kind.name == name.as_str());
    one(found.map(|kind| kind.describe(&base)))
}

async fn schemas(
    caller: Caller,
    request: HttpRequest,
    edge: Data<Edge>,
) -> Result<HttpResponse, Problem> {
    caller.provider()?;
    refuse_filter(&request)?;
    let base = asked::base(&request, &edge);
    Ok(answer::all(SCHEMAS.iter().map(|schema| schema.describe(&base)).collect()))
}

async fn schema(
    caller: Caller,
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    caller.provider()?;
    let base = asked::base(&request, &edge);
    let found = SCHEMAS.iter().find(|schema| schema.id.eq_ignore_ascii_case(&id));
    one(found.map(|schema| schema.describe(&base)))
}

fn one(found: Option<Value>) -> Result<HttpResponse, Problem> {
    let found = found.ok_or(ControlError::NotFound("resource"))?;
    Ok(answer::json(StatusCode::OK, &found))
}

/// What is described is not filtered (RFC 7644, section 4).
fn refuse_filter(request: &HttpRequest) -> Result<(), ControlError> {
    let has_filter = request.query_string().split('&').any(|part| part.starts_with("filter="));
    if has_filter {
        return Err(ControlError::Forbidden("This list takes no filter.".into()));
    }
    Ok(())
}
