//! The features of the Messages API in which models and endpoints differ. A feature is a beta and
//! the part of the body that goes with it: they travel together or not at all.

/// What the gateway does with a feature that the model does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Otherwise {
    /// It is left out; the answer means the same.
    Removed,
    /// It is said in another way; how.
    Translated(&'static str),
    /// The request is refused with a 400; the class that Claude Code knows it by, where it has one.
    Refused(Option<&'static str>),
}

struct Traits {
    id: &'static str,
    beta: Option<&'static str>,
    /// What in the body belongs to it; empty for a beta that stands alone.
    place: &'static str,
    otherwise: Otherwise,
}

macro_rules! features {
    ($($(#[$doc:meta])* $name:ident: $id:literal, $beta:expr, $place:literal, $otherwise:expr;)*) => {
        /// A feature of the Messages API that not every model on Bedrock takes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Feature {
            $($(#[$doc])* $name,)*
        }

        impl Feature {
            /// All features, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            const fn traits(self) -> Traits {
                match self {
                    $(Self::$name => Traits { id: $id, beta: $beta, place: $place, otherwise: $otherwise },)*
                }
            }
        }
    };
}

use Otherwise::{Refused, Removed, Translated};

features! {
    /// Thinking between tool calls.
    InterleavedThinking: "interleaved_thinking", Some("interleaved-thinking-2025-05-14"), "", Removed;
    /// `thinking.type: adaptive`.
    AdaptiveThinking: "adaptive_thinking", None, "thinking.type: adaptive", Translated("`enabled` with a budget after the effort");
    /// `thinking.type: enabled` with `budget_tokens`.
    BudgetThinking: "budget_thinking", None, "thinking.type: enabled", Translated("`adaptive`, with an effort after the budget");
    /// `thinking.type: disabled`.
    DisabledThinking: "disabled_thinking", None, "thinking.type: disabled", Removed;
    /// `thinking.type: between_tools`.
    BetweenToolsThinking: "between_tools_thinking", None, "thinking.type: between_tools", Translated("`adaptive`");
    /// `thinking.display`.
    ThinkingDisplay: "thinking_display", None, "thinking.display", Removed;
    /// `thinking.display: updates`.
    ThinkingUpdates: "thinking_updates", Some("thinking-display-updates-2026-08-18"), "thinking.display: updates", Translated("`summarized`");
    /// Counts of thinking tokens in the usage.
    ThinkingTokenCount: "thinking_token_count", Some("thinking-token-count-2026-05-13"), "", Removed;
    /// Control over what signatures are bound to.
    ThinkingBinding: "thinking_binding", Some("thinking-binding-controls-2026-08-01"), "", Removed;
    /// Thinking of earlier turns, sent back with its signature.
    ThinkingBlocks: "thinking_blocks", None, "thinking, redacted_thinking", Removed;
    /// `output_config.effort`: low, medium, high.
    Effort: "effort", Some("effort-2025-11-24"), "output_config.effort", Removed;
    /// `output_config.effort: xhigh`.
    EffortXhigh: "effort_xhigh", None, "output_config.effort: xhigh", Translated("the next lower effort");
    /// `output_config.effort: max`.
    EffortMax: "effort_max", None, "output_config.effort: max", Translated("the next lower effort");
    /// `output_config.format`, and the older `output_format`.
    StructuredOutputs: "structured_outputs", None, "output_config.format", Refused(Some("structured_outputs_unsupported"));
    /// `tools[].strict`.
    StrictTools: "strict_tools", None, "tools[].strict", Removed;
    /// `tools[].defer_loading`, `tool_reference` blocks, the tool search by regular expression.
    ToolSearch: "tool_search", Some("tool-search-tool-2025-10-19"), "tools[].defer_loading, tool_reference", Translated("all tools in full, references as text");
    /// `tools[].input_examples`.
    ToolExamples: "tool_examples", Some("tool-examples-2025-10-29"), "tools[].input_examples", Removed;
    /// `tools[].eager_input_streaming`.
    EagerInputStreaming: "eager_input_streaming", None, "tools[].eager_input_streaming", Removed;
    /// Tool inputs streamed without buffering.
    FineGrainedToolStreaming: "fine_grained_tool_streaming", Some("fine-grained-tool-streaming-2025-05-14"), "", Removed;
    /// Shorter tool calls of older models.
    TokenEfficientTools: "token_efficient_tools", Some("token-efficient-tools-2025-02-19"), "", Removed;
    /// The computer tool of October 2024.
    ComputerUse2024: "computer_use_2024_10", Some("computer-use-2024-10-22"), "tools[].type: computer_20241022", Refused(None);
    /// The computer tool of January 2025.
    ComputerUse2025: "computer_use_2025_01", Some("computer-use-2025-01-24"), "tools[].type: computer_20250124", Refused(None);
    /// The computer tool of November 2025.
    ComputerUse2025Zoom: "computer_use_2025_11", Some("computer-use-2025-11-24"), "tools[].type: computer_20251124", Refused(None);
    /// `tool_choice` of the types `any` and `tool`.
    ForcedToolChoice: "forced_tool_choice", None, "tool_choice.type: any, tool", Refused(None);
    /// `role: "system"` inside `messages`.
    SystemMessages: "system_messages", None, "messages[].role: system", Translated("text of the user turn beside it");
    /// `output_config` of a single message.
    TurnOutputConfig: "turn_output_config", Some("mid-conversation-output-config-2026-07-01"), "messages[].output_config", Removed;
    /// Blocks of a system message that add or take away tools.
    ToolChanges: "tool_changes", Some("mid-conversation-tool-changes-2026-07-01"), "tool changes in system messages", Refused(Some("mid_conv_system"));
    /// A conversation that ends with a turn of the assistant.
    Prefill: "prefill", None, "an assistant's turn at the end of messages", Refused(None);
    /// `context_management` without compaction, and the memory tool.
    ContextManagement: "context_management", Some("context-management-2025-06-27"), "context_management", Removed;
    /// The edit `clear_thinking_20251015`.
    ClearThinking: "clear_thinking", None, "context_management.edits[].type: clear_thinking_20251015", Removed;
    /// The edit `compact_20260112`.
    Compaction: "compaction", Some("compact-2026-01-12"), "context_management.edits[].type: compact_20260112", Removed;
    /// `cache_control.ttl`.
    CacheTtl: "cache_ttl", None, "cache_control.ttl", Removed;
    /// `cache_control` at the top level.
    AutomaticCaching: "automatic_caching", None, "cache_control", Translated("a breakpoint on the last block");
    /// `temperature`, `top_p`, `top_k`.
    Sampling: "sampling", None, "temperature, top_p, top_k", Removed;
    /// `temperature` together with `top_p`.
    TemperatureWithTopP: "temperature_with_top_p", None, "temperature with top_p", Translated("`temperature` alone");
    /// The context of 1M tokens.
    LongContext: "long_context", Some("context-1m-2025-08-07"), "", Removed;
    /// Output of 128k tokens of Claude 3.7.
    LongOutput: "long_output", Some("output-128k-2025-02-19"), "", Removed;
    /// `safeguards` and their results.
    Safeguards: "safeguards", Some("dangerous-tool-use-2026-09-03"), "safeguards", Refused(None);
    /// `user_profile_id`.
    UserProfile: "user_profile", None, "user_profile_id", Removed;
    /// The operation CountTokens.
    CountTokens: "count_tokens", None, "/v1/messages/count_tokens", Translated("an estimate");
}

/// Names under which clients know betas that Bedrock calls otherwise.
const RENAMED: &[(&str, Feature)] = &[("advanced-tool-use-2025-11-20", Feature::ToolSearch)];

impl Feature {
    pub(super) const fn bit(self) -> u64 {
        1 << self as u64
    }

    /// Its stable name in verdicts, settings and documents.
    #[must_use]
    pub const fn id(self) -> &'static str {
        self.traits().id
    }

    /// The feature whose [`id`](Self::id) is `id`.
    #[must_use]
    pub fn by_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|feature| feature.id() == id)
    }

    /// Bedrock's name of its beta, where it has one.
    #[must_use]
    pub const fn beta(self) -> Option<&'static str> {
        self.traits().beta
    }

    /// The feature that a beta stands for, by Bedrock's name or Anthropic's.
    #[must_use]
    pub fn by_beta(name: &str) -> Option<Self> {
        let renamed = RENAMED.iter().find(|(from, _)| *from == name).map(|(_, feature)| *feature);
        renamed.or_else(|| Self::ALL.iter().copied().find(|it| it.beta() == Some(name)))
    }

    /// What in the body belongs to it, for people; empty for a beta that stands alone.
    #[must_use]
    pub const fn place(self) -> &'static str {
        self.traits().place
    }

    /// What becomes of it where the model does not take it.
    #[must_use]
    pub const fn otherwise(self) -> Otherwise {
        self.traits().otherwise
    }

    /// Whether its beta goes along only together with the part of the body that it is for: Bedrock
    /// refuses such betas alone, or they would do nothing.
    #[must_use]
    pub const fn needs_its_field(self) -> bool {
        matches!(
            self,
            Self::ContextManagement
                | Self::Compaction
                | Self::Effort
                | Self::Safeguards
                | Self::ThinkingUpdates
                | Self::ToolChanges
                | Self::ToolExamples
                | Self::TurnOutputConfig
        )
    }
}
