//! `/portal/budgets`: all budgets with how far they are spent, setting one, and one with its change.

mod editor;
mod new;
mod one;
mod table;

use actix_web::HttpRequest;
use actix_web::web::Data;
use askama::Template;

pub(super) use new::{Of, create, form as new_form, form_of};
pub(super) use one::{change, delete, page as one};
pub(super) use table::Table;

use super::form::{self, Answer};
use super::input::{Choice, Input};
use super::page::{Frame, render};
use super::parts::{Finder, Pager};
use super::sent::Sent;
use crate::control::budgets::{self, BudgetFilter};
use crate::domain::budget::Target;
use crate::http::server::Edge;

/// The kinds of budgets: name, label in a list, label of one.
const KINDS: [(Target, &str, &str); 5] = [
    (Target::Default, "Default of all users", "Each user, as a default"),
    (Target::User, "Users", "One user"),
    (Target::Team, "Teams", "A team as a whole"),
    (Target::TeamDefault, "Defaults of teams", "Each user of a team, as a default"),
    (Target::Key, "Keys", "One key"),
];

#[derive(Template)]
#[template(path = "budgets.html")]
struct Budgets {
    frame: Frame,
    finder: Finder,
    pager: Pager,
    table: Table,
    is_filtered: bool,
}

/// Shows the list.
pub(super) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    let target = Target::named(asked.text("target"));
    let filter = BudgetFilter { target, search: asked.search(), ..BudgetFilter::default() };
    let page = budgets::list(&edge.control, &visitor.caller, filter, asked.paging()).await?;
    let kinds =
        KINDS.iter().map(|(kind, label, _)| Choice::new(kind.name(), label, target == Some(*kind)));
    let kinds = [Choice::new("", "All", target.is_none())].into_iter().chain(kinds).collect();
    let selects = vec![Input::select("target", "Of", kinds), asked.sort()];
    Ok(render(&Budgets {
        frame: Frame::new("Budgets", &request, Some(&visitor)),
        finder: Finder::new("/portal/budgets", &asked, "User, team or key", selects),
        pager: Pager::new(&asked, page.next.as_deref()),
        table: Table::of(&edge, &visitor, page.data).await?,
        is_filtered: asked.given("q").is_some() || target.is_some(),
    }))
}
