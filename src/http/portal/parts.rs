//! What pages are put together from: forms, the form above a list, and the links below it.

use askama::Template;

use super::fault::Fault;
use super::form::Visitor;
use super::input::{Input, with_fault};
use super::sent::Sent;

/// A form in a panel of its own, or the button of an order.
#[derive(Template)]
#[template(path = "form.html")]
pub(super) struct Form {
    heading: &'static str,
    lead: String,
    action: String,
    token: String,
    hidden: Vec<(&'static str, String)>,
    inputs: Vec<Input>,
    button: &'static str,
    danger: bool,
    fault: Option<String>,
}

impl Form {
    /// A form of a session that is sent to `action`.
    pub(super) fn new(
        visitor: &Visitor,
        heading: &'static str,
        action: impl ToString,
        button: &'static str,
    ) -> Self {
        Self {
            heading,
            lead: String::new(),
            action: action.to_string(),
            token: visitor.token(),
            hidden: Vec::new(),
            inputs: Vec::new(),
            button,
            danger: false,
            fault: None,
        }
    }

    /// With some words before the fields. Of a form that takes something away they say what will
    /// happen.
    pub(super) fn lead(mut self, lead: impl ToString) -> Self {
        self.lead = lead.to_string();
        self
    }

    /// Which takes something away: it asks once more before it is sent.
    pub(super) fn danger(mut self) -> Self {
        self.danger = true;
        self
    }

    /// With a field that is not shown.
    pub(super) fn hidden(mut self, name: &'static str, value: impl ToString) -> Self {
        self.hidden.push((name, value.to_string()));
        self
    }

    /// With these fields, and what was wrong with them.
    pub(super) fn inputs(
        mut self,
        inputs: impl IntoIterator<Item = Input>,
        fault: Option<&Fault>,
    ) -> Self {
        self.inputs = with_fault(inputs, fault);
        let names: Vec<_> = self.inputs.iter().flat_map(Input::names).collect();
        self.fault = fault.and_then(|fault| fault.whole(&names)).map(str::to_owned);
        self
    }

    /// The id of the heading.
    fn id(&self) -> String {
        self.heading.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-")
    }
}

/// The form above a list: what is searched for, in which order, and what else narrows it.
#[derive(Template)]
#[template(path = "finder.html")]
pub(super) struct Finder {
    action: &'static str,
    search: String,
    hint: &'static str,
    selects: Vec<Input>,
}

impl Finder {
    /// The form of the list at `action`.
    pub(super) fn new(
        action: &'static str,
        asked: &Sent,
        hint: &'static str,
        selects: Vec<Input>,
    ) -> Self {
        Self { action, search: asked.text("q").chars().take(200).collect(), hint, selects }
    }
}

/// The links below a list.
#[derive(Template)]
#[template(path = "pager.html")]
pub(super) struct Pager {
    first: Option<String>,
    next: Option<String>,
}

impl Pager {
    /// The links of a list with a next page at `cursor`.
    pub(super) fn new(asked: &Sent, cursor: Option<&str>) -> Self {
        Self {
            first: asked.given("after").map(|_| asked.query_with("after", None)),
            next: cursor.map(|cursor| asked.query_with("after", Some(cursor))),
        }
    }
}
