//! AWS's quotas of models. Service Quotas tells model, reach and measure in the name of a quota and nowhere
//! else, so names are read here; what is no quota of a known model counts for nothing.

use serde::{Deserialize, Serialize};

use super::model;

/// The largest value that is believed.
const MOST: f64 = 1e15;
/// What a name ends with where it is about requests with the long context.
const LONG_CONTEXT: &str = " 1m context length";

/// Which of a model's calls a quota holds for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Calls by the base id.
    OnDemand,
    /// Calls by the profile of a geography.
    CrossRegion,
    /// Calls by the global profile.
    Global,
}

impl Reach {
    /// The word for it, in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OnDemand => "on_demand",
            Self::CrossRegion => "cross_region",
            Self::Global => "global",
        }
    }
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Requests in a minute.
    RequestsPerMinute,
    /// Tokens in a minute.
    TokensPerMinute,
    /// Tokens in a day.
    TokensPerDay,
}

const MEASURES: [(&str, Measure); 3] = [
    ("requests per minute", Measure::RequestsPerMinute),
    ("tokens per minute", Measure::TokensPerMinute),
    ("tokens per day", Measure::TokensPerDay),
];

/// One quota of an account in a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Quota {
    /// Anthropic's id of the model.
    pub model: String,
    /// Which calls it holds for.
    pub reach: Reach,
    /// Whether it holds for requests with the long context only.
    pub long_context: bool,
    /// What it counts.
    pub measure: Measure,
    /// How many.
    pub value: u64,
}

impl Quota {
    /// Reads a quota's name, as in `Cross-region model inference tokens per minute for Anthropic Claude
    /// Sonnet 4.5 V1`; `None` where it is not about calls of a known model.
    #[must_use]
    pub fn of(name: &str, value: f64) -> Option<Self> {
        if !(0.0..=MOST).contains(&value) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        let (what, model) = name.split_once(" for ")?;
        let (calls, measure) = MEASURES
            .iter()
            .find_map(|(words, measure)| Some((what.strip_suffix(words)?.trim(), *measure)))?;
        let reach = match calls {
            "on-demand model inference" | "on-demand invokemodel" => Reach::OnDemand,
            "cross-region model inference" | "model invocation max" => Reach::CrossRegion,
            "global cross-region model inference" => Reach::Global,
            _ => return None,
        };
        let (model, remark) = model.split_once(" (").unwrap_or((model, ""));
        let bare = model.strip_suffix(LONG_CONTEXT);
        let times = if remark.starts_with("doubled for cross-region") { 2 } else { 1 };
        Some(Self {
            model: found(bare.unwrap_or(model))?.to_owned(),
            reach,
            long_context: bare.is_some(),
            measure,
            value: (value as u64).saturating_mul(times),
        })
    }
}

/// The id of the model that AWS calls `Anthropic Claude 3.5 Haiku V1` or `Claude Haiku 4.5`.
fn found(name: &str) -> Option<&'static str> {
    let is_version = |word: &str| {
        word.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let words = |text: &str| {
        let text = text.to_ascii_lowercase();
        let kept = text.split(' ').filter(|word| *word != "anthropic" && !is_version(word));
        let mut words: Vec<String> = kept.map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let wanted = words(name);
    model::all().iter().find(|model| words(model.display_name) == wanted).map(|model| model.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str) -> Option<(String, Reach, bool, Measure, u64)> {
        let quota = Quota::of(name, 100.0)?;
        Some((quota.model, quota.reach, quota.long_context, quota.measure, quota.value))
    }

    #[test]
    fn names_of_quotas_tell_model_reach_and_measure() {
        use Measure::{RequestsPerMinute, TokensPerDay, TokensPerMinute};
        use Reach::{CrossRegion, Global, OnDemand};
        let sonnet = "claude-sonnet-4-5-20250929";
        for (name, model, reach, long, measure, value) in [
            (
                "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1",
                sonnet,
                CrossRegion,
                false,
                TokensPerMinute,
                100,
            ),
            (
                "Global cross-Region model inference tokens per minute for Claude Sonnet 4.5 V1",
                sonnet,
                Global,
                false,
                TokensPerMinute,
                100,
            ),
            (
                "Cross-region model inference requests per minute for Anthropic Claude Sonnet 4.5 V1 1M Context Length",
                sonnet,
                CrossRegion,
                true,
                RequestsPerMinute,
                100,
            ),
            (
                "Model invocation max tokens per day for Anthropic Claude Sonnet 4.5 V1 1M Context Length (doubled for cross-region calls)",
                sonnet,
                CrossRegion,
                true,
                TokensPerDay,
                200,
            ),
            (
                "Global cross-region model inference tokens per day for Anthropic Claude Opus 4.8",
                "claude-opus-4-8",
                Global,
                false,
                TokensPerDay,
                100,
            ),
            (
                "On-demand InvokeModel requests per minute for Anthropic Claude Opus 4.8",
                "claude-opus-4-8",
                OnDemand,
                false,
                RequestsPerMinute,
                100,
            ),
            (
                "Cross-region model inference requests per minute for Anthropic Claude 3.7 Sonnet V1",
                "claude-3-7-sonnet-20250219",
                CrossRegion,
                false,
                RequestsPerMinute,
                100,
            ),
        ] {
            assert_eq!(read(name), Some((model.to_owned(), reach, long, measure, value)), "{name}");
        }
    }

    #[test]
    fn other_quotas_count_for_nothing() {
        for name in [
            "Cross-region model inference tokens per minute for Amazon Nova Lite",
            "Cross-region model inference tokens per minute for Anthropic Claude",
            "Batch inference input file size (in GB) for Claude Opus 5",
            "On-demand latency-optimized model inference tokens per minute for Anthropic Claude 3.5 Haiku",
            "Minimum number of records per batch inference job for Claude Sonnet 4",
            "Throttle rate limit for CreateAgent",
        ] {
            assert_eq!(read(name), None, "{name}");
        }
        let name = "Cross-region model inference tokens per minute for Anthropic Claude Opus 5";
        for value in [f64::NAN, -1.0, 1e300] {
            assert_eq!(Quota::of(name, value), None, "{value}");
        }
    }
}
