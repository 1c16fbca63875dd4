//! `GET /v1/probe`: events with pauses of a known length between them, and nothing else. It shows clients what
//! stands between them and the gateway: who buffers answers, and who cuts silent ones. `ccag doctor` asks.

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse, rt};
use bytes::Bytes;
use futures_util::stream;
use serde::Deserialize;

use crate::actors::worker::Worker;
use crate::domain::error::{ApiError, ErrorKind};
use crate::http::auth;
use crate::http::error::Refusal;

/// Events of one answer at the most.
const MAX_EVENTS: u32 = 20;
/// Length of all pauses of one answer at the most, in milliseconds.
const MAX_LENGTH: u32 = 600_000;
/// Answers that run on one worker at a time.
const MAX_RUNNING: u32 = 8;

thread_local! {
    static RUNNING: Cell<u32> = const { Cell::new(0) };
}

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    events: u32,
    pause_ms: u32,
}

/// A place among the answers that run; given back when dropped.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        RUNNING.with(|running| {
            let taken = running.get();
            (taken < MAX_RUNNING).then(|| running.set(taken + 1)).map(|()| Self)
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        RUNNING.with(|running| running.set(running.get().saturating_sub(1)));
    }
}

/// Sends the events.
///
/// # Errors
/// 401 without a valid credential, 400 for more than may be asked for, 429 while many others ask.
pub async fn probe(
    request: HttpRequest,
    asked: Query<Asked>,
    worker: Data<Rc<Worker>>,
) -> Result<HttpResponse, Refusal> {
    auth::principal(&request, &worker.gateway).await?;
    let Asked { events, pause_ms } = asked.into_inner();
    let length = events.saturating_sub(1).saturating_mul(pause_ms);
    if !(1..=MAX_EVENTS).contains(&events) || length > MAX_LENGTH {
        let message = format!(
            "events: from 1 to {MAX_EVENTS}, and pause_ms so that it all takes {MAX_LENGTH} ms at the most"
        );
        return Err(ApiError::new(ErrorKind::InvalidRequest, message).into());
    }
    let place = Place::take().ok_or_else(|| {
        ApiError::new(ErrorKind::RateLimit, "Many probes run already. Try again.").retry_after(5)
    })?;
    let pause = Duration::from_millis(u64::from(pause_ms));
    let sent = stream::unfold((0, place), move |(number, place)| async move {
        if number == events {
            return None;
        }
        if number > 0 {
            rt::time::sleep(pause).await;
        }
        Some((Ok::<_, Infallible>(event(number, events)), (number + 1, place)))
    });
    // The same headers as a message has.
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/event-stream"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(sent))
}

fn event(number: u32, of: u32) -> Bytes {
    let data = serde_json::json!({
        "type": "probe", "number": number, "of": of, "version": env!("CARGO_PKG_VERSION"),
    });
    format!("event: probe\ndata: {data}\n\n").into()
}
