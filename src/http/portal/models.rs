//! `/portal/models`: the models, the names given to them, and the verdicts on what profiles take.

use std::collections::HashMap;

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use chrono::{TimeDelta, Utc};

use super::fault::Fault;
use super::form::{self, Answer, Barred, Visitor};
use super::input::{Choice, Input};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts::{self, Pager};
use super::sent::Sent;
use super::words::{self, Moment};
use crate::control::analytics::{self, Dimension, Filter};
use crate::control::model_mappings::{self, GiveName, ModelMapping};
use crate::control::verdicts::{self, DecideVerdict, Verdict, VerdictKind};
use crate::control::{ControlError, Paging};
use crate::domain::capability::Feature;
use crate::domain::model;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "models.html")]
struct Models {
    frame: Frame,
    token: String,
    models: Vec<Row>,
    names: Vec<ModelMapping>,
    verdicts: Vec<(Verdict, Option<Moment>)>,
    pager: Pager,
    forms: Vec<parts::Form>,
}

/// One model, in words.
struct Row {
    id: &'static str,
    name: &'static str,
    base: &'static str,
    aliases: &'static [&'static str],
    geographies: String,
    requests: String,
    cost: String,
}

/// Which form was refused.
#[derive(Clone, Copy)]
enum Refused<'f> {
    Name(&'f Sent, &'f Fault),
    Verdict(&'f Sent, &'f Fault),
}

/// Shows the page.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&all(&request, &edge, &visitor, None).await?))
}

async fn all(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    refused: Option<Refused<'_>>,
) -> Result<Models, Barred> {
    let asked = Sent::of_query(request.query_string());
    let now = Utc::now();
    let month = Filter::span(now - TimeDelta::days(30), now);
    let (control, caller) = (&edge.control, &visitor.caller);
    let (used, names, verdicts) = tokio::try_join!(
        analytics::ranking(control, caller, &month, Dimension::Model, 200),
        model_mappings::list(control, caller, Paging { limit: Some(200), ..Paging::default() }),
        verdicts::list(control, caller, asked.paging()),
    )?;
    let used: HashMap<_, _> = used.iter().map(|group| (group.id.as_str(), &group.sums)).collect();
    let models = model::all().iter().map(|model| {
        let sums = used.get(model.id);
        Row {
            id: model.id,
            name: model.display_name,
            base: model.base,
            aliases: model.aliases,
            geographies: model
                .geographies
                .iter()
                .map(|g| g.prefix())
                .collect::<Vec<_>>()
                .join(", "),
            requests: words::number(sums.map_or(0, |sums| sums.requests)),
            cost: words::dollars(sums.map_or(0, |sums| sums.cost_nanos)),
        }
    });
    let (naming, deciding) = match refused {
        Some(Refused::Name(sent, fault)) => (Some((sent, fault)), None),
        Some(Refused::Verdict(sent, fault)) => (None, Some((sent, fault))),
        None => (None, None),
    };
    Ok(Models {
        frame: Frame::new("Models", request, Some(visitor)),
        token: visitor.token(),
        models: models.collect(),
        names: names.data,
        pager: Pager::new(&asked, verdicts.next.as_deref()),
        verdicts: verdicts
            .data
            .into_iter()
            .map(|v| (v.clone(), v.expires_at.map(Moment::from)))
            .collect(),
        forms: vec![name_form(visitor, naming), verdict_form(visitor, deciding)],
    })
}

fn name_form(visitor: &Visitor, refused: Option<(&Sent, &Fault)>) -> parts::Form {
    let (sent, fault) = refused.unzip();
    let text = |name| sent.map_or("", |sent| sent.text(name));
    let name = Input::line("name", "Name", "text", text("name"), 200).required();
    let target = Input::line("target", "Stands for", "text", text("target"), 2048).required();
    parts::Form::new(visitor, "Give a model a name", "/portal/models/name", "Give the name")
        .lead("Clients that ask for the name are served the model. Names match exactly, and overrule those that the gateway knows.")
        .inputs([name, target.help("An id such as claude-sonnet-5-5, a Bedrock profile's id, or its ARN.")], fault)
}

