//! Budgets as a table, each with how far it is spent: of all, or of one user, team or key.

use askama::Template;
use uuid::Uuid;

use crate::control::budgets::{self, Budget, BudgetFilter, Status};
use crate::control::{ControlError, Paging};
use crate::domain::budget::Target;
use crate::http::portal::form::Visitor;
use crate::http::portal::level::{self, Level};
use crate::http::portal::words;
use crate::http::server::Edge;

/// Budgets in rows.
#[derive(Template)]
#[template(path = "budgets_table.html")]
pub(in crate::http::portal) struct Table {
    rows: Vec<Row>,
    of_all: bool,
}

/// One budget, in words.
struct Row {
    id: Uuid,
    name: String,
    kind: &'static str,
    amount: String,
    period: &'static str,
    policy: String,
    level: Option<Level>,
    instead: &'static str,
}

impl Table {
    /// A table of these budgets, with whom they are for.
    pub(super) async fn of(
        edge: &Edge,
        visitor: &Visitor,
        budgets: Vec<Budget>,
    ) -> Result<Self, ControlError> {
        let mut levels = budgets::levels(&edge.control, &visitor.caller, &budgets).await?;
        let rows = budgets.into_iter().map(|budget| {
            let level = levels.remove(&budget.id);
            row(budget, level.as_ref())
        });
        Ok(Self { rows: rows.collect(), of_all: true })
    }

    /// The budgets of one user, team or key.
    pub(in crate::http::portal) async fn of_subject(
        edge: &Edge,
        visitor: &Visitor,
        id: Uuid,
    ) -> Result<Self, ControlError> {
        let filter = BudgetFilter { subject_id: Some(id), ..BudgetFilter::default() };
        let (control, caller) = (&edge.control, &visitor.caller);
        let page = budgets::list(control, caller, filter, Paging::default()).await?;
        Ok(Self { of_all: false, ..Self::of(edge, visitor, page.data).await? })
    }

    /// Whether there is none.
    pub(in crate::http::portal) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn row(budget: Budget, status: Option<&Status>) -> Row {
    let instead = match budget.target {
        _ if budget.amount_usd.is_none() => "no limit",
        Target::Default | Target::TeamDefault => "by user",
        _ => "–",
    };
    Row {
        id: budget.id,
        kind: kind(budget.target),
        amount: amount(&budget),
        period: level::period(budget.period),
        policy: level::policy(&budget.policy),
        name: budget.subject_name,
        level: status.map(Level::from),
        instead,
    }
}

/// The amount in words.
pub(super) fn amount(budget: &Budget) -> String {
    budget.amount_usd.map_or_else(|| "No limit".to_owned(), |amount| words::dollars(amount.0))
}

/// What a budget is for, in words.
pub(super) fn kind(target: Target) -> &'static str {
    match target {
        Target::Default => "the default of each user",
        Target::TeamDefault => "each user of the team",
        Target::User => "the user",
        Target::Team => "the team as a whole",
        Target::Key => "the key",
    }
}
