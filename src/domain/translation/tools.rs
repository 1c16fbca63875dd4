//! `tools` and `tool_choice`: which kinds of tools Bedrock has, and which of a tool's fields stay.

use super::{Draft, Refusal};
use crate::domain::capability::Feature;
use crate::domain::json::{Cursor, JsonError, Kind};

/// Types of tools that Anthropic's servers run, without their dates.
const SERVER_TOOLS: &[&str] = &[
    "web_search_",
    "web_fetch_",
    "code_execution_",
    "mcp_toolset",
    "advisor_",
    "tool_search_tool_bm25",
];

/// Types of built-in tools that only some models have.
const BUILT_IN: &[(&str, Feature)] = &[
    ("computer_20241022", Feature::ComputerUse2024),
    ("computer_20250124", Feature::ComputerUse2025),
    ("computer_20251124", Feature::ComputerUse2025Zoom),
    ("tool_search_tool_regex", Feature::ToolSearch),
];

/// The tool that hangs on the beta of context management, but works without it on some routes.
const MEMORY: &str = "memory_";
/// Longest type that a refusal repeats, in characters.
const SHOWN: usize = 100;

/// Fields that only some models take, and those that none takes.
const FIELDS: &[(&str, Option<Feature>, &str)] = &[
    ("defer_loading", Some(Feature::ToolSearch), "tools.defer_loading"),
    ("input_examples", Some(Feature::ToolExamples), "tools.input_examples"),
    ("eager_input_streaming", Some(Feature::EagerInputStreaming), "tools.eager_input_streaming"),
    ("strict", Some(Feature::StrictTools), "tools.strict"),
    ("custom", None, "tools.custom"),
    ("allowed_callers", None, "tools.allowed_callers"),
];

impl Draft<'_> {
    pub(super) fn tools(&mut self) -> Result<(), Refusal> {
        let request = self.request;
        for (index, tool) in request.tools().list.iter().enumerate() {
            if let Some(kind) = tool.kind {
                self.kind_of_tool(index, &kind.decode(self.body()))?;
            }
            if tool.fields.is_empty() {
                continue;
            }
            let mut gone = Vec::new();
            for name in tool.fields.names() {
                let Some((_, feature, changed)) = FIELDS.iter().find(|(known, ..)| *known == name)
                else {
                    continue;
                };
                if !feature.is_some_and(|feature| self.uses(feature)) {
                    gone.push(name);
                    self.adjusted(changed);
                }
            }
            self.strip(tool.span, &gone);
        }
        Ok(())
    }

    fn kind_of_tool(&mut self, index: usize, kind: &str) -> Result<(), Refusal> {
        let shown = || kind.chars().take(SHOWN).collect();
        if SERVER_TOOLS.iter().any(|server| kind.starts_with(server)) {
            return Err(Refusal::ServerTool { index, kind: shown() });
        }
        if kind.starts_with(MEMORY) {
            self.uses(Feature::ContextManagement);
        }
        let known = BUILT_IN.iter().find(|(name, _)| kind.starts_with(name));
        match known {
            Some((_, feature)) if !self.uses(*feature) => {
                Err(Refusal::Tool { index, kind: shown() })
            }
            _ => Ok(()),
        }
    }

    /// Where the model has no tool search, all tools are there in full, and a reference to one is
    /// said in words.
    pub(super) fn tool_references(&mut self) {
        let (request, source) = (self.request, self.body());
        for reference in &request.conversation().findings.references {
            if self.uses(Feature::ToolSearch) {
                return;
            }
            let name = reference.name.map(|name| name.decode(source)).unwrap_or_default();
            let text = serde_json::Value::String(format!("The tool {name} is available."));
            self.edits.replace(reference.span, format!(r#"{{"type":"text","text":{text}}}"#));
            self.adjusted("tool_reference");
        }
    }

    pub(super) fn tool_choice(&mut self) -> Result<(), Refusal> {
        let source = self.body();
        if self.capability.takes(Feature::ForcedToolChoice) {
            return Ok(());
        }
        let Some(value) = self.request.field("tool_choice") else {
            return Ok(());
        };
        let mut cursor = Cursor::within(source, value);
        if cursor.kind() != Ok(Kind::Object) {
            return Ok(());
        }
        let mut forced = false;
        let read = cursor.object(|inner, key| {
            if key.is(source, "type") && inner.kind()? == Kind::String {
                let kind = inner.string()?;
                forced = kind.is(source, "any") || kind.is(source, "tool");
            } else {
                inner.skip()?;
            }
            Ok::<_, JsonError>(())
        });
        if forced && read.is_ok() { Err(Refusal::ForcedToolChoice) } else { Ok(()) }
    }
}
