//! Fields that `InvokeModel` does not take, and those that only some models take.

use super::{Draft, Refusal, VERSION};
use crate::domain::capability::{Feature, Verdicts};
use crate::domain::json::Span;
use crate::domain::request::Role;

/// Members that the route itself replaces.
const ROUTE: &[&str] = &["model", "stream", "anthropic_version", "anthropic_beta"];

/// Members that can be left out without changing what the answer says.
const HARMLESS: &[&str] = &[
    "service_tier",
    "diagnostics",
    "speed",
    "fallbacks",
    "fallback_credit_token",
    "billing_policy",
    "workspace_id",
    "betas",
    "tags",
];

/// Members without which the request would mean something else.
const ESSENTIAL: &[&str] = &["container", "mcp_servers", "thread", "inference_geo"];

/// Parameters of sampling.
const SAMPLING: &[&str] = &["temperature", "top_p", "top_k"];

impl<'r> Draft<'r> {
    /// Refuses or takes out what `InvokeModel` does not know, at the top level.
    pub(super) fn fields(&mut self, verdicts: &'r Verdicts) -> Result<(), Refusal> {
        for &field in ESSENTIAL {
            match self.request.field(field).map(|value| value.of(self.body())) {
                Some(b"null" | b"[]") => self.gone.push(field),
                Some(_) => return Err(Refusal::Field { field, capability: None }),
                None => {}
            }
        }
        if self.request.field("safeguards").is_some() && !self.uses(Feature::Safeguards) {
            return Err(Refusal::Field { field: "safeguards", capability: None });
        }
        for &field in HARMLESS {
            if self.request.field(field).is_some() {
                self.gone.push(field);
                self.adjusted(field);
            }
        }
        self.optional("user_profile_id", Feature::UserProfile);
        for &field in SAMPLING {
            self.optional(field, Feature::Sampling);
        }
        let has = |field| self.request.field(field).is_some();
        if has("temperature") && has("top_p") && self.capability.takes(Feature::Sampling) {
            self.optional("top_p", Feature::TemperatureWithTopP);
        }
        for field in verdicts.refused_fields() {
            if self.request.field(field).is_some() {
                self.gone.push(field);
                self.adjusted("unknown_fields");
            }
        }
        Ok(())
    }

    /// Takes a member out where the model does not take `feature`.
    fn optional(&mut self, field: &'static str, feature: Feature) {
        if self.request.field(field).is_some() && !self.uses(feature) {
            self.gone.push(field);
            self.adjusted(field);
        }
    }

    /// Takes the members that go out of the body, and puts in what the route demands.
    pub(super) fn head(&mut self, betas: &str) {
        let source = self.body();
        let mut first_kept = None;
        let items: Vec<(Span, bool)> = self
            .request
            .members()
            .iter()
            .map(|member| {
                let named = |name: &&str| member.key.is(source, name);
                let goes =
                    member.superseded || ROUTE.iter().any(named) || self.gone.iter().any(named);
                if !goes {
                    first_kept = first_kept.or(Some(member.span().start));
                }
                (member.span(), goes)
            })
            .collect();
        self.edits.remove_items(items);
        // Counting validates the body like invoking; any limit above the budget will do.
        let limit = match self.request.max_tokens() {
            Some(_) => String::new(),
            None => format!(r#""max_tokens":{},"#, self.budget.map_or(1, |budget| budget + 1)),
        };
        let added = std::mem::take(&mut self.added);
        // `messages` always stays, so there is a member to stand before.
        if let Some(at) = first_kept {
            let head = format!(r#""anthropic_version":"{VERSION}",{betas}{limit}{added}"#);
            self.edits.insert(at, head);
        }
    }

    /// Leaves `output_config` in a message only to clients that named Bedrock's own beta for it.
    pub(super) fn message_fields(&mut self) {
        let request = self.request;
        for message in request.conversation().messages.iter().filter(|it| it.output_config) {
            if self.named.contains(Feature::TurnOutputConfig)
                && self.uses(Feature::TurnOutputConfig)
            {
                return;
            }
            self.strip(message.span, &["output_config"]);
            self.adjusted("messages.output_config");
        }
    }

    /// Refuses a conversation that ends with the assistant's words, where the model cannot go on
    /// from them.
    pub(super) fn ending(&mut self) -> Result<(), Refusal> {
        let messages = &self.request.conversation().messages;
        // A system message at the end becomes a user's, where the model takes none.
        let staying = self.capability.takes(Feature::SystemMessages);
        let mut spoken = messages.iter().rev().filter(|it| !staying || it.role != Role::System);
        let last = spoken.next();
        match last {
            Some(last) if last.role == Role::Assistant && !self.uses(Feature::Prefill) => {
                Err(Refusal::Prefill)
            }
            _ => Ok(()),
        }
    }
}
