//! What the gateway tells a client that it cannot serve, in Anthropic's words.

use std::borrow::Cow;

/// Why a request is not served. Each kind has one status and one Anthropic error type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request itself is wrong; repeating it will not help.
    InvalidRequest,
    /// The credential is missing, unknown, revoked or expired.
    Authentication,
    /// The credential may not do this.
    Permission,
    /// There is no such route or model.
    NotFound,
    /// The route exists, but not for this method.
    MethodNotAllowed,
    /// The client was too slow to send its request.
    RequestTimeout,
    /// The client left before its request was whole; nobody is there to be told.
    ClientClosed,
    /// The body is larger than the gateway or Bedrock takes.
    RequestTooLarge,
    /// The body is of another type than JSON.
    UnsupportedMediaType,
    /// A limit is used up; the error says when to come back.
    RateLimit,
    /// A budget is spent; coming back soon does not help.
    Billing,
    /// Something broke, here or upstream.
    Api,
    /// A part of the gateway is just being rebuilt, or its database is away.
    Unavailable,
    /// The upstream took too long.
    Timeout,
    /// The upstream or the gateway has too much to do.
    Overloaded,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::InvalidRequest,
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::ClientClosed,
        Self::RequestTooLarge,
        Self::UnsupportedMediaType,
        Self::RateLimit,
        Self::Api,
        Self::Unavailable,
        Self::Timeout,
        Self::Overloaded,
    ];

    /// All types of [`Self::wire_type`].
    pub const WIRE_TYPES: &'static [&'static str] = &[
        "invalid_request_error",
        "authentication_error",
        "permission_error",
        "not_found_error",
        "request_too_large",
        "rate_limit_error",
        "billing_error",
        "timeout_error",
        "overloaded_error",
        "api_error",
    ];

    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Authentication => 401,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::RequestTimeout => 408,
            Self::RequestTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::RateLimit | Self::Billing => 429,
            Self::ClientClosed => 499,
            Self::Api => 500,
            Self::Unavailable => 503,
            Self::Timeout => 504,
            Self::Overloaded => 529,
        }
    }

    /// The `error.type` of Anthropic's error bodies.
    #[must_use]
    pub fn wire_type(self) -> &'static str {
        match self {
            Self::InvalidRequest
            | Self::MethodNotAllowed
            | Self::ClientClosed
            | Self::UnsupportedMediaType => "invalid_request_error",
            Self::Authentication => "authentication_error",
            Self::Permission => "permission_error",
            Self::NotFound => "not_found_error",
            Self::RequestTooLarge => "request_too_large",
            Self::RateLimit => "rate_limit_error",
            Self::Billing => "billing_error",
            Self::Api | Self::Unavailable => "api_error",
            Self::RequestTimeout | Self::Timeout => "timeout_error",
            Self::Overloaded => "overloaded_error",
        }
    }
}

/// A refusal, fit to be shown to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What kind of refusal it is.
    pub kind: ErrorKind,
    /// What is wrong and what to do, for the person who reads it.
    pub message: Cow<'static, str>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// Whether repeating the request helps nobody, although its kind would let clients do so.
    final_answer: bool,
}

impl ApiError {
    /// A refusal without advice on when to try again.
    pub fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind, message: message.into(), retry_after: None, final_answer: false }
    }

    /// The same refusal, with the advice to come back after `seconds`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The same refusal, of which clients are told that repeating the request does not help.
    #[must_use]
    pub fn not_worth_retrying(mut self) -> Self {
        self.final_answer = true;
        self
    }

    /// What `x-should-retry` says; `None` leaves it to the client, which repeats 429 and 5xx with
    /// its own pauses, and no other 4xx but 408.
    ///
    /// A 401 would be repeated for minutes (Claude Code waits as for a 5xx), and so would a budget
    /// that is spent. After a timeout the same call would be bought again, and as slow.
    #[must_use]
    pub fn should_retry(&self) -> Option<bool> {
        let never = self.final_answer
            || matches!(
                self.kind,
                ErrorKind::Authentication | ErrorKind::Billing | ErrorKind::Timeout
            );
        never.then_some(false)
    }

    /// Anthropic's error body.
    #[must_use]
    pub fn body(&self, request_id: &str) -> Vec<u8> {
        let (kind, quoted) = (self.kind.wire_type(), |text| serde_json::Value::from(text));
        let (message, id) = (quoted(&*self.message), quoted(request_id));
        let error = format!(r#"{{"type":"{kind}","message":{message}}}"#);
        format!(r#"{{"type":"error","error":{error},"request_id":{id}}}"#).into_bytes()
    }

    /// The `error` event that ends a stream which cannot go on.
    #[must_use]
    pub fn event(&self, request_id: &str) -> Vec<u8> {
        [b"event: error\ndata: ", &*self.body(request_id), b"\n\n"].concat()
    }
}
