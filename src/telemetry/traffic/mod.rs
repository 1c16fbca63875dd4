//! What is counted of requests while they pass. Each worker counts in cells of its own, found by
//! place and not by name; a scrape adds the workers up.

mod collect;
mod log;
mod places;
mod recorder;
mod shard;

use super::histogram::{LONG, SHORT};
use super::metric::{Kind, Label};
use crate::domain::error::ErrorKind;
use crate::domain::translation::ADJUSTMENTS;
use crate::domain::usage::Outcome;

pub use places::{Attempt, Reason, Route, Scope};
pub use recorder::{Finished, Recorder, Traffic};

/// Whether a stream was asked for.
const STREAMING: [&str; 2] = ["false", "true"];
/// Token classes.
const CLASSES: [&str; 5] = ["input", "output", "cache_read", "cache_write_5m", "cache_write_1h"];
/// What prompt caching did for a request with cache breakpoints.
const CACHE: [&str; 3] = ["hit", "write", "none"];
/// What became of tools that are to be loaded only when they are searched for.
const DEFERRED_TOOLS: [&str; 2] = ["kept", "expanded"];
/// Why models stop, in Anthropic's words.
const STOPS: [&str; 8] = [
    "end_turn",
    "max_tokens",
    "stop_sequence",
    "tool_use",
    "pause_turn",
    "refusal",
    "model_context_window_exceeded",
    super::label::OTHER,
];

super::metric::metrics! {
    /// Requests for an answer of a model, with a valid credential, by how they ended.
    REQUESTS: "ccag_requests_total", Kind::Counter, [Label::of("route", Route::NAMES), Label::MODEL, Label::of("streaming", &STREAMING), Label::of("outcome", Outcome::NAMES)];
    /// Requests that ended with an error, by Anthropic's type of it.
    ERRORS: "ccag_request_errors_total", Kind::Counter, [Label::of("type", ErrorKind::WIRE_TYPES)];
    /// Time from a request's head to the end of its answer.
    DURATION: "ccag_request_duration_seconds", Kind::Histogram(LONG), [Label::MODEL, Label::of("streaming", &STREAMING)];
    /// Time from the start of a streaming request's work to its first generated token.
    FIRST_TOKEN: "ccag_time_to_first_token_seconds", Kind::Histogram(LONG), [Label::MODEL];
    /// Silence of Bedrock between two reads of a stream.
    GAP: "ccag_event_gap_seconds", Kind::Histogram(LONG), [];
    /// The part of a request's time that was neither spent waiting for Bedrock nor for the client.
    OVERHEAD: "ccag_gateway_overhead_seconds", Kind::Histogram(SHORT), [];
    /// Tokens by model and class.
    TOKENS: "ccag_tokens_total", Kind::Counter, [Label::MODEL, Label::of("class", &CLASSES)];
    /// Searches of the web that answers count and that are charged.
    WEB_SEARCHES: "ccag_web_searches_total", Kind::Counter, [Label::MODEL];
    /// List price of what was used, in dollars.
    COST: "ccag_cost_dollars_total", Kind::Counter, [Label::MODEL];
    /// What reading from the prompt cache saved against its price as plain input, in dollars.
    SAVED: "ccag_cache_saved_dollars_total", Kind::Counter, [Label::MODEL];
    /// Requests that were charged at the conservative default, because their model has no price.
    UNPRICED: "ccag_unpriced_requests_total", Kind::Counter, [];
    /// Completed requests with cache breakpoints, by what the prompt cache did: read, only written, or neither.
    CACHED: "ccag_cache_requests_total", Kind::Counter, [Label::MODEL, Label::of("result", &CACHE)];
    /// Answers by why the model stopped.
    STOPPED: "ccag_stop_reasons_total", Kind::Counter, [Label::of("reason", &STOPS)];
    /// Changes that Bedrock demanded in requests, as `x-ccag-adjusted` names them.
    ADJUSTED: "ccag_adjustments_total", Kind::Counter, [Label::of("adjustment", ADJUSTMENTS)];
    /// Requests with deferred tools, by whether Bedrock got them as such or in full.
    DEFERRED: "ccag_deferred_tools_requests_total", Kind::Counter, [Label::of("result", &DEFERRED_TOOLS)];
    /// Requests that a limit or budget refused, by whose it was and what was used up.
    REFUSED: "ccag_refusals_total", Kind::Counter, [Label::of("scope", Scope::NAMES), Label::of("reason", Reason::NAMES)];
    /// Calls of Bedrock, retries included, by what came back first.
    ATTEMPTS: "ccag_upstream_attempts_total", Kind::Counter, [Label::ENDPOINT, Label::of("result", Attempt::NAMES)];
    /// Time from a call of Bedrock to the head of its answer.
    HEAD: "ccag_upstream_head_seconds", Kind::Histogram(LONG), [Label::ENDPOINT];
    /// Requests by the endpoint that served them last, and how they ended.
    SERVED: "ccag_endpoint_requests_total", Kind::Counter, [Label::ENDPOINT, Label::of("outcome", Outcome::NAMES)];
}
