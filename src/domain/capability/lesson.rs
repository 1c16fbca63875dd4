//! What a refusal by Bedrock teaches: a field or a value that it names, that one of the betas is at
//! fault, or that the signatures of a conversation's thinking are not known to it.

use super::{Feature, Features};

/// Bedrock's words for a field that it does not know; the field's path stands before them.
const EXTRA: &str = ": Extra inputs are not permitted";
/// The same in the words of the oldest models; the field's name follows.
const EXTRANEOUS: &str = "extraneous key [";
/// Bedrock's words for a beta that it does not take. It never says which.
const INVALID_BETA: &str = "invalid beta flag";
/// Bedrock's words for a tagged value that it does not know; the tag follows in quotes.
const TAG: &str = ": Input tag ";
/// Bedrock's words before the values that it knows, each in quotes.
const EXPECTED: &str = ": Input should be ";
/// Words by which thinking that another account or model signed is refused.
const SIGNATURE: &str = "Invalid `signature` in `thinking` block";
/// Longest name of a field that is learned, in bytes.
const MAX_FIELD: usize = 100;

/// What a refusal teaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lesson {
    /// None of these features is taken.
    Features(Features),
    /// This top-level member, which no feature knows, is not taken.
    Field(String),
    /// One of the betas is not taken.
    SomeBeta,
    /// The thinking of this conversation is not taken; that says nothing of others.
    Signature,
}

/// Fields by the last name of their path, and what they belong to.
const FIELDS: &[(&str, Feature)] = &[
    ("context_management", Feature::ContextManagement),
    ("effort", Feature::Effort),
    ("format", Feature::StructuredOutputs),
    ("strict", Feature::StrictTools),
    ("defer_loading", Feature::ToolSearch),
    ("input_examples", Feature::ToolExamples),
    ("eager_input_streaming", Feature::EagerInputStreaming),
    ("display", Feature::ThinkingDisplay),
    ("ttl", Feature::CacheTtl),
    ("safeguards", Feature::Safeguards),
    ("user_profile_id", Feature::UserProfile),
    ("temperature", Feature::Sampling),
    ("top_p", Feature::Sampling),
    ("top_k", Feature::Sampling),
];

/// Values by the end of their path, and the feature that stands for each.
const VALUES: &[(&str, &str, Feature)] = &[
    ("thinking", "adaptive", Feature::AdaptiveThinking),
    ("thinking", "enabled", Feature::BudgetThinking),
    ("thinking", "disabled", Feature::DisabledThinking),
    ("thinking", "between_tools", Feature::BetweenToolsThinking),
    ("display", "updates", Feature::ThinkingUpdates),
    ("effort", "xhigh", Feature::EffortXhigh),
    ("effort", "max", Feature::EffortMax),
    ("role", "system", Feature::SystemMessages),
    ("edits", "clear_thinking_20251015", Feature::ClearThinking),
    ("edits", "compact_20260112", Feature::Compaction),
    ("edits", "clear_tool_uses_20250919", Feature::ContextManagement),
];

/// Tags that stand among others which no feature knows: they teach only where they are named.
const TAGS: &[(&str, &str, Feature)] = &[
    ("content", "tool_reference", Feature::ToolSearch),
    ("tools", "tool_search_tool_regex", Feature::ToolSearch),
];

/// Sentences that name what is not taken in a way of their own.
const SENTENCES: &[(&str, &[Feature])] = &[
    ("thinking.type.enabled\" is not supported", &[Feature::BudgetThinking]),
    ("thinking.type.adaptive\" is not supported", &[Feature::AdaptiveThinking]),
    ("thinking.type.disabled\" is not supported", &[Feature::DisabledThinking]),
    ("adaptive thinking is not supported", &[Feature::AdaptiveThinking]),
    ("does not support the effort parameter", &[Feature::Effort]),
    ("Unexpected role \"system\"", &[Feature::SystemMessages]),
    ("`temperature` and `top_p` cannot both be specified", &[Feature::TemperatureWithTopP]),
    ("temperature is deprecated for this model", &[Feature::Sampling]),
    ("`temperature` is deprecated for this model", &[Feature::Sampling]),
    ("top_p is deprecated for this model", &[Feature::Sampling]),
    ("top_k is deprecated for this model", &[Feature::Sampling]),
    ("`clear_thinking_20251015` strategy requires", &[Feature::ClearThinking]),
];

