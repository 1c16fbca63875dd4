//! Bedrock's error answers: status, `x-amzn-ErrorType`, and the two shapes of the body.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::json;
use uuid::Uuid;

const INTERNAL: &str = ":http://internal.amazon.com/coral/com.amazon.bedrock/";

/// The exceptions that the simulated Bedrock raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exception {
    Validation,
    MissingAuthenticationToken,
    InvalidSignature,
    UnrecognizedClient,
    ResourceNotFound,
    Throttling,
    ModelError,
    ServiceUnavailable,
}

impl Exception {
    fn name(self) -> &'static str {
        match self {
            Self::Validation => "ValidationException",
            Self::MissingAuthenticationToken => "MissingAuthenticationTokenException",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::ResourceNotFound => "ResourceNotFoundException",
            Self::Throttling => "ThrottlingException",
            Self::ModelError => "ModelErrorException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Validation => StatusCode::BAD_REQUEST,
            Self::MissingAuthenticationToken
            | Self::InvalidSignature
            | Self::UnrecognizedClient => StatusCode::FORBIDDEN,
            Self::ResourceNotFound => StatusCode::NOT_FOUND,
            Self::Throttling => StatusCode::TOO_MANY_REQUESTS,
            Self::ModelError => StatusCode::FAILED_DEPENDENCY,
            Self::ServiceUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// A request that gets an error instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) exception: Exception,
    pub(super) message: String,
    /// The body has Anthropic's shape, as the models from 4.7 on answer bad bodies.
    pub(super) anthropic: bool,
}

impl Refusal {
    /// A refusal of Bedrock's own front: `{"message"}` for every model.
    pub(super) fn new(exception: Exception, message: impl Into<String>) -> Self {
        Self { exception, message: message.into(), anthropic: false }
    }

    /// The answer on the wire.
    pub(super) fn response(&self) -> HttpResponse {
        let request = Uuid::new_v4();
        let body = if self.anthropic {
            json!({
                "type": "error",
                "request_id": format!("req_{}", request.simple()),
                "error": {"type": "invalid_request_error", "message": self.message},
            })
        } else {
            json!({"message": self.message})
        };
        HttpResponse::build(self.exception.status())
            .insert_header(("x-amzn-requestid", request.to_string()))
            .insert_header(("x-amzn-errortype", format!("{}{INTERNAL}", self.exception.name())))
            .json(body)
    }
}
