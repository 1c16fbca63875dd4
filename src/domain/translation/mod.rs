//! From a Messages request to the body of Bedrock's `InvokeModel`: the least set of edits.
//!
//! The request was read once, with the places of everything that may have to change; what is not
//! known here goes through untouched. Rules ask the model's [`Capability`], never its name; what is
//! known beyond the table comes as [`Verdicts`].

use bytes::Bytes;

use super::capability::{self, Capability, Feature, Features, Verdicts};
use super::edit::Edits;
use super::guardrail::Guardrail;
use super::json::{Span, Text};
use super::model::Resolved;
use super::request::MessagesRequest;

mod adjustment;
mod betas;
mod blocks;
mod caching;
mod context;
mod fields;
mod fold;
mod ids;
mod media;
mod metadata;
mod output;
mod refusal;
#[cfg(test)]
mod tests;
mod thinking;
mod tools;
mod version;

pub use adjustment::ADJUSTMENTS;
pub use ids::Alias;
pub use refusal::Refusal;
pub use version::ApiVersion;

/// The `anthropic_version` that every model on Bedrock takes.
const VERSION: &str = "bedrock-2023-05-31";
/// Most bytes that `InvokeModel` takes.
const MAX_BODY: usize = 25_000_000;

/// A body for `InvokeModel`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation {
    /// The body to send.
    pub body: Bytes,
    /// What was changed beyond what the route demands, sorted: for the header `x-ccag-adjusted`.
    pub adjusted: Vec<&'static str>,
    /// Ids of tool calls that Bedrock knows by another name.
    pub aliases: Vec<Alias>,
    /// The features whose betas it names.
    pub betas: Features,
}

/// What a call says beside its body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// The tokens of the `anthropic-beta` headers.
    pub betas: &'a [&'a str],
    /// Whether the model's name asked for 1M tokens of context.
    pub long_context: bool,
    /// The header `anthropic-version`.
    pub version: ApiVersion,
}

/// What the headers of a call say of its body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallHeaders {
    /// The tokens of the `anthropic-beta` headers.
    pub betas: Vec<String>,
    /// The header `anthropic-version`.
    pub version: ApiVersion,
    /// The guardrail that Bedrock's own headers name.
    pub guardrail: Option<Guardrail>,
}

impl MessagesRequest {
    /// Translates for the model that its name stands for, as its headers say.
    ///
    /// # Errors
    /// As [`Self::translate`].
    pub fn translate_for(
        &self,
        resolved: &Resolved,
        headers: &CallHeaders,
        verdicts: &Verdicts,
    ) -> Result<Translation, Refusal> {
        let capability = resolved.model.map_or(&capability::UNKNOWN, |model| model.capability);
        let betas: Vec<&str> = headers.betas.iter().map(String::as_str).collect();
        let (long_context, version) = (resolved.long_context, headers.version);
        self.translate(capability, verdicts, &Call { betas: &betas, long_context, version })
    }

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
        let mut draft = Draft::new(self, capability.under(verdicts), call);
        draft.version_rules(call.version)?;
        draft.media()?;
        draft.tools()?;
        draft.tool_references();
        draft.tool_choice()?;
        draft.ids();
        draft.metadata();
        draft.system();
        draft.blocks();
        draft.cache_controls();
        draft.thinking_and_output()?;
        draft.context_management();
        draft.message_fields();
        draft.automatic_caching();
        draft.ending()?;
        draft.system_messages()?;
        draft.place_breakpoint();
        draft.fields(verdicts)?;
        let betas = betas::select(self, &draft.capability, verdicts, call, draft.used);
        if betas.dropped {
            draft.adjusted("anthropic_beta");
        }
        draft.head(&betas.to_member());
        draft.finish(betas.features())
    }
}

/// The edits of one translation as they come together.
struct Draft<'r> {
    request: &'r MessagesRequest,
    capability: Capability,
    /// Features whose betas the client named.
    named: Features,
    /// Features that the translated body makes use of.
    used: Features,
    edits: Edits,
    adjusted: Vec<&'static str>,
    /// Top-level members that go as a whole.
    gone: Vec<&'r str>,
    /// Top-level members that come in, each with a comma after it.
    added: String,
    /// The thinking budget that goes out.
    budget: Option<u64>,
    /// Whether thinking with a budget cannot go on, since the turn lost the thinking it began with.
    thinking_ends: bool,
    /// A breakpoint that is to go to the text of this message.
    breakpoint: Option<(usize, Text, String)>,
    aliases: Vec<Alias>,
}

impl<'r> Draft<'r> {
    fn new(request: &'r MessagesRequest, capability: Capability, call: &Call<'_>) -> Self {
        Self {
            request,
            capability,
            named: betas::named(request, call),
            used: Features::NONE,
            edits: Edits::default(),
            adjusted: Vec::new(),
            gone: Vec::new(),
            added: String::new(),
            budget: None,
            thinking_ends: false,
            breakpoint: None,
            aliases: Vec::new(),
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

    fn body(&self) -> &'r [u8] {
        self.request.body()
    }

    fn adjusted(&mut self, what: &'static str) {
        debug_assert!(ADJUSTMENTS.contains(&what), "{what} is not among the ADJUSTMENTS");
        if !self.adjusted.contains(&what) {
            self.adjusted.push(what);
        }
    }

    /// Takes `members` out of the object at `object`.
    fn strip(&mut self, object: Span, members: &[&str]) -> Stripped {
        if members.is_empty() {
            return Stripped::Nothing;
        }
        let source = self.body();
        let goes = |key: Text| members.iter().any(|name| key.is(source, name));
        match self.edits.remove_members(source, object, goes) {
            (_, 0) => Stripped::Nothing,
            (all, gone) if all == gone => Stripped::All,
            _ => Stripped::Some,
        }
    }

    fn finish(mut self, betas: Features) -> Result<Translation, Refusal> {
        self.adjusted.sort_unstable();
        let body = self.edits.apply(self.request.body());
        if body.len() > MAX_BODY {
            return Err(Refusal::TooLarge { size: body.len(), limit: MAX_BODY });
        }
        Ok(Translation { body, adjusted: self.adjusted, aliases: self.aliases, betas })
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