/// The lesson in the message of a refusal; `None` where there is none to be learned.
#[must_use]
pub fn lesson(message: &str) -> Option<Lesson> {
    if message.contains(INVALID_BETA) {
        return Some(Lesson::SomeBeta);
    }
    if message.contains(SIGNATURE) {
        return Some(Lesson::Signature);
    }
    if let Some((_, features)) = SENTENCES.iter().find(|(words, _)| message.contains(words)) {
        return Some(Lesson::Features(Features::of(features)));
    }
    if let Some((path, _)) = at(message, EXTRA) {
        return field(path);
    }
    if let Some((_, rest)) = message.split_once(EXTRANEOUS) {
        return rest.split_once(']').and_then(|(name, _)| field(name));
    }
    let features = value(message);
    (!features.is_empty()).then_some(Lesson::Features(features))
}

/// The path before `words`, and what stands after them.
fn at<'m>(message: &'m str, words: &str) -> Option<(&'m str, &'m str)> {
    let (before, after) = message.split_once(words)?;
    before.rsplit([' ', '\n', ':']).next().map(|path| (path, after))
}

fn last(path: &str) -> &str {
    path.rsplit('.').find(|name| name.parse::<usize>().is_err()).unwrap_or_default()
}

/// What a field teaches that is not taken at all.
fn field(path: &str) -> Option<Lesson> {
    let features = match path {
        "cache_control" => Features::of(&[Feature::AutomaticCaching]),
        "output_config" => Features::of(&[Feature::Effort, Feature::StructuredOutputs]),
        _ if path.starts_with("messages.") && path.ends_with(".output_config") => {
            Features::of(&[Feature::TurnOutputConfig])
        }
        _ => {
            let named = FIELDS.iter().filter(|(name, _)| *name == last(path));
            named.map(|(_, feature)| *feature).collect()
        }
    };
    if !features.is_empty() {
        return Some(Lesson::Features(features));
    }
    // Within messages and tools nothing unknown is left out: it may be what the request is about.
    let is_top = !path.contains('.') && !path.is_empty() && path.len() <= MAX_FIELD;
    let plain =
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (is_top && plain).then(|| Lesson::Field(path.to_owned()))
}