fn verdict_form(visitor: &Visitor, refused: Option<(&Sent, &Fault)>) -> parts::Form {
    let (sent, fault) = refused.unzip();
    let text = |name| sent.map_or("", |sent| sent.text(name));
    let kinds =
        [("feature", "A feature of the table"), ("beta", "A beta"), ("field", "A top-level field")];
    let kinds = kinds.map(|(value, label)| Choice::new(value, label, text("kind") == value));
    let taken = text("taken") == "true";
    let taken = vec![
        Choice::new("false", "Leave it out", !taken),
        Choice::new("true", "Pass it on", taken),
    ];
    let features: Vec<_> = Feature::ALL.iter().map(|feature| feature.id()).collect();
    parts::Form::new(visitor, "Decide on a capability", "/portal/models/decide", "Decide")
        .lead("Holds for one endpoint's profile, over what is learned, until it is taken back.")
        .inputs(
            [
                Input::text("endpoint", "Endpoint", text("endpoint")).required(),
                Input::line("profile", "Inference profile", "text", text("profile"), 2048)
                    .required()
                    .help("Its id, such as us.anthropic.claude-sonnet-5-5, or its ARN."),
                Input::select("kind", "What", kinds.into()),
                Input::line("verdict_name", "Its name", "text", text("verdict_name"), 200)
                    .required()
                    .help(format!("Features: {}.", features.join(", "))),
                Input::select("taken", "What happens", taken),
                Input::text("reason", "Why", text("reason")).required(),
            ],
            fault,
        )
}

/// Gives a name to a model.
pub(super) async fn name(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let (name, target) = (sent.text("name").to_owned(), sent.text("target").to_owned());
    match model_mappings::create(&edge.control, &visitor.caller, GiveName { name, target }).await {
        Ok(_) => Ok(back(Notice::Created)),
        Err(error) => {
            let fault = Fault::of(error)?;
            let refused = Refused::Name(&sent, &fault);
            Ok(fault.page(&all(&request, &edge, &visitor, Some(refused)).await?))
        }
    }
}

/// Takes a name away.
pub(super) async fn unname(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let id = sent.id("id")?.ok_or(Barred::NotFound)?;
    model_mappings::delete(&edge.control, &visitor.caller, id).await?;
    Ok(back(Notice::Deleted))
}

/// Decides on a capability.
pub(super) async fn decide(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match verdicts::decide(&edge.control, &visitor.caller, order(&sent)).await {
        Ok(_) => Ok(back(Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(renamed(error))?;
            let refused = Refused::Verdict(&sent, &fault);
            Ok(fault.page(&all(&request, &edge, &visitor, Some(refused)).await?))
        }
    }
}

fn order(sent: &Sent) -> DecideVerdict {
    DecideVerdict {
        endpoint: sent.text("endpoint").to_owned(),
        profile: sent.text("profile").to_owned(),
        kind: match sent.text("kind") {
            "beta" => VerdictKind::Beta,
            "field" => VerdictKind::Field,
            _ => VerdictKind::Feature,
        },
        name: sent.text("verdict_name").to_owned(),
        taken: sent.text("taken") == "true",
        reason: sent.text("reason").to_owned(),
    }
}

/// The page has two fields that orders call `name`.
fn renamed(error: ControlError) -> ControlError {
    match error {
        ControlError::Invalid { field, takes } if field == "name" => {
            ControlError::Invalid { field: "verdict_name".into(), takes }
        }
        other => other,
    }
}

/// Takes a verdict back.
pub(super) async fn forget(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let id = sent.id("id")?.ok_or(Barred::NotFound)?;
    verdicts::delete(&edge.control, &visitor.caller, id).await?;
    Ok(back(Notice::Deleted))
}

fn back(notice: Notice) -> actix_web::HttpResponse {
    see_other(&format!("/portal/models?notice={}", notice.name()))
}
