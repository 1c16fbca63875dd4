//! What the forms of an endpoint's page do.

use std::rc::Rc;

use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use uuid::Uuid;

use super::fields::{credential, guardrail};
use super::one::{After, one};
use crate::actors::worker::Worker;
use crate::control::ControlError;
use crate::control::endpoints::{self, EditEndpoint, Endpoint, ModelProfile, TestEndpoint};
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Visitor};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{render, see_other};
use crate::http::portal::sent::Sent;
use crate::http::server::Edge;

/// Has a model answer, and shows what came of it.
pub(in crate::http::portal) async fn test(
    request: HttpRequest,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let order = TestEndpoint { model: sent.given("model").map(str::to_owned) };
    let test = endpoints::test(&edge.control, &visitor.caller, &worker, *id, order).await?;
    let after = After { test: Some(test), ..After::default() };
    Ok(render(&one(&request, (&edge, &worker), &visitor, *id, after).await?))
}

/// Has AWS be asked.
pub(in crate::http::portal) async fn probe(
    request: HttpRequest,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let is_probing = worker.gateway.is_probing;
    endpoints::probe(&edge.control, &visitor.caller, *id, is_probing).await?;
    Ok(back(*id, Notice::Asked))
}

/// Lets the endpoint take no new requests.
pub(in crate::http::portal) async fn drain(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    endpoints::drain(&edge.control, &visitor.caller, *id).await?;
    Ok(back(*id, Notice::Drained))
}

/// Lets it take requests again.
pub(in crate::http::portal) async fn resume(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    endpoints::resume(&edge.control, &visitor.caller, *id).await?;
    Ok(back(*id, Notice::Resumed))
}

/// Puts an application profile in the place of a model's own.
pub(in crate::http::portal) async fn stand_in(
    request: HttpRequest,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let added = ModelProfile {
        model: sent.text("profile_model").to_owned(),
        profile: sent.text("profile_arn").to_owned(),
    };
    match add(&edge, &visitor, *id, added).await {
        Ok(_) => Ok(back(*id, Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(at_its_field(error))?;
            let after = After { stand_in: Some((&sent, &fault)), ..After::default() };
            Ok(fault.page(&one(&request, (&edge, &worker), &visitor, *id, after).await?))
        }
    }
}

/// Takes a stand-in away.
pub(in crate::http::portal) async fn stand_down(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let model = sent.text("profile_model");
    let endpoint = endpoints::get(&edge.control, &visitor.caller, *id).await?;
    let left = endpoint.profiles.into_iter().filter(|profile| profile.model != model).collect();
    let order = EditEndpoint { profiles: Some(left), ..EditEndpoint::default() };
    endpoints::edit(&edge.control, &visitor.caller, *id, order).await?;
    Ok(back(*id, Notice::Deleted))
}

/// Puts a stand-in beside the others, in the place of one for the same model.
async fn add(
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    added: ModelProfile,
) -> Result<Endpoint, ControlError> {
    let endpoint = endpoints::get(&edge.control, &visitor.caller, id).await?;
    let others = endpoint.profiles.into_iter().filter(|profile| profile.model != added.model);
    let profiles = others.chain([added.clone()]).collect();
    let order = EditEndpoint { profiles: Some(profiles), ..EditEndpoint::default() };
    endpoints::edit(&edge.control, &visitor.caller, id, order).await
}

/// An error of a profile, at the field of the form that it is about.
fn at_its_field(error: ControlError) -> ControlError {
    match error {
        ControlError::Invalid { field, takes } if field == "profiles.profile" => {
            ControlError::Invalid { field: "profile_arn".into(), takes }
        }
        ControlError::Invalid { field, takes } if field == "profiles.model" => {
            ControlError::Invalid { field: "profile_model".into(), takes }
        }
        error => error,
    }
}

/// Changes the endpoint.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    worker: Data<Rc<Worker>>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match edit(&edge, &visitor, *id, &sent).await {
        Ok(_) => Ok(back(*id, Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(error)?;
            let after = After { change: Some((&sent, &fault)), ..After::default() };
            Ok(fault.page(&one(&request, (&edge, &worker), &visitor, *id, after).await?))
        }
    }
}

async fn edit(
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    sent: &Sent,
) -> Result<Endpoint, ControlError> {
    let text = |name| sent.given(name).map(str::to_owned);
    let order = EditEndpoint {
        name: Some(sent.text("name").to_owned()),
        region: Some(sent.text("region").to_owned()),
        geography: Some(text("geography")),
        credential: credential(sent),
        runtime_url: Some(text("runtime_url")),
        control_url: Some(text("control_url")),
        priority: sent.read("priority", "takes a number from 0 to 1000")?,
        enabled: Some(sent.text("enabled") != "false"),
        is_default: Some(sent.text("default") == "true"),
        guardrail: Some(guardrail(sent)),
        ..EditEndpoint::default()
    };
    endpoints::edit(&edge.control, &visitor.caller, id, order).await
}

/// Takes the endpoint away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    endpoints::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/endpoints?notice={}", Notice::Deleted.name())))
}

fn back(id: Uuid, notice: Notice) -> HttpResponse {
    see_other(&format!("/portal/endpoints/{id}?notice={}", notice.name()))
}
