//! What a refusal by Bedrock teaches: a field or a feature that it names, or that one of the betas
//! is at fault, which is then found by sending half of the suspects at a time.

use super::{Feature, Features, Verdicts};

/// Bedrock's words for a field that it does not know; the field's path stands before them.
const EXTRA: &str = ": Extra inputs are not permitted";
/// Bedrock's words for a beta that it does not take. It never says which.
const INVALID_BETA: &str = "invalid beta flag";
/// Longest name of a field that is learned, in bytes.
const MAX_FIELD: usize = 100;

/// What a refusal teaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lesson {
    /// This feature is not taken.
    Feature(Feature),
    /// This top-level member, which no feature knows, is not taken.
    Field(String),
    /// One of the betas is not taken.
    SomeBeta,
}

/// Fields by the last name of their path, and what they belong to.
const FIELDS: &[(&str, Feature)] = &[
    ("context_management", Feature::ContextManagement),
    ("effort", Feature::Effort),
    ("strict", Feature::StrictTools),
    ("defer_loading", Feature::ToolSearch),
    ("input_examples", Feature::ToolExamples),
    ("eager_input_streaming", Feature::EagerInputStreaming),
    ("display", Feature::ThinkingDisplay),
    ("ttl", Feature::CacheTtl),
    ("user_profile_id", Feature::UserProfile),
    ("temperature", Feature::Sampling),
    ("top_p", Feature::Sampling),
    ("top_k", Feature::Sampling),
];

/// The lesson in the message of a refusal; `None` where there is none to be learned.
#[must_use]
pub fn lesson(message: &str) -> Option<Lesson> {
    if message.contains(INVALID_BETA) {
        return Some(Lesson::SomeBeta);
    }
    let (before, _) = message.split_once(EXTRA)?;
    let path = before.rsplit([' ', '\n', ':']).next()?;
    let last = path.rsplit('.').next()?;
    if path == "cache_control" {
        return Some(Lesson::Feature(Feature::AutomaticCaching));
    }
    if path.starts_with("messages.") && path.ends_with(".output_config") {
        return Some(Lesson::Feature(Feature::TurnOutputConfig));
    }
    let known = FIELDS.iter().find(|(name, _)| *name == last);
    if let Some((_, feature)) = known {
        return Some(Lesson::Feature(*feature));
    }
    // Within messages and tools nothing unknown is left out: it may be what the request is about.
    let is_top = !path.contains('.') && !path.is_empty() && path.len() <= MAX_FIELD;
    let plain =
        path.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    (is_top && plain).then(|| Lesson::Field(path.to_owned()))
}

/// The betas of which at least one is at fault, at one place.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Suspects(Features);

impl Suspects {
    /// Whether none is suspected.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The verdicts with half of the suspects withheld, so that the answer tells which half it is.
    #[must_use]
    pub fn trial(self, verdicts: &Verdicts) -> Verdicts {
        let mut trial = verdicts.clone();
        let half = self.0.iter().count().div_ceil(2);
        self.0.iter().take(half).for_each(|feature| trial.refuse(feature));
        trial
    }

    /// A request with the betas of `sent` was refused for a beta, and served without them. Gives the
    /// one at fault where that is clear now.
    pub fn refused(&mut self, sent: Features) -> Option<Feature> {
        let both = sent.without(sent.without(self.0));
        self.0 = if both.is_empty() { sent } else { both };
        self.convict()
    }

    /// A request with the betas of `sent` was served. Gives the one at fault where that is clear now.
    pub fn served(&mut self, sent: Features) -> Option<Feature> {
        let before = self.0;
        self.0 = self.0.without(sent);
        if self.0 == before { None } else { self.convict() }
    }

    fn convict(&mut self) -> Option<Feature> {
        let mut left = self.0.iter();
        let only = left.next().filter(|_| left.next().is_none())?;
        self.0 = Features::NONE;
        Some(only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_field_teaches_its_feature() {
        let of = |path: &str| lesson(&format!("{path}: Extra inputs are not permitted"));
        for (path, feature) in [
            ("context_management", Feature::ContextManagement),
            ("output_config.effort", Feature::Effort),
            ("tools.3.custom.defer_loading", Feature::ToolSearch),
            ("tools.0.custom.strict", Feature::StrictTools),
            ("thinking.adaptive.display", Feature::ThinkingDisplay),
            ("system.0.cache_control.ephemeral.ttl", Feature::CacheTtl),
            ("cache_control", Feature::AutomaticCaching),
            ("messages.2.output_config", Feature::TurnOutputConfig),
        ] {
            assert_eq!(of(path), Some(Lesson::Feature(feature)), "{path}");
        }
        assert_eq!(of("new_thing"), Some(Lesson::Field("new_thing".to_owned())));
        assert_eq!(of("messages.0.content.0.text.new"), None);
        assert_eq!(
            lesson("400: Malformed input, new_thing: Extra inputs are not permitted"),
            of("new_thing")
        );
        assert_eq!(lesson("invalid beta flag"), Some(Lesson::SomeBeta));
        assert_eq!(lesson("prompt is too long"), None);
    }

    /// Serves requests at a place that refuses `bad`, and counts those that were refused on the way
    /// to the verdict.
    fn bisect(all: &[Feature], bad: Feature) -> (Feature, u32) {
        let (mut suspects, mut refused) = (Suspects::default(), 0);
        for _ in 0..100 {
            let verdicts = suspects.trial(&Verdicts::NONE);
            let sent = Features::of(all).without(verdicts.refused());
            let found = if sent.contains(bad) {
                refused += 1;
                suspects.refused(sent)
            } else {
                suspects.served(sent)
            };
            if let Some(found) = found {
                return (found, refused);
            }
        }
        panic!("{bad:?} was not found");
    }

    #[test]
    fn the_beta_at_fault_is_found_in_few_requests() {
        let betas: Vec<Feature> =
            Feature::ALL.iter().copied().filter(|it| it.beta().is_some()).collect();
        for bad in &betas {
            let (found, refused) = bisect(&betas, *bad);
            assert_eq!(found, *bad);
            assert!(refused <= 6, "{bad:?}: {refused} of {}", betas.len());
        }
        let only = Feature::ContextManagement;
        assert_eq!(Suspects::default().refused(Features::of(&[only])), Some(only));
    }

    #[test]
    fn requests_without_a_suspect_teach_nothing() {
        let mut suspects = Suspects::default();
        assert_eq!(suspects.refused(Features::of(&[Feature::Effort, Feature::ToolSearch])), None);
        assert_eq!(suspects.served(Features::of(&[Feature::Compaction])), None);
        assert!(!suspects.is_empty());
    }
}
