//! The rows. Sources: AWS's documentation, what Claude Code itself sends to Bedrock for each model,
//! and what people measured of the service, as of November 2026.

use super::Feature::{
    AdaptiveThinking, BetweenToolsThinking, BudgetThinking, CacheTtl, Compaction, ComputerUse2024,
    ComputerUse2025, ComputerUse2025Zoom, ContextManagement, CountTokens, DisabledThinking,
    EagerInputStreaming, Effort, EffortMax, EffortXhigh, FineGrainedToolStreaming,
    ForcedToolChoice, InterleavedThinking, LongContext, LongOutput, Prefill, Safeguards, Sampling,
    StrictTools, StructuredOutputs, SystemMessages, TemperatureWithTopP, ThinkingBinding,
    ThinkingBlocks, ThinkingDisplay, ThinkingTokenCount, ThinkingUpdates, TokenEfficientTools,
    ToolChanges, ToolExamples, ToolSearch, TurnOutputConfig,
};
use super::{Capability, Feature, Features};

/// Pages for a context of 200,000 tokens, and for one of a million.
const PAGES: (u32, u32) = (100, 600);

impl Capability {
    /// This row with more features, all to be named where they have a beta.
    const fn with(self, more: &[Feature]) -> Self {
        let more = Features::of(more);
        Self { features: self.features.with(more), betas: self.betas.with(more), ..self }
    }

    /// This row with features that it has by itself: their betas must not be named.
    const fn with_native(self, more: &[Feature]) -> Self {
        let more = Features::of(more);
        Self { features: self.features.with(more), betas: self.betas.without(more), ..self }
    }

    /// This row without some features.
    const fn without(self, less: &[Feature]) -> Self {
        let less = Features::of(less);
        Self { features: self.features.without(less), betas: self.betas.without(less), ..self }
    }

    const fn limits(self, context: u32, max_output: u32, min_cached: u32) -> Self {
        let max_pages = if context > 200_000 { PAGES.1 } else { PAGES.0 };
        Self { context, max_output, min_cached, max_pages, ..self }
    }
}

const NOTHING: Capability = Capability {
    features: Features::NONE,
    betas: Features::NONE,
    context: 0,
    max_output: 0,
    min_cached: 0,
    max_pages: 0,
};

/// Claude 3.5 Haiku.
pub const HAIKU_3_5: Capability = NOTHING
    .with(&[ComputerUse2024, ComputerUse2025, TokenEfficientTools, LongOutput])
    .with(&[DisabledThinking, ForcedToolChoice, Prefill, Sampling, TemperatureWithTopP])
    .with(&[CountTokens])
    .limits(200_000, 8_192, 2_048);

/// Claude 3.7 Sonnet.
pub const SONNET_3_7: Capability =
    HAIKU_3_5.with(&[BudgetThinking, ThinkingBlocks]).limits(200_000, 8_192, 1_024);

/// Claude Opus 4.
pub const OPUS_4: Capability = SONNET_3_7
    .without(&[ComputerUse2024, LongOutput])
    .with(&[InterleavedThinking, FineGrainedToolStreaming, ContextManagement])
    .limits(200_000, 32_000, 1_024);

/// Claude Opus 4.1.
pub const OPUS_4_1: Capability = OPUS_4.without(&[TemperatureWithTopP]);

/// Claude Sonnet 4.
pub const SONNET_4: Capability = OPUS_4.with(&[LongContext]).limits(200_000, 64_000, 1_024);

const CLAUDE_4_5: Capability = OPUS_4_1.without(&[TokenEfficientTools]).with(&[
    ToolSearch,
    CacheTtl,
    StructuredOutputs,
    StrictTools,
]);

/// Claude Haiku 4.5.
pub const HAIKU_4_5: Capability =
    CLAUDE_4_5.without(&[InterleavedThinking]).limits(200_000, 64_000, 4_096);

/// Claude Sonnet 4.5.
pub const SONNET_4_5: Capability =
    CLAUDE_4_5.with(&[ToolExamples, LongContext]).limits(200_000, 64_000, 1_024);

/// Claude Opus 4.5, where effort is still a beta.
pub const OPUS_4_5: Capability =
    CLAUDE_4_5.with(&[ToolExamples, ComputerUse2025Zoom, Effort]).limits(200_000, 64_000, 4_096);

const CLAUDE_4_6: Capability = OPUS_4_5.without(&[Prefill]).with_native(&[Effort]).with(&[
    LongContext,
    EffortMax,
    AdaptiveThinking,
    EagerInputStreaming,
    Compaction,
]);

/// Claude Sonnet 4.6.
pub const SONNET_4_6: Capability = CLAUDE_4_6.limits(1_000_000, 64_000, 1_024);

/// Claude Opus 4.6.
pub const OPUS_4_6: Capability = CLAUDE_4_6.limits(1_000_000, 128_000, 4_096);

/// Claude Opus 4.7, the first of the second generation of Bedrock's rules.
pub const OPUS_4_7: Capability = CLAUDE_4_6
    .without(&[BudgetThinking, Sampling, StructuredOutputs, StrictTools, CountTokens])
    .without(&[ComputerUse2025])
    .with_native(&[LongContext])
    .with(&[EffortXhigh, Safeguards, ThinkingDisplay, ThinkingTokenCount])
    .limits(1_000_000, 128_000, 2_048);

/// Claude Opus 4.8.
pub const OPUS_4_8: Capability = OPUS_4_7
    .with(&[SystemMessages, ToolChanges, ThinkingUpdates, ThinkingBinding])
    .limits(1_000_000, 128_000, 1_024);

/// Claude Opus 5.
pub const OPUS_5: Capability = OPUS_4_8.with(&[TurnOutputConfig]).limits(1_000_000, 128_000, 512);

/// Claude Sonnet 5.
pub const SONNET_5: Capability = OPUS_5.limits(1_000_000, 128_000, 1_024);

/// Claude Fable 5, 5.1 and 5.2, which always think.
pub const FABLE_5: Capability = OPUS_5.without(&[DisabledThinking, ForcedToolChoice]);

/// Claude Haiku 5.5.
pub const HAIKU_5_5: Capability = OPUS_5.with(&[BetweenToolsThinking]);

/// Claude Opus 5.5 and Sonnet 5.5, which always think.
pub const CLAUDE_5_5: Capability = FABLE_5.with(&[BetweenToolsThinking]);

/// A profile whose model nobody can tell: as the newest models, but nothing that some model takes
/// is translated away, and no limit is known.
pub const UNKNOWN: Capability = HAIKU_5_5
    .with(&[BudgetThinking, Sampling, Prefill, StructuredOutputs, StrictTools])
    .limits(1_000_000, u32::MAX, 0);
