//! What a request asks for and Bedrock cannot do, in words that people and Claude Code understand: where
//! the client has a class for it, it leaves the feature out and repeats the request by itself.

use thiserror::Error;

use crate::domain::error::{ApiError, ErrorKind};

/// Why a request is not sent to Bedrock.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A tool that Anthropic's servers run.
    #[error("tools.{index}: the server tool '{kind}' is not available on Amazon Bedrock")]
    ServerTool {
        /// Position in `tools`.
        index: usize,
        /// Its type.
        kind: String,
    },
    /// A built-in tool that this model does not know.
    #[error(
        "tools.{index}: the tool type '{kind}' is not available for this model on Amazon Bedrock"
    )]
    Tool {
        /// Position in `tools`.
        index: usize,
        /// Its type.
        kind: String,
    },
    /// A field without which the request would mean something else.
    #[error("{field}: not available on Amazon Bedrock{}", class(*capability))]
    Field {
        /// Path of the field.
        field: &'static str,
        /// The class by which Claude Code knows what to leave out next time.
        capability: Option<&'static str>,
    },
    /// A `role: "system"` message that cannot become user text.
    #[error(
        "messages.{index}: this model takes no system messages other than text; capability_rejected: mid_conv_system"
    )]
    SystemMessage {
        /// Position in `messages`.
        index: usize,
    },
    /// Forced tool use of a model that always thinks.
    #[error(
        "tool_choice: this model always thinks, and thinking may not be enabled when tool_choice forces tool use; use the type 'auto'"
    )]
    ForcedToolChoice,
    /// The conversation ends with a turn of the assistant.
    #[error(
        "This model does not support assistant message prefill. The conversation must end with a user message."
    )]
    Prefill,
    /// An image or document that Bedrock does not take.
    #[error("{path}: {problem}; capability_rejected: {class}")]
    Media {
        /// Path of the offending part.
        path: String,
        /// What is wrong with it.
        problem: String,
        /// The class by which Claude Code knows what to leave out next time.
        class: &'static str,
    },
    /// More pages and images than one request may have.
    #[error(
        "messages: Too much media: {pages} document pages + {images} images > {limit}; capability_rejected: media_budget"
    )]
    TooMuchMedia {
        /// Pages of all documents.
        pages: u32,
        /// Images.
        images: u32,
        /// The most of both together.
        limit: u32,
    },
    /// Something that the API version of the client's choice no longer has.
    #[error("{path}: {problem} from anthropic-version 2026-10-21 on")]
    Version {
        /// Path of the offending part.
        path: String,
        /// What the version says of it.
        problem: &'static str,
    },
    /// A body larger than Bedrock takes.
    #[error(
        "The request has {size} bytes for Amazon Bedrock, which takes {limit} at most. Send fewer or smaller images and documents."
    )]
    TooLarge {
        /// Bytes of the translated body.
        size: usize,
        /// Most bytes.
        limit: usize,
    },
}

fn class(capability: Option<&str>) -> String {
    capability.map(|class| format!("; capability_rejected: {class}")).unwrap_or_default()
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal {
            Refusal::TooLarge { .. } => ErrorKind::RequestTooLarge,
            _ => ErrorKind::InvalidRequest,
        };
        Self::new(kind, refusal.to_string())
    }
}
