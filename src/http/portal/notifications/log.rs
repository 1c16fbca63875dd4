//! `/portal/notifications/log`: how each notification fared with each destination, and trying those
//! again that were given up.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;
use uuid::Uuid;

use crate::control::notifications::{self, Delivery, DeliveryFilter, DeliveryState, Destination};
use crate::http::portal::form::{self, Answer, Barred, Visitor};
use crate::http::portal::input::{Choice, Input};
use crate::http::portal::notice::Notice;
use crate::http::portal::page::{Frame, render, see_other};
use crate::http::portal::parts::Pager;
use crate::http::portal::sent::Sent;
use crate::http::portal::words::{self, Moment};
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "notification_log.html")]
struct Log {
    frame: Frame,
    selects: [Input; 2],
    deliveries: Deliveries,
    pager: Pager,
    is_filtered: bool,
}

/// Deliveries in rows.
#[derive(Template)]
#[template(path = "deliveries.html")]
pub(super) struct Deliveries {
    token: String,
    rows: Vec<Row>,
}

/// One delivery, in words.
struct Row {
    id: Uuid,
    what: String,
    severity: (&'static str, String),
    destination: String,
    /// Its page, where there still is one.
    destination_id: Option<Uuid>,
    state: (&'static str, String),
    is_parked: bool,
    attempts: i32,
    due: Option<Moment>,
    took: String,
    said: Option<String>,
    at: Moment,
}

impl Deliveries {
    /// The rows of these deliveries; those of `destinations` have a page that they lead to.
    pub(super) fn of(
        visitor: &Visitor,
        deliveries: Vec<Delivery>,
        destinations: &[Destination],
    ) -> Self {
        let rows = deliveries.into_iter().map(|delivery| row(delivery, destinations));
        Self { token: visitor.token(), rows: rows.collect() }
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

fn row(delivery: Delivery, destinations: &[Destination]) -> Row {
    let to = delivery.destination_id;
    let is_pending = delivery.state == "pending";
    let look = match delivery.state.as_str() {
        "delivered" => "good",
        "parked" => "bad",
        _ if delivery.error.is_some() => "warn",
        _ => "plain",
    };
    let state = match delivery.state.as_str() {
        "parked" => "given up".to_owned(),
        "pending" if delivery.error.is_some() => "tried again".to_owned(),
        state => state.to_owned(),
    };
    let severe = match delivery.severity.as_str() {
        "critical" => "bad",
        "high" | "warning" => "warn",
        _ => "plain",
    };
    Row {
        id: delivery.id,
        what: delivery.r#type.replace('_', " "),
        severity: (severe, delivery.severity),
        destination: delivery.destination,
        destination_id: destinations.iter().any(|one| one.id == to).then_some(to),
        is_parked: delivery.state == "parked",
        state: (look, state),
        attempts: delivery.attempts,
        due: (is_pending && delivery.attempts > 0).then(|| delivery.due_at.into()),
        took: words::latency(delivery.duration_ms.map(f64::from)),
        said: delivery.error.or(delivery.receipt),
        at: delivery.created_at.into(),
    }
}

/// Shows the log.
pub(in crate::http::portal) async fn page(request: HttpRequest, edge: Data<Edge>) -> Answer {
    let visitor = form::admin(&request, &edge).await?;
    let asked = Sent::of_query(request.query_string());
    let (control, caller) = (&edge.control, &visitor.caller);
    let chosen = DeliveryState::ALL.into_iter().find(|one| one.name() == asked.text("state"));
    let to = asked.id("to")?;
    let filter = DeliveryFilter { state: chosen, destination_id: to, ..DeliveryFilter::default() };
    let (page, destinations) = tokio::try_join!(
        notifications::deliveries(control, caller, filter, asked.paging()),
        notifications::list(control, caller),
    )?;
    let states = DeliveryState::ALL.into_iter().zip(["To be delivered", "Delivered", "Given up"]);
    let states = states.map(|(one, label)| Choice::new(one.name(), label, chosen == Some(one)));
    let states = [Choice::new("", "All", chosen.is_none())].into_iter().chain(states).collect();
    let named =
        destinations.data.iter().map(|one| Choice::new(one.id, &one.name, to == Some(one.id)));
    let named = [Choice::new("", "All", to.is_none())].into_iter().chain(named).collect();
    Ok(render(&Log {
        frame: Frame::new("Notifications", &request, Some(&visitor)),
        selects: [Input::select("state", "State", states), Input::select("to", "To", named)],
        pager: Pager::new(&asked, page.next.as_deref()),
        deliveries: Deliveries::of(&visitor, page.data, &destinations.data),
        is_filtered: chosen.is_some() || to.is_some(),
    }))
}

/// Has a delivery that was given up tried again.
pub(in crate::http::portal) async fn retry(
    request: HttpRequest,
    edge: Data<Edge>,
    sent: Form<Sent>,
) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let id = sent.id("id")?.ok_or(Barred::NotFound)?;
    notifications::retry(&edge.control, &visitor.caller, id).await?;
    Ok(see_other(&format!("/portal/notifications/log?notice={}", Notice::Retried.name())))
}
