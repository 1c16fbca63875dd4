//! From a Messages request to the body of Bedrock's `InvokeModel`: the least set of edits.
//!
//! The request was read once, with the places of everything that may have to change; what is not
//! known here goes through untouched. Rules ask the model's [`Capability`], never its name; what is
//! known beyond the table comes as [`Verdicts`].

use bytes::Bytes;
use thiserror::Error;

use super::capability::{Capability, Feature, Features, Verdicts};
use super::edit::Edits;
use super::json::{Span, Text};
use super::request::{CacheControl, MessagesRequest};

mod betas;
mod context;
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

/// What a call says beside its body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// The tokens of the `anthropic-beta` headers.
    pub betas: &'a [&'a str],
    /// Whether the model's name asked for 1M tokens of context.
    pub long_context: bool,
}

impl MessagesRequest {
    /// Translates for a model of `capability` at a place of which `verdicts` are known.
    ///
    /// # Errors
    /// A [`Refusal`] where the request needs what Bedrock lacks.
    pub fn translate(
        &self,
        capability: &Capability,
        verdicts: &Verdicts,
        call: &Call<'_>,
    ) -> Result<Translation, Refusal> {
        let capability = capability.under(verdicts);
        let mut draft = Draft::new(self, capability);
        draft.tools()?;
        draft.metadata();
        draft.attribution();
        draft.cache_controls();
        draft.thinking();
        draft.effort();
        draft.context_management();
        draft.message_fields();
        draft.system_messages()?;
        draft.fields(verdicts)?;
        let betas = betas::select(self, &draft.capability, verdicts, call, draft.used);
        if betas.dropped {
            draft.adjusted("anthropic_beta");
        }
        draft.head(&betas.to_member(), self.max_tokens().is_none());
        Ok(draft.finish())
    }
}

/// The edits of one translation as they come together.
struct Draft<'r> {
    request: &'r MessagesRequest,
    capability: Capability,
    /// Features that the translated body makes use of.
    used: Features,
    edits: Edits,
    adjusted: Vec<&'static str>,
    /// Top-level members that go as a whole.
    gone: Vec<&'r str>,
}

impl<'r> Draft<'r> {
    fn new(request: &'r MessagesRequest, capability: Capability) -> Self {
        Self {
            request,
            capability,
            used: Features::NONE,
            edits: Edits::default(),
            adjusted: Vec::new(),
            gone: Vec::new(),
        }
    }

    /// Whether the model takes `feature`, which the body makes use of.
    fn uses(&mut self, feature: Feature) -> bool {
        let taken = self.capability.takes(feature);
        if taken {
            self.used.insert(feature);
        }
        taken
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

    fn cache_controls(&mut self) {
        let (request, ttl_stays) = (self.request, self.capability.takes(Feature::CacheTtl));
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
