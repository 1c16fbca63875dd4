//! `/scim/v2/Users` and `/scim/v2/Groups`.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path, Query, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;
use uuid::Uuid;

use super::asked::{Parameters, Search, base, if_match, if_none_match};
use super::{answer, only};
use crate::control::scim::{Edit, Noun};
use crate::http::caller::Caller;
use crate::http::problem::Problem;
use crate::http::resource::{delete, get, patch, post, put};
use crate::http::server::Edge;

pub(super) fn routes(config: &mut ServiceConfig) {
    for noun in [Noun::User, Noun::Group] {
        let resources = web::scope(noun.kind().endpoint)
            .app_data(Data::new(noun))
            .service(only("").route(get().to(list)).route(post().to(create)))
            .service(only("/.search").route(post().to(search)))
            .service(
                only("/{id}")
                    .route(get().to(read))
                    .route(put().to(replace))
                    .route(patch().to(change))
                    .route(delete().to(remove)),
            );
        config.service(resources);
    }
}

async fn list(
    caller: Caller,
    request: HttpRequest,
    (edge, noun): (Data<Edge>, Data<Noun>),
    asked: Query<Parameters>,
) -> Result<HttpResponse, Problem> {
    let base = base(&request, &edge);
    let query = asked.into_inner().query();
    Ok(answer::list(noun.list(&edge.control, &caller, query, base).await?))
}

async fn search(
    caller: Caller,
    request: HttpRequest,
    (edge, noun): (Data<Edge>, Data<Noun>),
    asked: Json<Search>,
) -> Result<HttpResponse, Problem> {
    let base = base(&request, &edge);
    let query = asked.into_inner().query();
    Ok(answer::list(noun.list(&edge.control, &caller, query, base).await?))
}

async fn create(
    caller: Caller,
    request: HttpRequest,
    (edge, noun): (Data<Edge>, Data<Noun>),
    asked: Query<Parameters>,
    body: Json<Value>,
) -> Result<HttpResponse, Problem> {
    let base = base(&request, &edge);
    let made = noun.create(&edge.control, &caller, body.into_inner(), base).await?;
    Ok(answer::resource(StatusCode::CREATED, made, &asked.projection(), noun.kind()))
}

async fn read(
    caller: Caller,
    request: HttpRequest,
    (edge, noun): (Data<Edge>, Data<Noun>),
    id: Path<Uuid>,
    asked: Query<Parameters>,
) -> Result<HttpResponse, Problem> {
    let base = base(&request, &edge);
    let found = noun.get(&edge.control, &caller, *id, base).await?;
    if if_none_match(&request).is_some_and(|known| found.is_in(known)) {
        return Ok(answer::not_modified(&found));
    }
    Ok(answer::resource(StatusCode::OK, found, &asked.projection(), noun.kind()))
}

async fn replace(
    caller: Caller,
    request: HttpRequest,
    places: (Data<Edge>, Data<Noun>),
    id: Path<Uuid>,
    asked: Query<Parameters>,
    body: Json<Value>,
) -> Result<HttpResponse, Problem> {
    edit(&caller, &request, &places, *id, &asked, Edit::Replace(body.into_inner())).await
}

async fn change(
    caller: Caller,
    request: HttpRequest,
    places: (Data<Edge>, Data<Noun>),
    id: Path<Uuid>,
    asked: Query<Parameters>,
    body: Json<Value>,
) -> Result<HttpResponse, Problem> {
    edit(&caller, &request, &places, *id, &asked, Edit::Patch(body.into_inner())).await
}

async fn edit(
    caller: &Caller,
    request: &HttpRequest,
    (edge, noun): &(Data<Edge>, Data<Noun>),
    id: Uuid,
    asked: &Parameters,
    edit: Edit,
) -> Result<HttpResponse, Problem> {
    let (base, if_match) = (base(request, edge), if_match(request));
    let changed = noun.edit(&edge.control, caller, id, edit, if_match, base).await?;
    Ok(answer::resource(StatusCode::OK, changed, &asked.projection(), noun.kind()))
}

async fn remove(
    caller: Caller,
    request: HttpRequest,
    (edge, noun): (Data<Edge>, Data<Noun>),
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    let (base, if_match) = (base(&request, &edge), if_match(&request));
    noun.delete(&edge.control, &caller, *id, if_match, base).await?;
    Ok(HttpResponse::NoContent().finish())
}
