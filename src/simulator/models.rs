//! The models that the simulated Bedrock offers, and what a model id in a path stands for.

/// One Claude model on Bedrock.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Model {
    /// The base id, as a foundation model is called.
    pub(super) base: &'static str,
    /// Version times ten: 45 is 4.5. Bedrock's rules change at 46, 47, 48 and 50.
    pub(super) generation: u8,
    /// Largest prompt, in thousands of tokens.
    context: u64,
    /// Largest `max_tokens`, in thousands of tokens.
    output: u64,
    /// Shortest prefix that is cached, in tokens.
    pub(super) least_cached: u64,
    prefixes: &'static str,
}

const fn model(
    base: &'static str,
    generation: u8,
    (context, output): (u64, u64),
    least_cached: u64,
    prefixes: &'static str,
) -> Model {
    Model { base, generation, context, output, least_cached, prefixes }
}

const WIDE: &str = "apac au eu global jp us us-gov";

/// Newest last, as in AWS's documentation of November 2026.
pub(super) const MODELS: &[Model] = &[
    model("anthropic.claude-sonnet-4-20250514-v1:0", 40, (200, 64), 1024, "apac eu global us"),
    model("anthropic.claude-opus-4-20250514-v1:0", 40, (200, 32), 1024, "eu us"),
    model("anthropic.claude-opus-4-1-20250805-v1:0", 41, (200, 32), 1024, "eu us"),
    model(
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
        45,
        (200, 64),
        1024,
        "au eu global jp us us-gov",
    ),
    model(
        "anthropic.claude-haiku-4-5-20251001-v1:0",
        45,
        (200, 64),
        4096,
        "apac au eu global jp us",
    ),
    model("anthropic.claude-opus-4-5-20251101-v1:0", 45, (200, 64), 4096, "eu global us"),
    model("anthropic.claude-opus-4-6-v1", 46, (1000, 128), 4096, "au eu global us"),
    model("anthropic.claude-sonnet-4-6", 46, (1000, 64), 1024, "apac au eu global jp us"),
    model("anthropic.claude-opus-4-7", 47, (1000, 128), 2048, "apac au eu global jp us"),
    model("anthropic.claude-opus-4-8", 48, (1000, 128), 1024, WIDE),
    model("anthropic.claude-opus-5", 50, (1000, 128), 512, WIDE),
    model("anthropic.claude-sonnet-5", 50, (1000, 128), 1024, WIDE),
    model("anthropic.claude-fable-5", 50, (1000, 128), 512, "apac au eu global us"),
    model("anthropic.claude-fable-5-1", 51, (1000, 128), 512, "eu global us us-gov"),
    model("anthropic.claude-fable-5-2", 52, (1000, 128), 512, "global us"),
    model("anthropic.claude-opus-5-5", 55, (1000, 128), 512, WIDE),
    model("anthropic.claude-sonnet-5-5", 55, (1000, 128), 512, WIDE),
    model("anthropic.claude-haiku-5-5", 55, (1000, 128), 512, WIDE),
];

/// Models whose life on Bedrock is over.
const ENDED: &[&str] =
    &["anthropic.claude-3-5-haiku-20241022-v1:0", "anthropic.claude-3-7-sonnet-20250219-v1:0"];

/// The one application inference profile of the simulated account, and its base model.
pub(super) const APPLICATION: (&str, &str) = ("simulated001", "anthropic.claude-sonnet-4-6");

/// What the id in a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// A foundation model by its base id.
    Base(&'static Model),
    /// An inference profile.
    Profile(&'static Model),
    /// A model that once was.
    Ended,
}

impl Model {
    /// The name that `message_start` carries: Anthropic's own id.
    pub(super) fn name(&self) -> &'static str {
        let name = self.base.trim_start_matches("anthropic.");
        name.trim_end_matches("-v1:0").trim_end_matches("-v1")
    }

    /// Largest prompt, in tokens.
    pub(super) fn context(&self) -> u64 {
        self.context * 1000
    }

    /// Largest `max_tokens`.
    pub(super) fn output(&self) -> u64 {
        self.output * 1000
    }

    /// Whether errors have Anthropic's shape, and the newer body rules hold (4.7 and later).
    pub(super) fn is_new(&self) -> bool {
        self.generation >= 47
    }

    /// True for the line (`opus`, `haiku`, …) that `line` names.
    pub(super) fn is(&self, line: &str) -> bool {
        self.base.contains(line)
    }
}

