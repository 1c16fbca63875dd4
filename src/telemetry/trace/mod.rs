//! One trace per request: a span for the client's request, and one below it for each call of Bedrock, in
//! the words of OpenTelemetry's conventions for HTTP and for generative AI. Without a collector there are no
//! spans; the client's context then goes on as it came.

mod attributes;

use std::time::SystemTime;

use opentelemetry::trace::{
    Span as _, SpanBuilder, SpanContext, SpanId, SpanKind, Status, TraceContextExt as _,
    TraceFlags, TraceId, TraceState,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, Span};

pub use self::attributes::Call;
use super::traffic::Finished;
use crate::domain::trace::TraceContext;

/// What requests are traced with; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tracing(Option<SdkTracer>);

impl Tracing {
    /// Traces with `tracer`; not at all without one.
    #[must_use]
    pub fn new(tracer: Option<SdkTracer>) -> Self {
        Self(tracer)
    }

    /// Begins the trace of a request by `method` on `route`, in the context that its client sent.
    #[must_use]
    pub fn begin(&self, incoming: Option<TraceContext>, method: &str, route: &str) -> Trace {
        let Some(tracer) = &self.0 else { return Trace { incoming, spans: None } };
        let parent = incoming.as_ref().and_then(remote);
        let parent = parent
            .map_or_else(Context::new, |parent| Context::new().with_remote_span_context(parent));
        let server = SpanBuilder::from_name(format!("{method} {route}"))
            .with_kind(SpanKind::Server)
            .with_attributes([
                KeyValue::new("http.request.method", method.to_owned()),
                KeyValue::new("http.route", route.to_owned()),
            ])
            .start_with_context(tracer, &parent);
        let below = Context::new().with_remote_span_context(server.span_context().clone());
        Trace {
            incoming,
            spans: Some(Box::new(Spans { tracer: tracer.clone(), server, below, call: None })),
        }
    }
}

/// The trace of one request.
#[derive(Debug)]
pub struct Trace {
    incoming: Option<TraceContext>,
    spans: Option<Box<Spans>>,
}

#[derive(Debug)]
struct Spans {
    tracer: SdkTracer,
    server: Span,
    /// The context of spans below the server's.
    below: Context,
    call: Option<Span>,
}

impl Trace {
    /// The trace's id, as logs name it.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        match &self.spans {
            Some(spans) => Some(spans.server.span_context().trace_id().to_string()),
            None => self.incoming.as_ref().map(|context| context.trace_id().to_owned()),
        }
    }

    /// Begins the span of a call of Bedrock, and gives the context that goes with the call. A call
    /// before it that has no end yet has failed.
    pub fn call(&mut self, call: &Call<'_>) -> Option<TraceContext> {
        let Some(spans) = &mut self.spans else { return self.incoming.clone() };
        let mut span = SpanBuilder::from_name(format!("chat {}", call.model))
            .with_kind(SpanKind::Client)
            .start_with_context(&spans.tracer, &spans.below);
        if span.is_recording() {
            span.set_attributes(call.attributes());
        }
        let context = outgoing(span.span_context());
        spans.call = Some(span);
        Some(context)
    }

    /// Ends the span of a call that brought no answer.
    pub fn call_failed(&mut self, error_type: &'static str) {
        let call = self.spans.as_mut().and_then(|spans| spans.call.take());
        if let Some(mut call) = call {
            call.set_attribute(KeyValue::new("error.type", error_type));
            call.set_status(Status::error(error_type));
            call.end();
        }
    }

    /// Ends all spans with what has become known of the request.
    pub fn finish(self, finished: &Finished<'_>) {
        let Some(mut spans) = self.spans else { return };
        let record = finished.record;
        let now = SystemTime::now();
        if let Some(mut call) = spans.call.take() {
            if call.is_recording() {
                call.set_attributes(attributes::answer(record));
            }
            if let Some(error) = record.error_type {
                call.set_status(Status::error(error));
            }
            call.end_with_timestamp(now);
        }
        if spans.server.is_recording() {
            spans.server.set_attributes(attributes::request(record));
        }
        if record.status >= 500 {
            spans.server.set_status(Status::error(record.error_type.unwrap_or("error")));
        }
        spans.server.end_with_timestamp(now);
    }
}

/// The context that a client sent, as the SDK knows it.
fn remote(context: &TraceContext) -> Option<SpanContext> {
    let mut parts = context.traceparent.split('-').skip(1);
    let (trace, span) = (parts.next()?, parts.next()?);
    let flags = u8::from_str_radix(parts.next()?, 16).ok()?;
    let state = context.tracestate.as_deref().and_then(|text| text.parse::<TraceState>().ok());
    Some(SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(flags) & TraceFlags::SAMPLED,
        true,
        state.unwrap_or_default(),
    ))
}

/// The context of a span, as it goes on to others.
fn outgoing(context: &SpanContext) -> TraceContext {
    let (trace, span) = (context.trace_id(), context.span_id());
    let state = context.trace_state().header();
    TraceContext {
        traceparent: format!("00-{trace}-{span}-{:02x}", context.trace_flags().to_u8()),
        tracestate: Some(state).filter(|state| !state.is_empty()),
    }
}
