//! What a request to a model may hold, one declarative row per model line.
//!
//! Rules read these rows and never a model's name, so that a new model is a new row.

/// The beta that `tools[].defer_loading` and `tool_reference` blocks hang on.
pub const TOOL_SEARCH: &str = "tool-search-tool-2025-10-19";
/// The beta that opens the 1M context on models that do not have it natively.
pub const CONTEXT_1M: &str = "context-1m-2025-08-07";
/// The betas that `context_management` hangs on.
pub const CONTEXT_MANAGEMENT: &[&str] = &["context-management-2025-06-27", "compact-2026-01-12"];
/// Betas that Bedrock knows by another name.
pub const RENAMED_BETAS: &[(&str, &str)] = &[("advanced-tool-use-2025-11-20", TOOL_SEARCH)];

/// One row: what requests to a model may hold on `InvokeModel`.
#[derive(Debug, PartialEq, Eq)]
pub struct Capability {
    /// Betas that may stand in `anthropic_beta`; all others are left out.
    pub betas: &'static [&'static str],
    /// `role: "system"` inside `messages`.
    pub system_messages: bool,
    /// `cache_control.ttl`.
    pub cache_ttl: bool,
    /// `thinking.display`.
    pub thinking_display: bool,
    /// `output_config.effort`.
    pub effort: bool,
}

const INTERLEAVED: &str = "interleaved-thinking-2025-05-14";
const FINE_GRAINED: &str = "fine-grained-tool-streaming-2025-05-14";
const COMPUTER_2025_01: &str = "computer-use-2025-01-24";
const COMPUTER_2025_11: &str = "computer-use-2025-11-24";
const TOKEN_EFFICIENT: &str = "token-efficient-tools-2025-02-19";
const TOOL_EXAMPLES: &str = "tool-examples-2025-10-29";

/// Claude 3.5 Haiku and 3.7 Sonnet.
pub const CLAUDE_3: Capability = Capability {
    betas: &[
        "computer-use-2024-10-22",
        COMPUTER_2025_01,
        TOKEN_EFFICIENT,
        "output-128k-2025-02-19",
    ],
    system_messages: false,
    cache_ttl: false,
    thinking_display: false,
    effort: false,
};

/// Opus 4 and 4.1.
pub const OPUS_4: Capability = Capability {
    betas: &[INTERLEAVED, FINE_GRAINED, COMPUTER_2025_01, TOKEN_EFFICIENT],
    ..CLAUDE_3
};

/// Sonnet 4.
pub const SONNET_4: Capability = Capability {
    betas: &[INTERLEAVED, FINE_GRAINED, COMPUTER_2025_01, TOKEN_EFFICIENT, CONTEXT_1M],
    ..CLAUDE_3
};

/// Sonnet 4.5.
pub const SONNET_4_5: Capability = Capability {
    betas: &[INTERLEAVED, FINE_GRAINED, COMPUTER_2025_01, TOOL_SEARCH, TOOL_EXAMPLES, CONTEXT_1M],
    cache_ttl: true,
    ..CLAUDE_3
};

/// Haiku 4.5.
pub const HAIKU_4_5: Capability =
    Capability { betas: &[FINE_GRAINED, COMPUTER_2025_01, TOOL_SEARCH], ..SONNET_4_5 };

/// Opus 4.5, where effort is still a beta.
pub const OPUS_4_5: Capability = Capability {
    betas: &[
        INTERLEAVED,
        FINE_GRAINED,
        COMPUTER_2025_01,
        COMPUTER_2025_11,
        TOOL_SEARCH,
        TOOL_EXAMPLES,
        "effort-2025-11-24",
    ],
    effort: true,
    ..SONNET_4_5
};

/// Opus 4.6 and Sonnet 4.6.
pub const CLAUDE_4_6: Capability = Capability {
    betas: &[
        INTERLEAVED,
        FINE_GRAINED,
        COMPUTER_2025_01,
        COMPUTER_2025_11,
        TOOL_SEARCH,
        TOOL_EXAMPLES,
        CONTEXT_1M,
    ],
    effort: true,
    ..SONNET_4_5
};

/// Opus 4.7.
pub const OPUS_4_7: Capability = Capability {
    betas: &[
        INTERLEAVED,
        FINE_GRAINED,
        COMPUTER_2025_11,
        TOOL_SEARCH,
        TOOL_EXAMPLES,
        "dangerous-tool-use-2026-09-03",
    ],
    ..CLAUDE_4_6
};

/// Opus 4.8 and all of Claude 5.
pub const CLAUDE_5: Capability = Capability {
    betas: &[
        INTERLEAVED,
        FINE_GRAINED,
        COMPUTER_2025_11,
        TOOL_SEARCH,
        TOOL_EXAMPLES,
        "dangerous-tool-use-2026-09-03",
        "thinking-token-count-2026-05-13",
        "thinking-display-updates-2026-08-18",
        "thinking-binding-controls-2026-08-01",
    ],
    system_messages: true,
    thinking_display: true,
    ..OPUS_4_7
};

impl Capability {
    /// The row for a profile whose model nobody can tell: the most that any model takes.
    #[must_use]
    pub fn unknown() -> &'static Self {
        &CLAUDE_5
    }

    /// Bedrock's name of a beta this model takes; `None` where it takes no such beta.
    #[must_use]
    pub fn beta(&self, name: &str) -> Option<&'static str> {
        let renamed = RENAMED_BETAS.iter().find(|(from, _)| *from == name);
        let name = renamed.map_or(name, |(_, to)| to);
        self.betas.iter().copied().find(|beta| *beta == name)
    }
}
