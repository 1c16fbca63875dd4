//! From a Messages request to the body of Bedrock's `InvokeModel`: the least set of edits.
//!
//! The request was read once, with the places of everything that may have to change; what is not
//! known here goes through untouched. Rules ask the model's [`Capability`], never its name.

use bytes::Bytes;
use thiserror::Error;

use super::capability::Capability;
use super::edit::Edits;
use super::json::{Span, Text};
use super::request::{CacheControl, MessagesRequest};

mod betas;
mod fields;
mod fold;
mod metadata;
#[cfg(test)]
mod tests;

/// The `anthropic_version` that every model on Bedrock takes.
const VERSION: &str = "bedrock-2023-05-31";

/// A body for `InvokeModel`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The body to send.
    pub body: Bytes,
    /// What was changed beyond what the route demands, sorted: for the header `x-ccag-adjusted`.
    pub adjusted: Vec<&'static str>,
}

/// What a request asks for and Bedrock cannot do; each is a 400 `invalid_request_error`.
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
    /// A field without which the request would mean something else.
    #[error("{field}: not available on Amazon Bedrock{}", class(*capability))]
    Field {
        /// Top-level field.
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
}

fn class(capability: Option<&str>) -> String {
    capability.map(|class| format!("; capability_rejected: {class}")).unwrap_or_default()
}

impl MessagesRequest {
    /// Translates for a model of `capability`. `betas` are the tokens of the client's
    /// `anthropic-beta` headers; `long_context` says that the model's name asked for 1M tokens.
    ///
    /// # Errors
    /// A [`Refusal`] where the request needs what Bedrock lacks.
    pub fn translate(
        &self,
        capability: &Capability,
        betas: &[&str],
        long_context: bool,
    ) -> Result<Translation, Refusal> {
        let betas = betas::select(self, capability, betas, long_context);
        let mut draft = Draft::new(self);
        if betas.dropped {
            draft.adjusted("anthropic_beta");
        }
        draft.tools(betas.has_tool_search())?;
        draft.metadata();
        draft.attribution();
        draft.cache_controls(capability.cache_ttl);
        draft.thinking(capability.thinking_display);
        draft.effort(capability.effort);
        draft.message_fields();
        if !capability.system_messages {
            draft.fold_system_messages()?;
        }
        draft.fields(betas.has_context_management())?;
        draft.head(&betas.to_member(), self.max_tokens().is_none());
        Ok(draft.finish())
    }
}

/// The edits of one translation as they come together.
struct Draft<'r> {
    request: &'r MessagesRequest,
    edits: Edits,
    adjusted: Vec<&'static str>,
    /// Top-level members that go as a whole.
    gone: Vec<&'static str>,
}

impl<'r> Draft<'r> {
    fn new(request: &'r MessagesRequest) -> Self {
        Self { request, edits: Edits::default(), adjusted: Vec::new(), gone: Vec::new() }
    }

    fn source(&self) -> &'r [u8] {
        self.request.body()
    }

    fn adjusted(&mut self, what: &'static str) {
        if !self.adjusted.contains(&what) {
            self.adjusted.push(what);
        }
    }

    /// Takes `members` out of the object at `object`.
    fn strip(&mut self, object: Span, members: &[&str]) -> Stripped {
        let source = self.source();
        let goes = |key: Text| members.iter().any(|name| key.is(source, name));
        match self.edits.remove_members(source, object, goes) {
            (_, 0) => Stripped::Nothing,
            (all, gone) if all == gone => Stripped::All,
            _ => Stripped::Some,
        }
    }

    /// The client's attribution changes with the conversation and would spoil the prompt cache.
    fn attribution(&mut self) {
        let system = self.request.system();
        let Some(attribution) = system.attribution else {
            return;
        };
        self.adjusted("attribution");
        if system.blocks.len() == 1 {
            self.gone.push("system");
        } else {
            let items = system.blocks.iter().enumerate();
            self.edits.remove_items(items.map(|(at, block)| (block.span, at == attribution)));
        }
    }

    fn cache_controls(&mut self, ttl_stays: bool) {
        let request = self.request;
        for &CacheControl { value, scope, ttl } in request.cache_controls() {
            let ttl = ttl && !ttl_stays;
            if scope {
                self.adjusted("cache_control.scope");
            }
            if ttl {
                self.adjusted("cache_control.ttl");
            }
            match (scope, ttl) {
                (true, true) => self.strip(value, &["scope", "ttl"]),
                (true, false) => self.strip(value, &["scope"]),
                (false, true) => self.strip(value, &["ttl"]),
                (false, false) => Stripped::Nothing,
            };
        }
    }

    fn finish(mut self) -> Translation {
        self.adjusted.sort_unstable();
        Translation { body: self.edits.apply(self.request.body()), adjusted: self.adjusted }
    }
}

/// What taking members out of an object left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stripped {
    /// None of them was there.
    Nothing,
    /// Other members.
    Some,
    /// No member at all.
    All,
}
