//! `/portal/pricing`: what tokens cost now, overrides with their reasons, and the contract's terms.

use actix_web::HttpRequest;
use actix_web::web::{Data, Form};
use askama::Template;

use super::fault::Fault;
use super::figures::model_name;
use super::form::{self, Answer, Barred, Visitor};
use super::input::{Choice, Input};
use super::notice::Notice;
use super::page::{Frame, render, see_other};
use super::parts;
use super::sent::Sent;
use super::words::Moment;
use crate::control::ControlError;
use crate::control::prices::{
    self, OverridePrice, Price, PriceFilter, PriceRates, PriceReach, PriceTerms, SetTerms,
    UnpricedModel,
};
use crate::domain::model;
use crate::http::server::Edge;

#[derive(Template)]
#[template(path = "pricing.html")]
struct Pricing {
    frame: Frame,
    token: String,
    rows: Vec<Row>,
    unpriced: Vec<(UnpricedModel, Moment)>,
    refreshed: Option<Moment>,
    refresh_error: Option<String>,
    forms: Vec<parts::Form>,
}

/// One price, in words.
struct Row {
    price: Price,
    name: String,
    rates: [String; 5],
}

/// Which form was refused.
#[derive(Clone, Copy)]
enum Refused<'f> {
    Price(&'f Sent, &'f Fault),
    Terms(&'f Sent, &'f Fault),
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
) -> Result<Pricing, Barred> {
    let (control, caller) = (&edge.control, &visitor.caller);
    let (found, unpriced, terms, refresh) = tokio::try_join!(
        prices::list(control, caller, PriceFilter::default()),
        prices::unpriced(control, caller),
        prices::terms(control, caller),
        prices::last_refresh(control, caller),
    )?;
    let (price, contract) = match refused {
        Some(Refused::Price(sent, fault)) => (Some((sent, fault)), None),
        Some(Refused::Terms(sent, fault)) => (None, Some((sent, fault))),
        None => (None, None),
    };
    let refresh_form =
        parts::Form::new(visitor, "AWS Price List", "/portal/pricing/refresh", "Read it again")
            .lead("It is read once a day by one instance; overrides stay above it.");
    Ok(Pricing {
        frame: Frame::new("Pricing", request, Some(visitor)),
        token: visitor.token(),
        rows: found.data.into_iter().map(row).collect(),
        unpriced: unpriced
            .data
            .into_iter()
            .map(|one| {
                let last = one.last_at.into();
                (one, last)
            })
            .collect(),
        refreshed: refresh.ended_at.map(Moment::from),
        refresh_error: refresh.error,
        forms: vec![
            price_form(visitor, price),
            terms_form(visitor, &terms, contract),
            refresh_form,
        ],
    })
}

fn row(price: Price) -> Row {
    let PriceRates { input, output, cache_read, cache_write_5m, cache_write_1h } = &price.rates;
    let rates = [input, output, cache_read, cache_write_5m, cache_write_1h];
    Row { name: by_base(&price.model), rates: rates.map(|rate| dollars(*rate)), price }
}

/// Dollars with the cents, and with more digits only where they are needed.
fn dollars(rate: f64) -> String {
    let text = format!("{rate:.4}");
    let kept = text.trim_end_matches('0').len().max(text.find('.').unwrap_or(0) + 3);
    format!("${}", text.get(..kept).unwrap_or(&text))
}

/// The name of the model with this base id.
fn by_base(base: &str) -> String {
    let known = model::all().iter().find(|model| model.base == base);
    known.map_or_else(|| model_name(base), |model| model.display_name.to_owned())
}

fn price_form(visitor: &Visitor, refused: Option<(&Sent, &Fault)>) -> parts::Form {
    let (sent, fault) = refused.unzip();
    let text = |name| sent.map_or("", |sent| sent.text(name));
    let models =
        model::all().iter().map(|m| Choice::new(m.id, m.display_name, text("model") == m.id));
    let reaches = [
        ("geo", "A geography or region"),
        ("global", "Global profiles"),
        ("us-gov", "AWS GovCloud"),
    ];
    let reaches = reaches.map(|(value, label)| Choice::new(value, label, text("reach") == value));
    let rate = |name, label| Input::line(name, label, "text", text(name), 12).required();
    let known = Input::select("model", "Model", models.collect());
    let inputs = [
        known,
        Input::line("other_model", "Or another model", "text", text("other_model"), 2048)
            .help("A Bedrock base id, where it is not in the list."),
        Input::select("reach", "Reach", reaches.into()),
        rate("rates.input", "Input, dollars per million tokens"),
        rate("rates.output", "Output"),
        rate("rates.cache_read", "Read from cache"),
        rate("rates.cache_write_5m", "Written to cache, 5 minutes"),
        rate("rates.cache_write_1h", "Written to cache, 1 hour"),
        Input::text("reason", "Why", text("reason")).required(),
    ];
    parts::Form::new(visitor, "Set a price", "/portal/pricing/set", "Set the price")
        .lead("It counts from now on, above the Price List; what was charged before stays.")
        .inputs(inputs, fault)
}