/// The features that stand for values which are not taken: the tag that is named, or all that the
/// list of expected ones leaves out.
fn value(message: &str) -> Features {
    if let Some((path, rest)) = at(message, TAG) {
        let tag = rest.split('\'').nth(1).unwrap_or_default();
        let named = VALUES.iter().chain(TAGS).filter(|it| it.0 == last(path));
        return named.filter(|it| tag.starts_with(it.1)).map(|it| it.2).collect();
    }
    if let Some((path, expected)) = at(message, EXPECTED) {
        let known: Vec<&str> = expected.split('\'').skip(1).step_by(2).collect();
        let place = last(path.strip_suffix(".type").unwrap_or(path));
        let here = VALUES.iter().filter(|it| it.0 == place && !known.is_empty());
        return here.filter(|it| !known.contains(&it.1)).map(|it| it.2).collect();
    }
    if message.contains("#/messages/") && message.contains("/role") {
        return Features::of(&[Feature::SystemMessages]);
    }
    Features::NONE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn teaches(message: &str, features: &[Feature]) {
        let expected = Some(Lesson::Features(Features::of(features)));
        assert_eq!(lesson(message), expected, "{message}");
    }

    #[test]
    fn a_named_field_teaches_its_feature() {
        for (path, feature) in [
            ("context_management", Feature::ContextManagement),
            ("output_config.effort", Feature::Effort),
            ("output_config.format", Feature::StructuredOutputs),
            ("tools.3.custom.defer_loading", Feature::ToolSearch),
            ("tools.0.custom.strict", Feature::StrictTools),
            ("thinking.adaptive.display", Feature::ThinkingDisplay),
            ("system.0.cache_control.ephemeral.ttl", Feature::CacheTtl),
            ("cache_control", Feature::AutomaticCaching),
            ("messages.2.output_config", Feature::TurnOutputConfig),
        ] {
            teaches(&format!("{path}: Extra inputs are not permitted"), &[feature]);
        }
        teaches(
            "output_config: Extra inputs are not permitted",
            &[Feature::Effort, Feature::StructuredOutputs],
        );
        let old = "Malformed input request: #: extraneous key [temperature] is not permitted#: , \
                   please reformat your input and try again.";
        teaches(old, &[Feature::Sampling]);
    }

    #[test]
    fn a_named_value_teaches_the_feature_that_stands_for_it() {
        let tag = |path: &str, tag: &str| {
            format!(
                "{path}: Input tag '{tag}' found using 'type' does not match any of the expected tags: 'x'"
            )
        };
        for (path, value, feature) in [
            ("thinking", "adaptive", Feature::AdaptiveThinking),
            ("thinking", "between_tools", Feature::BetweenToolsThinking),
            ("context_management.edits.0", "clear_thinking_20251015", Feature::ClearThinking),
            ("context_management.edits", "compact_20260112", Feature::Compaction),
            ("messages.3.content.0", "tool_reference", Feature::ToolSearch),
            ("tools.0", "tool_search_tool_regex_20251119", Feature::ToolSearch),
        ] {
            teaches(&tag(path, value), &[feature]);
        }
        assert_eq!(lesson(&tag("tools.0", "web_search_20250305")), None);
        assert_eq!(lesson(&tag("messages.0.content.0", "adaptive")), None);
    }

    #[test]
    fn the_values_that_are_expected_teach_which_are_not() {
        for (message, features) in [
            (
                "output_config.effort: Input should be 'low', 'medium' or 'high'",
                &[Feature::EffortXhigh, Feature::EffortMax][..],
            ),
            (
                "output_config.effort: Input should be 'low', 'medium', 'high', 'max'",
                &[Feature::EffortXhigh],
            ),
            (
                "thinking.type: Input should be 'enabled' or 'disabled'",
                &[Feature::AdaptiveThinking, Feature::BetweenToolsThinking],
            ),
            (
                "thinking.adaptive.display: Input should be 'summarized' or 'omitted'",
                &[Feature::ThinkingUpdates],
            ),
            ("messages.1.role: Input should be 'user' or 'assistant'", &[Feature::SystemMessages]),
        ] {
            teaches(message, features);
        }
        for other in [
            "max_tokens: Input should be greater than or equal to 1",
            "tools.0.type: Input should be 'custom'",
        ] {
            assert_eq!(lesson(other), None, "{other}");
        }
    }

    #[test]
    fn sentences_of_their_own_are_understood() {
        teaches(
            "\"thinking.type.enabled\" is not supported for this model. Use \
             \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking behavior.",
            &[Feature::BudgetThinking],
        );
        teaches("temperature is deprecated for this model", &[Feature::Sampling]);
        let signature = "messages.1.content.0: Invalid `signature` in `thinking` block";
        assert_eq!(lesson(signature), Some(Lesson::Signature));
    }

    #[test]
    fn an_unknown_top_level_field_is_learned_by_its_name_and_nothing_deeper() {
        let extra = |path: &str| lesson(&format!("{path}: Extra inputs are not permitted"));
        assert_eq!(extra("timing"), Some(Lesson::Field("timing".to_owned())));
        for path in ["messages.0.content.0.mood", "tools.0.custom.colour", "", "a/b"] {
            assert_eq!(extra(path), None, "{path}");
        }
        assert_eq!(lesson("invalid beta flag"), Some(Lesson::SomeBeta));
        assert_eq!(lesson("prompt is too long"), None);
    }
}
