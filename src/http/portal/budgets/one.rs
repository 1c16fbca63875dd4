//! `/portal/budgets/{id}`: one budget: how far it is spent, its change and its end.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form, Path};
use askama::Template;
use uuid::Uuid;

use super::{editor, table};
use crate::control::ControlError;
use crate::control::budgets::{self, Budget, EditBudget};
use crate::domain::budget::Target;
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::level::{self, Level};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts;
use crate::http::portal::sent::Sent;
use crate::http::portal::words::Moment;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "budget.html")]
struct One {
    frame: Frame,
    name: String,
    link: Option<String>,
    kind: &'static str,
    period: &'static str,
    amount: String,
    policy: String,
    set: Moment,
    changed: Moment,
    level: Option<Level>,
    forms: [parts::Form; 2],
}

/// Shows the budget.
pub(in crate::http::portal) async fn page(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    Ok(render(&one(&request, &edge, &visitor, *id, None).await?))
}

async fn one(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    refused: Option<(&Sent, &Fault)>,
) -> Result<One, Barred> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let budget = budgets::get(control, caller, id).await?;
    let levels = budgets::levels(control, caller, std::slice::from_ref(&budget)).await?;
    Ok(One {
        frame: Frame::new("Budget", request, Some(visitor)),
        link: budget.subject_id.map(|id| link(budget.target, id)),
        kind: table::kind(budget.target),
        period: level::period(budget.period),
        amount: table::amount(&budget),
        policy: level::policy(&budget.policy),
        set: budget.created_at.into(),
        changed: budget.updated_at.into(),
        level: levels.get(&budget.id).map(Level::from),
        forms: forms(visitor, &budget, refused),
        name: budget.subject_name,
    })
}

/// The page of whom a budget is for.
fn link(target: Target, id: Uuid) -> String {
    let list = match target {
        Target::Default | Target::User => "members",
        Target::Team | Target::TeamDefault => "teams",
        Target::Key => "keys",
    };
    format!("/portal/{list}/{id}")
}

fn forms(visitor: &Visitor, budget: &Budget, refused: Option<(&Sent, &Fault)>) -> [parts::Form; 2] {
    let path = format!("/portal/budgets/{}", budget.id);
    let (sent, fault) = refused.unzip();
    let inputs = match sent {
        Some(sent) => editor::sent(sent),
        None => editor::stored(budget.amount_usd, &budget.policy),
    };
    let change = parts::Form::new(visitor, "Change", format!("{path}/change"), "Save")
        .lead("It counts on every instance within a second, with what is spent already.")
        .inputs(inputs, fault);
    let lead = "What was limited by it alone is limited no more, at once; where a default stands behind it, that counts again. Usage stays.";
    let delete = parts::Form::new(visitor, "Delete", format!("{path}/delete"), "Delete the budget");
    [change, delete.danger().lead(lead)]
}

/// Changes the budget.
pub(in crate::http::portal) async fn change(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match edit(&edge, &visitor, *id, &sent).await {
        Ok(_) => Ok(see_other(&format!("/portal/budgets/{id}?notice={}", Notice::Saved.name()))),
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&one(&request, &edge, &visitor, *id, Some((&sent, &fault))).await?))
        }
    }
}

async fn edit(
    edge: &Edge,
    visitor: &Visitor,
    id: Uuid,
    sent: &Sent,
) -> Result<Budget, ControlError> {
    let amount_usd = Some(editor::amount(sent)?);
    let order = EditBudget { amount_usd, policy: Some(editor::policy(sent)?) };
    budgets::edit(&edge.control, &visitor.caller, id, order).await
}

/// Takes the budget away.
pub(in crate::http::portal) async fn delete(
    request: HttpRequest,
    edge: Data<Edge>,
    id: Path<Uuid>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    budgets::delete(&edge.control, &visitor.caller, *id).await?;
    Ok(see_other(&format!("/portal/budgets?notice={}", Notice::Deleted.name())))
}
