//! `GET /metrics` in Prometheus' text format: the HTTP metrics of the middleware, and what the
//! actors publish.

use std::rc::Rc;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use prometheus::core::Collector;
use prometheus::{GaugeVec, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry, TextEncoder};

use crate::actors::Gateway;
use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::http::auth;
use crate::http::error::Refusal;
use crate::http::server::Edge;

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Serves the metrics to whoever has the admin key.
///
/// # Errors
/// Where the admin key is missing.
pub async fn metrics(
    request: HttpRequest,
    worker: Data<Rc<Worker>>,
    edge: Data<Edge>,
) -> Result<HttpResponse, Refusal> {
    auth::admin(request.headers(), edge.admin_key.as_deref())?;
    let failed = |error: prometheus::Error| ApiError::new(ErrorKind::Api, error.to_string());
    let mut families = edge.registry.gather();
    families.extend(of_actors(&worker.gateway).map_err(failed)?.gather());
    let text = TextEncoder::new().encode_to_string(&families).map_err(failed)?;
    Ok(HttpResponse::Ok().content_type(FORMAT).body(text))
}

/// A registry with the values of this moment.
fn of_actors(gateway: &Gateway) -> prometheus::Result<Registry> {
    let registry = Registry::new();
    let add = |collector: Box<dyn Collector>| registry.register(collector);
    add(Box::new(actor_restarts(gateway)?))?;
    add(Box::new(actors_running(gateway)?))?;
    add(Box::new(dead_letters(gateway)?))?;
    for (name, help, value) in gauges(gateway) {
        let gauge = IntGauge::new(name, help)?;
        gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        add(Box::new(gauge))?;
    }
    let (requests, tokens, cost) = usage(gateway)?;
    add(Box::new(requests))?;
    add(Box::new(tokens))?;
    add(Box::new(cost))?;
    Ok(registry)
}

fn actor_restarts(gateway: &Gateway) -> prometheus::Result<IntCounterVec> {
    let opts = Opts::new("ccag_actor_restarts_total", "How often an actor was rebuilt.");
    let restarts = IntCounterVec::new(opts, &["actor"])?;
    for child in gateway.board.children().iter() {
        restarts.with_label_values(&[child.label]).inc_by(child.restarts());
    }
    Ok(restarts)
}

fn actors_running(gateway: &Gateway) -> prometheus::Result<IntGaugeVec> {
    let opts = Opts::new("ccag_actor_running", "1 while the actor is there, else 0.");
    let running = IntGaugeVec::new(opts, &["actor"])?;
    for child in gateway.board.children().iter() {
        running.with_label_values(&[child.label]).set(child.running().into());
    }
    Ok(running)
}

fn dead_letters(gateway: &Gateway) -> prometheus::Result<IntCounterVec> {
    let help = "Messages that nobody was there to take.";
    let letters = IntCounterVec::new(Opts::new("ccag_actor_dead_letters_total", help), &["actor"])?;
    for (actor, count) in gateway.dead_letters() {
        letters.with_label_values(&[actor]).inc_by(count);
    }
    Ok(letters)
}

fn gauges(gateway: &Gateway) -> [(&'static str, &'static str, u64); 8] {
    let (failures, quarantined, dropped) = gateway.usage.troubles();
    let (open, idle, _) = gateway.database.connections();
    let count = |n: usize| n as u64;
    [
        ("ccag_live_streams", "Requests being served.", count(gateway.live.count())),
        ("ccag_streams_crashed", "Connection actors that panicked.", count(gateway.live.crashed())),
        (
            "ccag_usage_journal_bytes",
            "Bytes of usage records that Postgres has not taken yet.",
            gateway.usage.pending_bytes(),
        ),
        ("ccag_usage_write_failures", "Batches that could not be written.", failures),
        ("ccag_usage_quarantined", "Records that Postgres refuses.", quarantined),
        ("ccag_usage_dropped", "Records that neither disk nor Postgres took.", dropped),
        ("ccag_database_connections", "Open database connections.", count(open)),
        ("ccag_database_connections_idle", "Idle database connections.", count(idle)),
    ]
}

fn usage(gateway: &Gateway) -> prometheus::Result<(IntCounterVec, IntCounterVec, GaugeVec)> {
    let requests = Opts::new("ccag_requests_total", "Requests by model and outcome.");
    let requests = IntCounterVec::new(requests, &["model", "outcome"])?;
    let tokens = Opts::new("ccag_tokens_total", "Tokens by model and class.");
    let tokens = IntCounterVec::new(tokens, &["model", "class"])?;
    let cost = Opts::new("ccag_cost_dollars_total", "List price of what was used, by model.");
    let cost = GaugeVec::new(cost, &["model"])?;
    for ((model, outcome), sum) in gateway.usage.totals.read() {
        requests.with_label_values(&[model, &outcome]).inc_by(sum.requests);
        for (class, count) in [
            ("input", sum.tokens.input),
            ("output", sum.tokens.output),
            ("cache_read", sum.tokens.cache_read),
            ("cache_write_5m", sum.tokens.cache_write_5m),
            ("cache_write_1h", sum.tokens.cache_write_1h),
        ] {
            tokens.with_label_values(&[model, class]).inc_by(count);
        }
        cost.with_label_values(&[model]).add(sum.cost_nanos as f64 / 1e9);
    }
    Ok((requests, tokens, cost))
}