fn terms_form(
    visitor: &Visitor,
    terms: &PriceTerms,
    refused: Option<(&Sent, &Fault)>,
) -> parts::Form {
    let (sent, fault) = refused.unzip();
    let text =
        |name, stored: f64| sent.map_or(stored.to_string(), |sent| sent.text(name).to_owned());
    let inputs = [
        Input::line(
            "multiplier",
            "All prices times",
            "text",
            text("multiplier", terms.multiplier),
            12,
        )
        .required()
        .help("0.85 where the contract takes 15 % off."),
        Input::line(
            "web_search",
            "A web search, in dollars",
            "text",
            text("web_search", terms.web_search),
            12,
        )
        .required(),
        Input::text("terms_reason", "Why", sent.map_or("", |sent| sent.text("terms_reason")))
            .required(),
    ];
    parts::Form::new(visitor, "The contract", "/portal/pricing/terms", "Set the terms")
        .inputs(inputs, fault)
}

fn number(sent: &Sent, name: &'static str) -> Result<f64, ControlError> {
    let takes = "takes a number such as 3.75";
    sent.read(name, takes)?.ok_or_else(|| ControlError::invalid(name, takes))
}

/// Sets a price.
pub(super) async fn set(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let done = async {
        let rates = PriceRates {
            input: number(&sent, "rates.input")?,
            output: number(&sent, "rates.output")?,
            cache_read: number(&sent, "rates.cache_read")?,
            cache_write_5m: number(&sent, "rates.cache_write_5m")?,
            cache_write_1h: number(&sent, "rates.cache_write_1h")?,
        };
        let reach = match sent.text("reach") {
            "global" => PriceReach::Global,
            "us-gov" => PriceReach::GovCloud,
            _ => PriceReach::Geo,
        };
        let model = sent.given("other_model").unwrap_or_else(|| sent.text("model")).to_owned();
        let reason = sent.text("reason").to_owned();
        let order = OverridePrice { model, reach, rates, long_prompt: None, reason };
        prices::set(&edge.control, &visitor.caller, order).await
    };
    match done.await {
        Ok(_) => Ok(back(Notice::Saved)),
        Err(error) => {
            let fault = Fault::of(error)?;
            let refused = Refused::Price(&sent, &fault);
            Ok(fault.page(&all(&request, &edge, &visitor, Some(refused)).await?))
        }
    }
}

/// Ends an override: the list's price counts again.
pub(super) async fn end(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let id = sent.id("id")?.ok_or(Barred::NotFound)?;
    prices::end(&edge.control, &visitor.caller, id).await?;
    Ok(back(Notice::Deleted))
}

/// Sets the contract's terms.
pub(super) async fn terms(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    let done = async {
        let order = SetTerms {
            multiplier: number(&sent, "multiplier")?,
            web_search: number(&sent, "web_search")?,
            reason: sent.text("terms_reason").to_owned(),
        };
        prices::set_terms(&edge.control, &visitor.caller, order).await
    };
    match done.await {
        Ok(_) => Ok(back(Notice::Saved)),
        Err(ControlError::Invalid { field, takes }) if field == "reason" => {
            let error = ControlError::Invalid { field: "terms_reason".into(), takes };
            refuse_terms(&request, &edge, &visitor, &sent, error).await
        }
        Err(error) => refuse_terms(&request, &edge, &visitor, &sent, error).await,
    }
}

async fn refuse_terms(
    request: &HttpRequest,
    edge: &Edge,
    visitor: &Visitor,
    sent: &Sent,
    error: ControlError,
) -> Answer {
    let fault = Fault::of(error)?;
    let refused = Refused::Terms(sent, &fault);
    Ok(fault.page(&all(request, edge, visitor, Some(refused)).await?))
}

/// Asks for the Price List to be read again.
pub(super) async fn refresh(request: HttpRequest, edge: Data<Edge>, sent: Form<Sent>) -> Answer {
    let visitor = form::sent_by_admin(&request, &edge, sent.text("token")).await?;
    prices::refresh(&edge.control, &visitor.caller).await?;
    Ok(back(Notice::Asked))
}

fn back(notice: Notice) -> actix_web::HttpResponse {
    see_other(&format!("/portal/pricing?notice={}", notice.name()))
}
