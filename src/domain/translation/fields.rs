//! Fields that `InvokeModel` does not take, and those that only some models take.

use super::{Draft, Refusal, Stripped, VERSION};
use crate::domain::capability::{Feature, Verdicts};
use crate::domain::json::Span;

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
];

/// Members without which the request would mean something else, and the class of the refusal.
const ESSENTIAL: &[(&str, Option<&str>)] = &[
    ("container", None),
    ("mcp_servers", None),
    ("thread", None),
    ("inference_geo", None),
    ("output_format", Some("structured_outputs_unsupported")),
];

/// Types of tools that Anthropic's servers run, without their dates.
const SERVER_TOOLS: &[&str] = &[
    "web_search_",
    "web_fetch_",
    "code_execution_",
    "mcp_toolset",
    "advisor_",
    "tool_search_tool_bm25",
];

impl<'r> Draft<'r> {
    /// Refuses or takes out what `InvokeModel` does not know, at the top level.
    pub(super) fn fields(&mut self, verdicts: &'r Verdicts) -> Result<(), Refusal> {
        for &(field, capability) in ESSENTIAL {
            match self.request.field(field).map(|value| value.of(self.source())) {
                Some(b"null" | b"[]") => self.gone.push(field),
                Some(_) => return Err(Refusal::Field { field, capability }),
                None => {}
            }
        }
        for &field in HARMLESS {
            if self.request.field(field).is_some() {
                self.gone.push(field);
                self.adjusted(field);
            }
        }
        for field in verdicts.refused_fields() {
            if self.request.field(field).is_some() {
                self.gone.push(field);
                self.adjusted("unknown_fields");
            }
        }
        Ok(())
    }

    /// Takes the members that go out of the body, and puts in what the route demands.
    pub(super) fn head(&mut self, betas: &str, counting: bool) {
        let source = self.source();
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
        // Counting validates the body like invoking; any limit will do.
        let limit = if counting { r#""max_tokens":1,"# } else { "" };
        // `messages` always stays, so there is a member to stand before.
        if let Some(at) = first_kept {
            let head = format!(r#""anthropic_version":"{VERSION}",{betas}{limit}"#);
            self.edits.insert(at, head);
        }
    }

    /// Refuses server tools; `defer_loading` stays only where the model has a tool search.
    pub(super) fn tools(&mut self) -> Result<(), Refusal> {
        let request = self.request;
        for (index, tool) in request.tools().list.iter().enumerate() {
            if let Some(kind) = tool.kind {
                let kind = kind.decode(self.source());
                if SERVER_TOOLS.iter().any(|server| kind.starts_with(server)) {
                    let kind = kind.chars().take(100).collect();
                    return Err(Refusal::ServerTool { index, kind });
                }
            }
            if tool.defer_loading && !self.uses(Feature::ToolSearch) {
                self.strip(tool.span, &["defer_loading"]);
                self.adjusted("tools.defer_loading");
            }
        }
        Ok(())
    }

    pub(super) fn thinking(&mut self) {
        let display = self.capability.takes(Feature::ThinkingDisplay);
        let thinking = self.request.field("thinking").filter(|_| !display);
        if thinking.is_some_and(|value| self.strip(value, &["display"]) != Stripped::Nothing) {
            self.adjusted("thinking.display");
        }
    }

    pub(super) fn effort(&mut self) {
        let Some(value) = self.request.field("output_config") else {
            return;
        };
        if self.uses(Feature::Effort) {
            return;
        }
        match self.strip(value, &["effort"]) {
            Stripped::Nothing => return,
            Stripped::Some => {}
            Stripped::All => self.gone.push("output_config"),
        }
        self.adjusted("output_config.effort");
    }

    /// No model on Bedrock takes `output_config` in a message.
    pub(super) fn message_fields(&mut self) {
        let request = self.request;
        for message in request.conversation().messages.iter().filter(|it| it.output_config) {
            self.strip(message.span, &["output_config"]);
            self.adjusted("messages.output_config");
        }
    }
}
