//! What needs somebody's attention, with the page where something can be done about it.

use crate::actors::Gateway;
use crate::control::analytics::Sums;
use crate::control::budgets::{self, UsedUp};
use crate::control::endpoints::{self, EndpointHealth};
use crate::control::notifications::{self, Troubles};
use crate::control::{ControlError, sign_in};
use crate::http::portal::form::Visitor;
use crate::http::portal::words;
use crate::http::server::Edge;

/// Used up budgets that are named.
const NAMED: usize = 5;

/// One thing that needs attention.
pub(super) struct Warning {
    /// What it is.
    pub(super) text: String,
    /// The page about it, and what the link says.
    pub(super) link: Option<(String, &'static str)>,
}

impl Warning {
    fn new(text: impl ToString) -> Self {
        Self { text: text.to_string(), link: None }
    }

    fn link(mut self, path: impl ToString, label: &'static str) -> Self {
        self.link = Some((path.to_string(), label));
        self
    }
}

/// Everything that needs attention now.
pub(super) async fn all(
    gateway: &Gateway,
    edge: &Edge,
    visitor: &Visitor,
    month: &Sums,
) -> Result<Vec<Warning>, ControlError> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let mut warnings = of_instance(gateway);
    let (has_default, used_up, troubles) = tokio::try_join!(
        sign_in::has_default_password(control, caller),
        budgets::used_up(control, caller),
        notifications::troubles(control, caller),
    )?;
    if has_default {
        warnings.push(Warning::new("The admin still has the default password. Sign in with it and give another, or set ADMIN_PASSWORD."));
    }
    match endpoints::health(caller, &gateway.endpoints).await {
        Ok(health) => warnings.extend(health.data.iter().filter_map(of_endpoint)),
        Err(_) => warnings.push(Warning::new("How the endpoints do cannot be told at the moment.")),
    }
    warnings.extend(of_budgets(&used_up));
    warnings.extend(of_notifications(troubles));
    if month.unpriced > 0 {
        let requests = words::many(month.unpriced, "request", "requests");
        let text = format!(
            "Models without a price had {requests} in the last 30 days, charged at the dearest price."
        );
        warnings.push(Warning::new(text).link("/portal/pricing", "Set a price"));
    }
    Ok(warnings)
}

/// What is wrong with an endpoint that requests go to.
fn of_endpoint(endpoint: &EndpointHealth) -> Option<Warning> {
    let blocked: Vec<_> =
        endpoint.models.iter().filter(|model| matches!(model.breaker, "open" | "parked")).collect();
    let name = &endpoint.name;
    let text = match (&endpoint.credential_trouble, blocked.as_slice()) {
        _ if !endpoint.in_use => return None,
        (Some(trouble), _) if !endpoint.has_credential => {
            format!("The endpoint “{name}” has no credential that works: {trouble}")
        }
        (_, []) => return None,
        (_, [one]) if one.breaker == "parked" => {
            format!("The endpoint “{name}” has used up its daily quota for {}.", one.model)
        }
        (_, [one]) => format!("The endpoint “{name}” fails for {}, and is left alone.", one.model),
        (_, several) => {
            format!("The endpoint “{name}” fails for {} models, and is left alone.", several.len())
        }
    };
    let path = endpoint.id.map_or_else(String::new, |id| format!("/{id}"));
    Some(Warning::new(text).link(format!("/portal/endpoints{path}"), "The endpoint"))
}

/// The budgets that refuse requests now.
fn of_budgets(used_up: &[UsedUp]) -> Option<Warning> {
    let one = |one: &UsedUp| {
        let name = one.name.clone().unwrap_or_else(|| one.status.subject_id.to_string());
        format!("{} “{name}” ({})", one.status.scope, one.status.period.name())
    };
    let named: Vec<_> = used_up.iter().take(NAMED).map(one).collect();
    let more = used_up.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let text = format!("Requests are refused by used up budgets: {}{more}.", named.join(", "));
    let path = match used_up {
        [] => return None,
        [one] => format!("/portal/budgets/{}", one.status.budget_id),
        _ => "/portal/budgets".to_owned(),
    };
    Some(Warning::new(text).link(path, "Budgets"))
}

/// The notifications that do not arrive.
fn of_notifications(troubles: Troubles) -> Option<Warning> {
    let (text, state) = match troubles {
        Troubles { parked: 0, failing: 0 } => return None,
        Troubles { parked: 0, failing } => {
            let fail = words::many(failing, "notification fails", "notifications fail");
            (format!("{fail} to arrive, and will be tried again."), "pending")
        }
        Troubles { parked, .. } => {
            let parked = words::many(parked, "notification", "notifications");
            (format!("{parked} of the last week could not be delivered."), "parked")
        }
    };
    let path = format!("/portal/notifications/log?state={state}");
    Some(Warning::new(text).link(path, "Which, and why"))
}

fn of_instance(gateway: &Gateway) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if gateway.readiness.is_draining() {
        warnings.push(Warning::new("This instance is shutting down and takes no new requests."));
    }
    let status = |text: String| Warning::new(text).link("/portal/status", "Status");
    let board = gateway.board.children();
    for child in board.iter().filter(|child| !child.running()) {
        warnings.push(status(format!("The actor “{}” is down.", child.label)));
    }
    let troubles = gateway.usage.troubles();
    if troubles.is_failing {
        let text = "Usage cannot be written to the database. Its records wait in the journal, and are tried again.";
        warnings.push(status(text.to_owned()));
    }
    let counted = [
        (troubles.dropped, "usage records are lost: neither disk nor database took them."),
        (troubles.quarantined, "usage records were refused by the database and put aside."),
    ];
    let counted = counted.into_iter().filter(|(count, _)| *count > 0);
    warnings.extend(counted.map(|(count, text)| status(format!("{} {text}", words::count(count)))));
    warnings
}
