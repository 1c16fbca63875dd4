//! A field of a form, with its label, what helps to fill it in, and the error that stands beside it.

use askama::Template;

use super::fault::Fault;

/// One field.
#[derive(Template)]
#[template(path = "input.html")]
pub(super) struct Input {
    name: &'static str,
    label: &'static str,
    kind: Kind,
    help: String,
    required: bool,
    error: Option<String>,
}

/// How a field is filled in.
enum Kind {
    /// A line of text: the `type`, the value, and the longest one.
    Line { kind: &'static str, value: String, longest: usize },
    /// A whole number from one on.
    Number { value: String },
    /// Several lines.
    Area { value: String },
    /// One of some.
    Select { choices: Vec<Choice> },
    /// Any of some.
    Checks { choices: Vec<Choice> },
    /// Rows of fields that belong together, shown with one choice of another field (`name=value`).
    Rows { when: &'static str, rows: Vec<Vec<Input>> },
}

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// What is sent.
    pub(super) value: String,
    /// What is shown.
    pub(super) label: String,
    /// Whether it is chosen.
    pub(super) chosen: bool,
}

impl Choice {
    /// A choice.
    pub(super) fn new(value: impl ToString, label: impl ToString, chosen: bool) -> Self {
        Self { value: value.to_string(), label: label.to_string(), chosen }
    }
}

impl Input {
    fn new(name: &'static str, label: &'static str, kind: Kind) -> Self {
        Self { name, label, kind, help: String::new(), required: false, error: None }
    }

    /// A name or another short text.
    pub(super) fn text(name: &'static str, label: &'static str, value: impl ToString) -> Self {
        Self::line(name, label, "text", value, 100)
    }

    /// A line of text of another `type` or length.
    pub(super) fn line(
        name: &'static str,
        label: &'static str,
        kind: &'static str,
        value: impl ToString,
        longest: usize,
    ) -> Self {
        Self::new(name, label, Kind::Line { kind, value: value.to_string(), longest })
    }

    /// A number from one on.
    pub(super) fn number(name: &'static str, label: &'static str, value: impl ToString) -> Self {
        Self::new(name, label, Kind::Number { value: value.to_string() })
    }

    /// Several lines of text.
    pub(super) fn area(name: &'static str, label: &'static str, value: impl ToString) -> Self {
        Self::new(name, label, Kind::Area { value: value.to_string() })
    }

    /// One of some.
    pub(super) fn select(name: &'static str, label: &'static str, choices: Vec<Choice>) -> Self {
        Self::new(name, label, Kind::Select { choices })
    }

    /// Any of some.
    pub(super) fn checks(name: &'static str, label: &'static str, choices: Vec<Choice>) -> Self {
        Self::new(name, label, Kind::Checks { choices })
    }

    /// Rows of fields that belong together; with scripts only while another field has a value, as
    /// `name=value`.
    pub(super) fn rows(
        name: &'static str,
        label: &'static str,
        when: &'static str,
        rows: Vec<Vec<Input>>,
    ) -> Self {
        Self::new(name, label, Kind::Rows { when, rows })
    }

    /// With a sentence that helps to fill it in.
    pub(super) fn help(mut self, help: impl ToString) -> Self {
        self.help = help.to_string();
        self
    }

    /// Which cannot be left empty.
    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// With the error that is its own, where the form was refused for one.
    pub(super) fn with(mut self, fault: Option<&Fault>) -> Self {
        self.error = fault.and_then(|fault| fault.at(self.name)).map(str::to_owned);
        if let Kind::Rows { when, rows } = self.kind {
            let rows = rows.into_iter().map(|row| with_fault(row, fault)).collect();
            self.kind = Kind::Rows { when, rows };
        }
        self
    }

    /// The names of the field and of those within it.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let within: Vec<_> = match &self.kind {
            Kind::Rows { rows, .. } => rows.iter().flatten().flat_map(Self::names).collect(),
            _ => Vec::new(),
        };
        within.into_iter().chain([self.name]).collect()
    }

    /// The elements that describe the field.
    fn described_by(&self) -> String {
        let help = (!self.help.is_empty()).then(|| format!("{}_help", self.name));
        let error = self.error.as_ref().map(|_| format!("{}_error", self.name));
        error.into_iter().chain(help).collect::<Vec<_>>().join(" ")
    }
}

/// The fields, each with its own error.
pub(super) fn with_fault(
    inputs: impl IntoIterator<Item = Input>,
    fault: Option<&Fault>,
) -> Vec<Input> {
    inputs.into_iter().map(|input| input.with(fault)).collect()
}