/// The profile prefixes that a region can call.
fn prefixes(region: &str) -> &'static [&'static str] {
    match region {
        "ap-northeast-1" | "ap-northeast-3" => &["apac", "jp", "global"],
        "ap-southeast-2" | "ap-southeast-4" => &["apac", "au", "global"],
        _ if region.starts_with("us-gov-") => &["us-gov"],
        _ if region.starts_with("us-") => &["us", "global"],
        _ if region.starts_with("eu-") => &["eu", "global"],
        _ if region.starts_with("ap-") => &["apac", "global"],
        _ => &["global"],
    }
}

/// Ids and models of the system-defined profiles of `region`.
pub(super) fn profiles(region: &str) -> Vec<(String, &'static Model)> {
    let of = |prefix: &'static str| {
        let offered = move |model: &&Model| model.prefixes.split(' ').any(|known| known == prefix);
        MODELS.iter().filter(offered).map(move |model| (format!("{prefix}.{}", model.base), model))
    };
    prefixes(region).iter().copied().flat_map(of).collect()
}

/// Reads a model id, profile id or ARN as it stands decoded in a path; `None` where `region` has no such thing.
pub(super) fn find(id: &str, region: &str) -> Option<Named> {
    let by_base = |base: &str| MODELS.iter().find(|model| model.base == base);
    let id = match id.strip_prefix("arn:aws") {
        Some(arn) => {
            let (kind, id) = arn.rsplit_once(':').and_then(|_| arn.split_once('/'))?;
            if kind.ends_with(":application-inference-profile") {
                let (known, base) = APPLICATION;
                return (id == known).then_some(Named::Profile(by_base(base)?));
            }
            id
        }
        None => id,
    };
    if let Some(model) = by_base(id) {
        return Some(Named::Base(model));
    }
    if ENDED.iter().any(|base| id.ends_with(base)) {
        return Some(Named::Ended);
    }
    let known = profiles(region);
    let (_, model) = known.iter().find(|(profile, _)| profile == id)?;
    Some(Named::Profile(model))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str, region: &str) -> Option<&'static str> {
        match find(id, region)? {
            Named::Profile(model) => Some(model.name()),
            Named::Base(_) => Some("base"),
            Named::Ended => Some("ended"),
        }
    }

    #[test]
    fn ids_profiles_and_arns_name_a_model_only_where_the_region_has_it() {
        let sonnet = "anthropic.claude-sonnet-4-5-20250929-v1:0";
        let arn =
            |kind: &str, id: &str| format!("arn:aws:bedrock:us-east-1:111122223333:{kind}/{id}");
        assert_eq!(found(sonnet, "us-east-1"), Some("base"));
        assert_eq!(found(&format!("us.{sonnet}"), "us-west-2"), Some("claude-sonnet-4-5-20250929"));
        assert_eq!(found(&format!("eu.{sonnet}"), "us-west-2"), None);
        assert_eq!(
            found(&format!("jp.{sonnet}"), "ap-northeast-1"),
            Some("claude-sonnet-4-5-20250929")
        );
        assert_eq!(
            found(&arn("inference-profile", &format!("us.{sonnet}")), "us-east-1"),
            Some("claude-sonnet-4-5-20250929")
        );
        assert_eq!(
            found(&arn("application-inference-profile", "simulated001"), "us-east-1"),
            Some("claude-sonnet-4-6")
        );
        assert_eq!(found(&arn("application-inference-profile", "other0000001"), "us-east-1"), None);
        assert_eq!(
            found("us.anthropic.claude-3-7-sonnet-20250219-v1:0", "us-east-1"),
            Some("ended")
        );
        assert_eq!(found("us.anthropic.claude-opus-4-7-v1", "us-east-1"), None);
        assert_eq!(found("us.anthropic.claude-opus-4-6-v1", "us-east-1"), Some("claude-opus-4-6"));
    }
}
