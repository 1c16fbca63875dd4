//! The forms on an endpoint's page.

use uuid::Uuid;

use super::fields::{fields, stored};
use crate::control::endpoints::Endpoint;
use crate::domain::model;
use crate::http::portal::fault::Fault;
use crate::http::portal::form::Visitor;
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::parts::Form;
use crate::http::portal::sent::Sent;

type Refused<'f> = Option<(&'f Sent, &'f Fault)>;

/// What an endpoint can be made to do; the environment's, which is not stored, cannot be drained.
pub(super) fn orders(
    visitor: &Visitor,
    id: Uuid,
    endpoint: Option<&(Endpoint, Vec<String>)>,
) -> Vec<Form> {
    let path = format!("/portal/endpoints/{id}");
    let switch = endpoint.map(|(endpoint, alone)| {
        if endpoint.enabled { drain(visitor, &path, alone) } else { resume(visitor, &path) }
    });
    [test(visitor, &path), probe(visitor, &path)].into_iter().chain(switch).collect()
}

/// What can be changed of a stored endpoint.
pub(super) fn changes(
    visitor: &Visitor,
    endpoint: &Endpoint,
    (change, stand_in): (Refused<'_>, Refused<'_>),
) -> Vec<Form> {
    let path = format!("/portal/endpoints/{}", endpoint.id);
    let (sent, fault) = change.unzip();
    let lead = "Teams that have it lose it: one that has no other is served by the default endpoints. Requests that it serves go on to their end; its usage stays.";
    vec![
        self::stand_in(visitor, &path, stand_in),
        Form::new(visitor, "Change", format!("{path}/change"), "Save")
            .inputs(sent.map_or_else(|| stored(endpoint), fields), fault),
        Form::new(visitor, "Delete", format!("{path}/delete"), "Delete the endpoint")
            .danger()
            .lead(lead),
    ]
}

fn test(visitor: &Visitor, path: &str) -> Form {
    let cheapest = [Choice::new("", "The cheapest that is there", true)];
    let choices = cheapest.into_iter().chain(models());
    Form::new(visitor, "Test", format!("{path}/test"), "Try it")
        .lead("Sends “Good day” and takes one token of the answer. AWS charges it; it is in no usage and counts for no health.")
        .inputs([Input::select("model", "Model that answers", choices.collect())], None)
}

fn probe(visitor: &Visitor, path: &str) -> Form {
    Form::new(visitor, "Profiles and quotas", format!("{path}/probe"), "Ask AWS now")
        .lead("One of the instances reads them from time to time, for all.")
}

fn drain(visitor: &Visitor, path: &str, alone: &[String]) -> Form {
    let alone = match alone {
        [] => String::new(),
        teams => format!(
            " These teams have no other endpoint, and their requests are refused meanwhile: {}.",
            teams.join(", ")
        ),
    };
    Form::new(visitor, "Drain", format!("{path}/drain"), "Drain the endpoint")
        .danger()
        .lead(format!("It takes no new requests; those that it serves go on to their end.{alone}"))
}

fn resume(visitor: &Visitor, path: &str) -> Form {
    Form::new(visitor, "Resume", format!("{path}/resume"), "Let it serve again")
        .lead("It is drained: it takes no new requests.")
}

fn stand_in(visitor: &Visitor, path: &str, refused: Refused<'_>) -> Form {
    let (sent, fault) = refused.unzip();
    let text = |name| sent.map_or("", |sent| sent.text(name));
    let chosen = text("profile_model");
    let models =
        models().map(|choice| Choice { chosen: choice.value == chosen, ..choice }).collect();
    Form::new(visitor, "Add a stand-in", format!("{path}/stand-in"), "Use it")
        .lead("An application inference profile of your account, which carries your cost tags, in the place of a model's own.")
        .inputs(
            [
                Input::select("profile_model", "Model", models),
                Input::line("profile_arn", "ARN of the profile", "text", text("profile_arn"), 2048)
                    .required(),
            ],
            fault,
        )
}

fn models() -> impl Iterator<Item = Choice> {
    model::all().iter().map(|model| Choice::new(model.id, model.display_name, false))
}
