//! The body of a native stream: the events of the answer in `chunk` frames, errors as exceptions.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;

use super::metrics::Metrics;
use super::wrap::Called;
use crate::actors::stream::{Outlet, Part};
use crate::domain::{chunk, frame};
use crate::http::sse::crashed;

/// What Bedrock pads its chunks with, so that their length tells less.
const PADDING: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const CHUNK: [(&str, &str); 3] =
    [(":event-type", "chunk"), (":content-type", "application/json"), (":message-type", "event")];

/// The body.
pub(super) struct NativeBody {
    parts: Outlet,
    /// Until the event that names the model is through.
    called: Option<Called>,
    metrics: Metrics,
    ended: bool,
}

impl NativeBody {
    /// A body of the parts that follow [`Part::Begin`].
    pub(super) fn new(parts: Outlet, called: Called, metrics: Metrics) -> Self {
        Self { parts, called: Some(called), metrics, ended: false }
    }

    /// The frames of server-sent events.
    fn frames(&mut self, events: &[u8]) -> Bytes {
        let mut out = Vec::with_capacity(events.len() * 2);
        for event in split(events) {
            let data = data(event);
            if event.starts_with(b"event: error\n") {
                append_exception(&mut out, data);
                continue;
            }
            let native = self.native(event, data);
            let data = native.as_deref().unwrap_or(data);
            let padding = PADDING.get(..data.len() % PADDING.len()).unwrap_or_default();
            frame::encode(&mut out, &CHUNK, &chunk::encode(data, padding));
        }
        out.into()
    }

    /// An event in Bedrock's words, where those are others.
    fn native(&mut self, event: &[u8], data: &[u8]) -> Option<Bytes> {
        if event.starts_with(b"event: message_start\n") {
            self.metrics.event(data);
            return Some(self.called.take()?.renamed(Bytes::copy_from_slice(data)));
        }
        if event.starts_with(b"event: message_delta\n") {
            self.metrics.event(data);
        }
        let is_last = event.starts_with(b"event: message_stop\n");
        is_last.then(|| self.metrics.append_to(data).into())
    }
}

/// The single events of a part, which has whole ones only.
fn split(events: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = events;
    std::iter::from_fn(move || {
        let end = memmem::find(rest, b"\n\n")?;
        let (event, after) = rest.split_at_checked(end)?;
        rest = after.get(2..).unwrap_or_default();
        Some(event)
    })
}

/// What stands behind `data: `.
fn data(event: &[u8]) -> &[u8] {
    let at = memmem::find(event, b"\ndata: ").map(|at| at + 7);
    at.and_then(|at| event.get(at..)).unwrap_or_default()
}

#[derive(Deserialize)]
struct ErrorEvent {
    error: Inner,
}

#[derive(Deserialize)]
struct Inner {
    #[serde(rename = "type")]
    kind: String,
    message: String,
}

fn append_exception(out: &mut Vec<u8>, data: &[u8]) {
    let (kind, message) = match serde_json::from_slice::<ErrorEvent>(data) {
        Ok(ErrorEvent { error }) => (error.kind, error.message),
        Err(error) => ("api_error".to_owned(), error.to_string()),
    };
    let name = match kind.as_str() {
        "invalid_request_error" | "request_too_large" => "validationException",
        "rate_limit_error" => "throttlingException",
        "overloaded_error" => "serviceUnavailableException",
        "timeout_error" => "modelTimeoutException",
        _ => "internalServerException",
    };
    let headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    let payload = serde_json::json!({ "message": message }).to_string();
    frame::encode(out, &headers, payload.as_bytes());
}

impl MessageBody for NativeBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        self.parts.poll_recv(cx).map(|part| {
            let error = match part {
                Some(Part::Frame(events)) => return Some(Ok(self.frames(&events))),
                Some(Part::Begin(_) | Part::Whole(..)) => return Some(Ok(Bytes::new())),
                Some(Part::End) => {
                    self.ended = true;
                    return None;
                }
                Some(Part::Refused(error)) => error,
                None => crashed(),
            };
            self.ended = true;
            Some(Ok(self.frames(&error.event(""))))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_told_apart() {
        let events = b"event: ping\ndata: {\"type\":\"ping\"}\n\nevent: a\ndata: {}\n\n";
        let all: Vec<&[u8]> = split(events).map(data).collect();
        assert_eq!(all, [&b"{\"type\":\"ping\"}"[..], b"{}"]);
        assert_eq!(split(b"").count(), 0);
    }
}
