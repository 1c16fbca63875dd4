//! What needs somebody's attention, with the page where something can be done about it.

use crate::actors::Gateway;
use crate::control::ControlError;
use crate::control::analytics::Sums;
use crate::http::portal::form::Visitor;
use crate::http::portal::words;
use crate::http::server::Edge;

/// One thing that needs attention.
pub(super) struct Warning {
    /// What it is.
    pub(super) text: String,
    /// The page about it, and what the link says.
    pub(super) link: Option<(&'static str, &'static str)>,
}

impl Warning {
    fn new(text: String, link: Option<(&'static str, &'static str)>) -> Self {
        Self { text, link }
    }
}

/// Everything that needs attention now.
pub(super) async fn all(
    gateway: &Gateway,
    edge: &Edge,
    visitor: &Visitor,
    month: &Sums,
) -> Result<Vec<Warning>, ControlError> {
    let mut warnings = of_instance(gateway);
    if crate::control::sign_in::has_default_password(&edge.control, &visitor.caller).await? {
        let text = "The admin still has the default password. Sign in with it and give another, or set ADMIN_PASSWORD.";
        warnings.push(Warning::new(text.to_owned(), None));
    }
    if month.unpriced > 0 {
        let text = format!(
            "{} requests of the last 30 days were for models without a price, and charged at the dearest one.",
            words::number(month.unpriced)
        );
        warnings.push(Warning::new(text, Some(("/portal/analytics/models", "Which models"))));
    }
    Ok(warnings)
}

fn of_instance(gateway: &Gateway) -> Vec<Warning> {
    let status = Some(("/portal/status", "Status"));
    let mut warnings = Vec::new();
    if gateway.readiness.is_draining() {
        let text = "This instance is shutting down and takes no new requests.".to_owned();
        warnings.push(Warning::new(text, None));
    }
    let board = gateway.board.children();
    for child in board.iter().filter(|child| !child.running()) {
        warnings.push(Warning::new(format!("The actor “{}” is down.", child.label), status));
    }
    let (failures, quarantined, dropped) = gateway.usage.troubles();
    let counted = [
        (dropped, "usage records are lost: neither disk nor database took them."),
        (quarantined, "usage records were refused by the database and put aside."),
        (
            failures,
            "writes of usage failed; their records wait in the journal and are tried again.",
        ),
    ];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    warnings.extend(
        counted
            .map(|(count, text)| Warning::new(format!("{} {text}", words::count(count)), status)),
    );
    warnings
}
