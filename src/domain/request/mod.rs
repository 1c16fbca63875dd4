//! A Messages request: its bytes, and where in them the things stand that routing reads and
//! translation edits.
//!
//! The body is read once. Nothing is turned into values, so that what nobody edits goes upstream
//! byte by byte: prompt caches and thinking signatures depend on it.

use std::borrow::Cow;

use bytes::Bytes;
use thiserror::Error;

use super::json::{JsonError, Span};

mod blocks;
mod conversation;
mod estimate;
mod media;
mod parse;
mod session;
mod stopped;
#[cfg(test)]
mod tests;

pub(super) use blocks::{Block, BlockKind, CacheControl};
pub(super) use conversation::{Content, Conversation, Message, Role};
pub(super) use media::Media;
pub(super) use parse::{Member, System, Tools};

/// Why a body is no Messages request; each is an `invalid_request_error`, worded like Anthropic's.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum InvalidRequest {
    /// Not JSON at all.
    #[error("The request body is not valid JSON: {0}")]
    Json(#[from] JsonError),
    /// JSON, but no object.
    #[error("The request body should be a JSON object")]
    NotAnObject,
    /// A required field is missing.
    #[error("{0}: Field required")]
    Missing(Cow<'static, str>),
    /// A field has the wrong type or an impossible value.
    #[error("{field}: {problem}")]
    Field {
        /// Path of the field.
        field: Cow<'static, str>,
        /// What it should be.
        problem: &'static str,
    },
    /// A list is longer than any request needs.
    #[error("{field}: List should have at most {limit} items")]
    TooMany {
        /// Path of the list.
        field: &'static str,
        /// Largest number of items.
        limit: usize,
    },
}

/// A parsed Messages request; owns its body.
#[derive(Debug, Clone)]
pub struct MessagesRequest {
    body: Bytes,
    model: String,
    streaming: bool,
    max_tokens: Option<u64>,
    betas: Vec<String>,
    members: Vec<Member>,
    system: System,
    tools: Tools,
    conversation: Conversation,
    cache_control: Option<CacheControl>,
}

impl MessagesRequest {
    /// Reads the body of `POST /v1/messages`.
    ///
    /// # Errors
    /// [`InvalidRequest`] where it is no JSON or lacks what every request needs.
    pub fn parse(body: Bytes) -> Result<Self, InvalidRequest> {
        let request = Self::parse_count_tokens(body)?;
        if request.max_tokens.is_none() {
            return Err(InvalidRequest::Missing("max_tokens".into()));
        }
        Ok(request)
    }

    /// Reads the body of `POST /v1/messages/count_tokens`, which has no `max_tokens`.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_count_tokens(body: Bytes) -> Result<Self, InvalidRequest> {
        parse::read(body)
    }

    /// The model as the client typed it.
    #[must_use]
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Whether the client wants server-sent events.
    #[must_use]
    pub fn streaming(&self) -> bool {
        self.streaming
    }

    /// The output limit; `None` only in requests to count tokens.
    #[must_use]
    pub fn max_tokens(&self) -> Option<u64> {
        self.max_tokens
    }

    /// The version of Claude Code in the attribution block, such as `2.1.330`.
    #[must_use]
    pub fn client_version(&self) -> Option<&str> {
        let span = self.system.client_version?;
        std::str::from_utf8(span.of(&self.body)).ok()
    }

    /// The body as received.
    #[must_use]
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The betas that stand in the body.
    pub(super) fn betas(&self) -> &[String] {
        &self.betas
    }

    /// The members of the body, in order, repeated keys included.
    pub(super) fn members(&self) -> &[Member] {
        &self.members
    }

    /// The value of a top-level member; the last one where it is repeated.
    pub(super) fn field(&self, name: &str) -> Option<Span> {
        let named = |member: &&Member| member.key.is(&self.body, name);
        self.members.iter().rev().find(named).map(|member| member.value)
    }

    pub(super) fn system(&self) -> &System {
        &self.system
    }

    pub(super) fn tools(&self) -> &Tools {
        &self.tools
    }

    pub(super) fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// The top-level `cache_control`, where it is an object.
    pub(super) fn cache_control(&self) -> Option<&CacheControl> {
        self.cache_control.as_ref()
    }

    /// Whether it has tools that are to be loaded only when they are searched for.
    #[must_use]
    pub fn defers_tools(&self) -> bool {
        self.tools.list.iter().any(|tool| tool.fields.names().any(|name| name == "defer_loading"))
    }

    /// Whether it asks for prompt caching anywhere.
    #[must_use]
    pub fn has_breakpoints(&self) -> bool {
        self.cache_controls().next().is_some()
    }

    /// Every `cache_control` that stands where one is allowed, in no particular order.
    pub(super) fn cache_controls(&self) -> impl Iterator<Item = &CacheControl> {
        let lists = [
            &self.system.cache_controls,
            &self.tools.cache_controls,
            &self.conversation.findings.cache_controls,
        ];
        lists.into_iter().flatten().chain(&self.cache_control)
    }
}
