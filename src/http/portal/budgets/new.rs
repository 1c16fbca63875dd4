//! `/portal/budgets/new`: setting a budget, for whom is chosen here or on the page that led here.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use uuid::Uuid;

use super::{KINDS, editor};
use crate::control::budgets::{self, Budget, CreateBudget};
use crate::control::keys::{self, KeyFilter};
use crate::control::teams::{self, TeamFilter};
use crate::control::{ControlError, Paging, names};
use crate::domain::budget::{Period, Target};
use crate::http::portal::fault::Fault;
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::members;
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts;
use crate::http::portal::sent::Sent;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "budget_new.html")]
struct New {
    frame: Frame,
    form: parts::Form,
    of: Option<String>,
}

/// What the page that leads here is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http::portal) enum Of {
    /// A user.
    User(Uuid),
    /// A team.
    Team(Uuid),
    /// A key.
    Key(Uuid),
}

impl Of {
    /// What a form with a target and an id is about.
    fn sent(sent: &Sent) -> Result<Option<Self>, ControlError> {
        let id = sent.id("subject_id")?;
        let target = Target::named(sent.text("target"));
        Ok(id.zip(target).and_then(|(id, target)| match target {
            Target::User => Some(Self::User(id)),
            Target::Team | Target::TeamDefault => Some(Self::Team(id)),
            Target::Key => Some(Self::Key(id)),
            Target::Default => None,
        }))
    }

    fn id(self) -> Uuid {
        match self {
            Self::User(id) | Self::Team(id) | Self::Key(id) => id,
        }
    }

    /// The budgets that it can have.
    fn targets(self) -> &'static [Target] {
        match self {
            Self::User(_) => &[Target::User],
            Self::Team(_) => &[Target::Team, Target::TeamDefault],
            Self::Key(_) => &[Target::Key],
        }
    }
}

/// Shows the form.
pub(in crate::http::portal) async fn form(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    Ok(render(&page(&request, &edge, &visitor, &asked, None).await?))
}

async fn page(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    sent: &Sent,
    fault: Option<&Fault>,
) -> Result<New, Barred> {
    let of = Of::sent(sent)?;
    let name = match of {
        Some(of) => {
            let mut found = names::of(&edge.control, &visitor.caller, vec![of.id()]).await?;
            Some(found.remove(&of.id()).ok_or(Barred::NotFound)?)
        }
        None => None,
    };
    Ok(New {
        frame: Frame::new("New budget", request, Some(visitor)),
        form: form_of(visitor, of, sent, fault),
        of: name,
    })
}

/// The form, with what was sent before.
pub(in crate::http::portal) fn form_of(
    visitor: &Visitor,
    of: Option<Of>,
    sent: &Sent,
    fault: Option<&Fault>,
) -> parts::Form {
    let chosen = Target::named(sent.text("target"));
    let offered = |target: &Target| of.is_none_or(|of| of.targets().contains(target));
    let targets = KINDS.iter().filter(|(target, ..)| offered(target));
    let targets: Vec<_> = targets
        .map(|(target, _, label)| Choice::new(target.name(), label, chosen == Some(*target)))
        .collect();
    let periods = [
        (Period::Monthly, "A month"),
        (Period::Weekly, "A week, from Monday on"),
        (Period::Daily, "A day"),
    ];
    let period = sent.text("period");
    let periods = periods.map(|(one, label)| Choice::new(one.name(), label, one.name() == period));
    let mut form = parts::Form::new(visitor, "New budget", "/portal/budgets/new", "Set the budget");
    let mut inputs = Vec::new();
    match (of, targets.as_slice()) {
        (Some(of), [one]) => {
            form = form.hidden("target", &one.value).hidden("subject_id", of.id());
        }
        (Some(of), _) => {
            form = form.hidden("subject_id", of.id());
            inputs.push(Input::select("target", "For", targets));
        }
        (None, _) => {
            inputs.push(Input::select("target", "For", targets));
            let whom = Input::text("whom", "Name", sent.text("whom"));
            inputs.push(whom.help("Of the user (or the e-mail address), the team or the key. Empty for the default of all users."));
        }
    }
    inputs.push(Input::select("period", "To be spent in (UTC)", periods.into()));
    inputs.extend(editor::sent(sent));
    form.inputs(inputs, fault)
}

/// Sets the budget.
pub(in crate::http::portal) async fn create(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    match make(&edge, &visitor, &sent).await {
        Ok(budget) => {
            let notice = Notice::Created.name();
            Ok(see_other(&format!("/portal/budgets/{}?notice={notice}", budget.id)))
        }
        Err(error) => {
            let fault = Fault::of(error)?;
            Ok(fault.page(&page(&request, &edge, &visitor, &sent, Some(&fault)).await?))
        }
    }
}

async fn make(edge: &Edge, visitor: &Visitor, sent: &Sent) -> Result<Budget, ControlError> {
    let one_of = |field| ControlError::invalid(field, "takes one of these");
    let target = Target::named(sent.text("target")).ok_or_else(|| one_of("target"))?;
    let period = Period::named(sent.text("period")).ok_or_else(|| one_of("period"))?;
    let subject_id = match sent.id("subject_id")? {
        Some(id) => Some(id),
        None => named(edge, visitor, target, sent.text("whom")).await?,
    };
    let (amount_usd, policy) = (editor::amount(sent)?, Some(editor::policy(sent)?));
    let order = CreateBudget { target, subject_id, period, amount_usd, policy };
    budgets::create(&edge.control, &visitor.caller, order).await
}

/// The user, team or key of this name.
async fn named(
    edge: &Edge,
    visitor: &Visitor,
    target: Target,
    name: &str,
) -> Result<Option<Uuid>, ControlError> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let search = Some(name.to_owned());
    let found: Vec<(Uuid, String)> = match target {
        Target::Default if name.is_empty() => return Ok(None),
        Target::Default => {
            let takes = "takes nothing here: this budget is for each user";
            return Err(ControlError::invalid("whom", takes));
        }
        _ if name.is_empty() => {
            return Err(ControlError::invalid("whom", "takes the name of whom it is for"));
        }
        Target::User => return members::named(edge, visitor, "whom", name).await.map(Some),
        Target::Team | Target::TeamDefault => {
            let page = teams::list(control, caller, TeamFilter { search }, Paging::default());
            page.await?.data.into_iter().map(|team| (team.id, team.name)).collect()
        }
        Target::Key => {
            let filter = KeyFilter { search, ..KeyFilter::default() };
            let page = keys::list(control, caller, filter, Paging::default());
            page.await?.data.into_iter().map(|key| (key.id, key.name)).collect()
        }
    };
    let mut same =
        found.into_iter().filter(|(_, other)| other.to_lowercase() == name.to_lowercase());
    match (same.next(), same.next()) {
        (Some((id, _)), None) => Ok(Some(id)),
        (None, _) => Err(ControlError::invalid("whom", "nothing has this name")),
        (Some(_), Some(_)) => {
            let takes = "is the name of several: set the budget from the page of the one you mean";
            Err(ControlError::invalid("whom", takes))
        }
    }
}
